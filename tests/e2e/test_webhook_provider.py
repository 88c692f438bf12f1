"""hyperfed webhook-provider before a real BIND, asked as external-dns asks."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

import pytest
from bind import Bind, Key, Zone

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.webhook import Webhook

ZONE = "example.org."
MEDIA = "application/external.dns.webhook+json;version=1"
READY = 20.0
OWNER = '"heritage=external-dns,external-dns/owner=me'
WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def data(*targets, **more):
    return {"dnsName": "www.example.org", "recordType": "A", "targets": list(targets)} | more


def owned(more=""):
    return {
        "dnsName": "a-www.example.org",
        "recordType": "TXT",
        "targets": [f'{OWNER}{more}"'],
        "labels": {"owner": "me", "ownedRecord": "www.example.org"},
    }


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    with Bind(tmp_path_factory.mktemp("bind"), [Zone(ZONE)]) as bind:
        yield bind


@contextmanager
def program(directory, bind):
    """The program as a sidecar of external-dns has it; its URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{sock.getsockname()[1]}"
    settings, secret, key = directory / "settings.yaml", directory / "secret", Key()
    settings.write_text(json.dumps({"servers": [bind.address], "tsig": {"keyName": key.name}}))
    secret.mkdir()
    (secret / "tsigSecret").write_text(key.secret)
    args = (
        "--provider=rfc2136", f"--settings={settings}", f"--credentials={secret}",
        "--zones=example.org", f"--address={address}", "--health-address=",
    )  # fmt: skip
    log = directory / "log"
    with log.open("w") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "kubefed_dns.hyperfed", "webhook-provider", *args],
            stdout=out,
            stderr=out,
        )
    with running:
        deadline = time.monotonic() + READY
        while "serving zones" not in log.read_text():
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield f"http://{address}"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0, log.read_text()


@pytest.fixture(scope="module")
def url(tmp_path_factory, bind):
    with program(tmp_path_factory.mktemp("webhook"), bind) as url:
        yield url


def ask(url, said=None):
    """What is listed, or the status and the text that changes get."""
    body = None if said is None else json.dumps(said).encode()
    request = urllib.request.Request(f"{url}/records", body, {"Content-Type": MEDIA})
    try:
        with WITHOUT_PROXY.open(request, timeout=20) as answer:
            return json.load(answer) if said is None else (answer.status, "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class TestContract(ProviderContract):
    claims = Webhook.capabilities

    @pytest.fixture
    def provider(self, url):
        context = Context("w", zones=(ZONE,), settings={"url": url})
        with closing(Webhook(context)) as provider:
            yield provider

    @pytest.fixture
    def zone(self):
        return ZONE


def test_the_life_of_a_name_of_external_dns(bind, url):
    resource = ",external-dns/resource=service/ns/web"
    new = {"create": [data("192.0.2.1", recordTTL=60), owned(resource)]}
    assert ask(url, new) == (204, "")
    assert bind.values("www.example.org.", "A") == ["192.0.2.1"]
    held = {each["dnsName"]: each for each in ask(url)}
    assert held["www.example.org"] == data("192.0.2.1", recordTTL=60)
    assert held["a-www.example.org"]["targets"] == [f'{OWNER}{resource}"']

    assert ask(url, new) == (204, ""), "What is so already is no mistake."

    later = {
        "updateOld": [data("192.0.2.1", recordTTL=60), owned(resource)],
        "updateNew": [data("192.0.2.2", "192.0.2.3", recordTTL=60), owned(resource)],
    }
    assert ask(url, later) == (204, "")
    assert sorted(bind.values("www.example.org.", "A")) == ["192.0.2.2", "192.0.2.3"]

    assert ask(url, later) == (204, ""), "Nor is what has become so."
    status, text = ask(url, {"delete": [data("192.0.2.9")]})
    assert status == 500
    assert "not what was expected" in text

    alias = {"dnsName": "www.example.org", "recordType": "CNAME", "targets": ["x.example.net"]}
    gone = {"delete": [data("192.0.2.2", "192.0.2.3")], "create": [alias]}
    assert ask(url, gone) == (204, "")
    assert bind.values("www.example.org.", "CNAME") == ["x.example.net."]

    # external-dns says of ownership what it would write today, and no TTL.
    assert ask(url, {"delete": [alias, owned()]}) == (204, "")
    names = {each["dnsName"] for each in ask(url)}
    assert not names & {"www.example.org", "a-www.example.org"}
