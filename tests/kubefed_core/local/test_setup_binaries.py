"""The programs are found in the order that is said, and got once where they are not."""

import asyncio
import sys
from pathlib import Path

import pytest

from kubefed_core.local.binaries import ensure
from kubefed_core.local.errors import LocalError
from kubefed_core.local.release import PROGRAMS, cache
from kubefed_core.local.search import ask

NAMES = [program.name for program in PROGRAMS]


async def read(program, path):
    """What a program says: a file's text, in the place of running it."""
    return path.read_text() if path.exists() else ""


def put(directory, *names, version=None):
    directory.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        if program.name in (names or NAMES):
            path = directory / program.name
            path.write_text(version or program.version)
            path.chmod(0o755)
    return directory


class Way:
    """Gets some of what is wanted; `asked` tells of what was wanted, each time."""

    def __init__(self, *names, version=None):
        self.names = names
        self.version = version
        self.asked = []
        self.home = None

    async def __call__(self, wanted, into, *, home, environ, report):
        self.asked.append({program.name for program in wanted})
        self.home = home
        home.mkdir(exist_ok=True)
        got = [program.name for program in wanted if program.name in self.names]
        if got:
            put(into, *got, version=self.version)
        if len(got) < len(wanted):
            raise LocalError("not all was there")


@pytest.fixture
def told():
    return []


@pytest.fixture
def find(tmp_path, told):
    async def find(*ways, path="", assets=""):
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": str(path)}
        if assets:
            environ["KUBEBUILDER_ASSETS"] = str(assets)
        return await ensure(report=told.append, environ=environ, ways=ways, ask=read)

    return find


@pytest.fixture
def kept(tmp_path):
    return cache({"XDG_CACHE_HOME": str(tmp_path / "cache")})


async def test_assets_come_first_whatever_their_version(tmp_path, find, told, kept):
    assets, path = put(tmp_path / "assets", version="v1.30.0"), put(tmp_path / "path")
    put(kept)
    assert await find(assets=assets, path=path) == assets
    assert "not all of Kubernetes v1.36.3" in told[-1]


async def test_whole_assets_of_the_release_need_no_remark(tmp_path, find, told):
    assets = put(tmp_path / "assets")
    assert await find(assets=assets) == assets
    assert told == [f"The programs in {assets} are used, as KUBEBUILDER_ASSETS says."]


async def test_the_path_is_next_where_the_version_fits(tmp_path, find, kept):
    path = put(tmp_path / "path")
    put(kept)
    assert await find(path=path) == path


async def test_then_the_cache(tmp_path, find, kept):
    put(kept)
    assert await find(path=put(tmp_path / "path", version="v1.30.0")) == kept


async def test_what_is_missing_is_got_and_the_rest_gathered_beside_it(tmp_path, find, told, kept):
    assets = put(tmp_path / "assets", "etcd")
    path = put(tmp_path / "path", "kubectl")
    first, second = Way("kube-apiserver"), Way(*NAMES)
    assert await find(first, second, assets=assets, path=path) == kept
    assert first.asked == [{"kube-apiserver", "kube-controller-manager"}]
    assert second.asked == [{"kube-controller-manager"}]
    assert {entry.name for entry in kept.iterdir()} == set(NAMES)
    assert "lacks kube-apiserver, kube-controller-manager, kubectl" in told[0]


async def test_after_that_it_is_only_found(find, kept):
    way = Way(*NAMES)
    assert [await find(way), await find(way)] == [kept, kept]
    assert len(way.asked) == 1


async def test_nothing_is_left_over_but_the_programs_and_the_lock(find, kept):
    await find(Way(*NAMES))
    assert {entry.name for entry in kept.parent.iterdir()} == {"v1.36.3", "v1.36.3.lock"}


async def test_what_cannot_be_had_is_said_with_the_causes(find):
    with pytest.raises(LocalError, match=r"kubectl cannot be had:\nnot all was there"):
        await find(Way("etcd"), Way("kube-apiserver", "kube-controller-manager"))


async def test_what_does_not_prove_to_be_the_release_is_not_taken(find, kept):
    with pytest.raises(LocalError, match="cannot be had"):
        await find(Way(*NAMES, version="v0.0.0"))
    assert not list(kept.iterdir())


async def test_work_that_was_interrupted_is_kept_for_the_next_try(find, kept):
    class Interrupted(Way):
        async def __call__(self, wanted, into, *, home, environ, report):
            home.mkdir()
            (home / "half").write_text("done")
            put(into, "etcd")
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await find(Interrupted())
    assert not list(kept.iterdir())
    assert (kept.parent / "v1.36.3-work" / "half").exists()


async def test_what_a_killed_process_left_is_swept_up(find, kept):
    left = kept.parent / "v1.36.3-new-abc"
    put(left)
    await find(Way(*NAMES))
    assert not left.exists()


BUILDER = """
import asyncio, json, os, sys
from pathlib import Path
from kubefed_core.local.binaries import ensure

async def read(program, path):
    return path.read_text() if path.exists() else ""

async def build(wanted, into, *, home, environ, report):
    print("builds", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for program in wanted:
        (into / program.name).write_text(program.version)

def report(line):
    print(line, flush=True)

print(asyncio.run(ensure(report=report, ways=[build], ask=read)))
"""


async def test_of_two_processes_at_once_one_builds_and_the_other_waits(tmp_path, kept):
    async def start():
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", BUILDER),
            env={"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": ""},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )

    async def says(process, text):
        while text not in (line := (await process.stdout.readline()).decode()):
            assert line, f"never said {text}"

    first = await start()
    await says(first, "builds")
    second = await start()
    await says(second, "Another process is at it already")
    first.stdin.write(b"go on\n")
    ends = [(await process.communicate())[0].decode() for process in (first, second)]
    assert [end.splitlines()[-1] for end in ends] == [str(kept)] * 2
    assert "builds" not in ends[1]


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def test_a_program_is_asked_by_running_it_far_from_home(tmp_path):
    said = (await ask(PROGRAMS[-1], script(tmp_path / "kubectl", "echo $HOME $*"))).split()
    assert said[1:] == ["version", "--client"]
    assert said[0] != str(Path.home())


@pytest.mark.parametrize(
    ("reason", "text"),
    [("One that is not there says nothing.", None), ("Nor one that fails.", "echo v1; exit 1")],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_program_that_says_nothing(tmp_path, reason, text):
    path = tmp_path / "kubectl"
    if text is not None:
        script(path, text)
    assert await ask(PROGRAMS[-1], path) == "", reason
