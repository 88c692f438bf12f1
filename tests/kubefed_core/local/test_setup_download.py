"""The official releases, from a server of ours that speaks as theirs do, well or badly."""

import asyncio
import hashlib
import http.server
import io
import platform
import socket
import tarfile
import threading

import pytest

from kubefed_core.local import download, transfer
from kubefed_core.local.errors import LocalError
from kubefed_core.local.release import ETCD_VERSION, PROGRAMS, VERSION
from kubefed_core.local.transfer import Meter

ETCD = next(p for p in PROGRAMS if p.name == "etcd")
KUBECTL = next(p for p in PROGRAMS if p.name == "kubectl")
BARE = f"/k/{VERSION}/bin/linux/amd64/kubectl"
ARCHIVE = f"/e/{ETCD_VERSION}/etcd-{ETCD_VERSION}-linux-amd64.tar.gz"
SUMS = f"/e/{ETCD_VERSION}/SHA256SUMS"


def digest(content):
    return hashlib.sha256(content).hexdigest()


def packed(name, content):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def served():
    """What the server has, by path; what it has not is not found."""
    archive = packed(f"etcd-{ETCD_VERSION}-linux-amd64/etcd", b"etcd!")
    return {
        BARE: b"kubectl!",
        f"{BARE}.sha256": digest(b"kubectl!").encode(),
        ARCHIVE: archive,
        SUMS: f"{'0' * 64}  other.zip\n{digest(archive)}  {ARCHIVE.split('/')[-1]}\n".encode(),
    }


@pytest.fixture
def base(served):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = served.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def fetch(base, tmp_path):
    async def fetch(*wanted, base=base):
        found = download.sources(wanted, "amd64", kubernetes=f"{base}/k", etcd=f"{base}/e")
        await download.fetch(found, tmp_path, environ={}, report=[].append)

    return fetch


def there(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_programs_are_where_their_projects_put_them():
    bare, archive = download.sources([KUBECTL, ETCD], "arm64")
    assert bare.url == f"https://dl.k8s.io/{VERSION}/bin/linux/arm64/kubectl"
    assert bare.sums == f"{bare.url}.sha256"
    assert archive.url.endswith(f"/{ETCD_VERSION}/etcd-{ETCD_VERSION}-linux-arm64.tar.gz")
    assert archive.sums.endswith(f"/{ETCD_VERSION}/SHA256SUMS")


async def test_programs_are_downloaded_checked_and_can_be_run(fetch, tmp_path):
    await fetch(KUBECTL, ETCD)
    assert there(tmp_path) == {"kubectl": b"kubectl!", "etcd": b"etcd!"}
    assert (tmp_path / "etcd").stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("reason", "path", "content", "message"),
    [
        ("A damaged file is refused.", BARE, b"kubectl?", "is damaged"),
        ("A release must be there.", BARE, None, "answers 404 to"),
        ("So must its sum.", f"{BARE}.sha256", None, "answers 404 to"),
        ("A sum must be one.", f"{BARE}.sha256", b"<html>", "no checksum of kubectl"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_what_is_wrong_with_one_does_not_stop_the_other(
    fetch, served, tmp_path, reason, path, content, message
):
    if content is None:
        del served[path]
    else:
        served[path] = content
    with pytest.raises(LocalError, match=message):
        await fetch(KUBECTL, ETCD)
    assert there(tmp_path) == {"etcd": b"etcd!"}, reason


@pytest.mark.parametrize(
    ("reason", "archive"),
    [
        ("An archive must be one.", b"no archive"),
        ("It must hold the program.", packed("etcd-other/etcd", b"etcd!")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_archive(fetch, served, tmp_path, reason, archive):
    served[ARCHIVE] = archive
    served[SUMS] = f"{digest(archive)}  {ARCHIVE.split('/')[-1]}".encode()
    with pytest.raises(LocalError):
        await fetch(ETCD)
    assert there(tmp_path) == {}, reason


async def test_a_machine_without_access_is_told_once_and_at_once(fetch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(LocalError) as caught:
            await fetch(*PROGRAMS, base=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert str(caught.value).count("cannot be reached") == 1


async def test_no_release_is_asked_for_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(LocalError, match="no official release"):
        await download.get([KUBECTL], tmp_path, home=tmp_path, environ={}, report=[].append)


@pytest.mark.parametrize(
    ("reason", "sums", "want"),
    [
        ("A lone sum is of the file.", "a" * 64, "a" * 64),
        ("Among several the name decides.", f"{'b' * 64}  g\n{'a' * 64} *f\n", "a" * 64),
        ("Other lines do not matter.", f"# sums\n\nx  f\n{'a' * 64}  f", "a" * 64),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_checksum(reason, sums, want):
    assert transfer.checksum(sums, "f") == want, reason


def test_a_directory_is_no_program(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        directory = tarfile.TarInfo("d")
        directory.type = tarfile.DIRTYPE
        tar.addfile(directory)
    with pytest.raises(LocalError, match="has no file d"):
        transfer.unpack(tmp_path / "a.tar", "d", tmp_path / "out")


async def test_a_download_that_is_given_up_ends(base, served, tmp_path):
    meter = Meter()
    meter.stop.set()
    with pytest.raises(LocalError, match="is damaged"):
        transfer.file(f"{base}{BARE}", tmp_path / "f", expected="", meter=meter, context=None)
    assert meter.done == 0


async def test_what_a_thread_raises_is_raised_here():
    def work():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await transfer.in_thread(work)


async def test_nobody_waits_for_a_thread_that_was_given_up():
    go_on, done = threading.Event(), threading.Event()

    def work():
        go_on.wait()
        done.set()

    task = asyncio.create_task(transfer.in_thread(work))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await asyncio.to_thread(done.wait, 5)
