import itertools
import threading
from contextlib import closing

import pytest
from scripted_webhook import Answer

from kubefed_dns.errors import Denied, Misconfigured, ProviderError, Throttled, Unreachable
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.webhook import Webhook
from kubefed_dns.providers.webhook_http import Http
from kubefed_dns.records import Create, Group, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])
TXT = rrset("a-www.example.org.", "TXT", 300, ['"heritage=external-dns,external-dns/owner=hub"'])
NEW = Group(A.name, (Create(A), Create(TXT)))
POSTED = ("POST", "/records")
SECRET = "s3cr3t-t0k3n"


@pytest.fixture
def provider(webhook, at):
    return at(webhook.url)


@pytest.mark.parametrize(("reason", "answer", "error", "said"), [
    ("Who we are is not known.", Answer(401), Denied, "right key 'token'"),
    ("Who we are may not.", Answer(403, SECRET.encode()), Denied, "status 403, …;"),
    ("Too much is asked.", Answer(429, Retry_After="7"), Throttled, "lower spec.rateLimit"),
    ("It asks to come back.", Answer(503, Retry_After="7"), Throttled, "lower spec.rateLimit"),
    ("It is somewhere else.", Answer(302, Location="http://127.0.0.1/"), ProviderError,
     "redirects to"),
    ("It is no webhook.", Answer(404), ProviderError, "point spec.webhook.url at"),
    ("It speaks something else.", Answer(200, b"<html>", Content_Type="text/html"), ProviderError,
     "answers as 'text/html'"),
    ("It is cut short.", Answer(200, b"[{"), ProviderError, "is not JSON"),
    ("It is no list.", Answer(200, b"{}"), ProviderError, "no list of endpoints"),
    ("What is behind it is away.", Answer(502), Unreachable, "what is behind it"),
    ("It is endless.", Answer(200, b" " * (33 << 20)), ProviderError, "more than 32 MiB"),
    ("It hangs up.", Answer(0), Unreachable, "the connection broke"),
    ("It fails.", Answer(500, b"x" * 999), ProviderError, "x…; the webhook's log says why"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_faults_name_cause_and_remedy_and_no_secret(webhook, at, reason, answer, error, said):
    def script(method, path, said):
        if path == "/records":
            raise answer

    webhook.script = script
    provider = at(webhook.url, secret={"token": SECRET})
    with pytest.raises(error) as caught:
        provider.read(ZONE)
    assert type(caught.value) is error, reason
    assert said in str(caught.value), reason
    assert SECRET not in str(caught.value)
    assert getattr(caught.value, "after", 7.0) == 7.0


@pytest.mark.parametrize(("reason", "status", "error"), [
    ("Who may not read may not write.", 403, Denied),
    ("A redirect of a change is not followed.", 307, ProviderError),
    ("An answer that never comes leaves the change unknown.", 504, Unreachable),
    ("Where nothing gets through it is not the name's fault.", 500, ProviderError),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_faults_of_writing(webhook, provider, reason, status, error):
    def script(method, path, said):
        if (method, path) == POSTED:
            raise Answer(status)

    webhook.script = script
    with pytest.raises(error):
        provider.write(ZONE, [NEW])


def test_a_webhook_that_hangs_or_is_gone_is_unreachable(webhook, at):
    over = threading.Event()
    webhook.script = lambda *_: over.wait(10)
    with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
        at(webhook.url, timeout="200ms").zones()
    over.set()
    with pytest.raises(Unreachable, match=r"check spec\.webhook\.url"):
        at("http://127.0.0.1:1").zones()


def test_an_answer_that_trickles_in_has_its_time(webhook):
    clock = itertools.count(0.0, 2.0)
    http = Http(webhook.url, timeout=1.0, clock=lambda: next(clock))
    with closing(http), pytest.raises(Unreachable, match="no answer within 1 s"):
        http.get("/")


def test_a_request_has_its_limit(webhook):
    http = Http(webhook.url, timeout=1.0)
    with closing(http), pytest.raises(Refused, match="more than 32 MiB"):
        http.post("/records", "x" * (33 << 20))
    assert not webhook.asked


@pytest.mark.parametrize(("reason", "settings", "secret", "said"), [
    ("It has to be somewhere.", {"url": ""}, {}, "spec.webhook.url: Required value"),
    ("By HTTP.", {"url": "ftp://x"}, {}, "must be like"),
    ("At an address.", {"url": "http://[x"}, {}, "must be like"),
    ("Without parameters.", {"url": f"http://x/?key={SECRET}"}, {}, "must be like"),
    ("Credentials are the Secret's.", {"url": f"http://u:{SECRET}@x"}, {}, "holds a user"),
    ("Patience ends.", {"url": "http://x", "timeout": "1h"}, {}, "must be up to 300 s"),
    ("A token is one word.", {"url": "http://x"}, {"token": f"{SECRET}\r\nX: y"}, "no bearer"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_settings_that_cannot_work(reason, settings, secret, said):
    with pytest.raises(Misconfigured) as caught:
        Webhook(Context("w", zones=(ZONE,), settings=settings, secret=secret))
    assert said in str(caught.value), reason
    assert SECRET not in str(caught.value), reason
