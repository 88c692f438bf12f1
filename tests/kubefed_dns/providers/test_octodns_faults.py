import pytest

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable
from kubefed_dns.records import Create, Group, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])
TXT = rrset("a-www.example.org.", "TXT", 300, ['"heritage=external-dns,external-dns/owner=hub"'])
NEW = Group(A.name, (Create(A), Create(TXT)))
SECRET = "s3cr3t+t0k3n/"


class Answer:
    headers = {"Retry-After": "7"}

    def __init__(self, status):
        self.status_code = status


class HTTPError(OSError):
    """As that of requests."""

    def __init__(self, status):
        super().__init__(f"{status} for url: https://x/?key={SECRET}&k=s3cr3t%2Bt0k3n%2F")
        self.response = Answer(status)


class ScriptedClientUnauthorized(Exception):
    pass


class ConnectTimeout(Exception):
    pass


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(("reason", "error", "want"), [
    ("Its status says who we are not.", HTTPError(401), Denied),
    ("What we may not.", HTTPError(403), Denied),
    ("That it is too much.", HTTPError(429), Throttled),
    ("That something is away.", HTTPError(503), Unreachable),
    ("Or something else.", HTTPError(500), ProviderError),
    ("Else its name.", ScriptedClientUnauthorized(), Denied),
    ("Of a time-out.", ConnectTimeout(), Unreachable),
    ("Of a connection.", ConnectionRefusedError(111, "refused"), Unreachable),
    ("Or that of its cause.", caused(RuntimeError("no"), HTTPError(401)), Denied),
    ("Or nothing does.", RuntimeError("what?"), ProviderError),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
@pytest.mark.parametrize("doing", ["populate", "apply"])
def test_faults_are_ours_and_hold_no_secret(store, octodns, reason, error, want, doing):
    def script(what, _):
        if what == doing:
            raise error

    store.script = script
    provider = octodns(token="secret/key", secret={"key": SECRET})
    with pytest.raises(ProviderError) as caught:
        provider.write(ZONE, [NEW])
    assert type(caught.value) is want, reason
    assert SECRET not in str(caught.value)
    assert "s3cr3t%2B" not in str(caught.value)
    assert caught.value.__suppress_context__, "The log shows no text of theirs."
    assert getattr(caught.value, "after", 7.0) == 7.0
