import dns.opcode
import dns.rcode
import pytest
from dns.rcode import NOTAUTH, NOTIMP, REFUSED, SERVFAIL
from scripted_dns import SOA, ZONE, rcodes, reply

from kubefed_dns.errors import Denied, ProviderError
from kubefed_dns.records import Create, Group, rrset


def creates(count=1):
    sets = [rrset(f"n{n}.{ZONE}", "A", 60, ["192.0.2.1"]) for n in range(count)]
    return [Group(one.name, (Create(one),)) for one in sets]


@pytest.mark.parametrize(
    ("reason", "count", "rcode", "error", "says", "most"),
    [
        ("It takes no updates.", 50, NOTIMP, ProviderError, "takes no dynamic updates", 1),
        ("It takes none of ours.", 50, REFUSED, Denied, "refuses all updates", 3),
        ("It says so in another way.", 50, NOTAUTH, Denied, "refuses all updates", 3),
        ("It fails with every one.", 1000, SERVFAIL, ProviderError, "full disk", 40),
        ("It fails with the only one.", 1, SERVFAIL, ProviderError, "full disk", 1),
        ("It understands none.", 3, dns.rcode.FORMERR, ProviderError, "FORMERR", 8),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_no_update_gets_through_the_server_is_at_fault(
    asks, reason, count, rcode, error, says, most
):
    provider, server = asks(rcodes(update=rcode))
    with pytest.raises(error, match=says):
        provider.write(ZONE, creates(count))
    assert len(server.asked) <= most, reason


@pytest.mark.parametrize(
    ("reason", "rcode", "lost"),
    [
        ("It is not as it was.", dns.rcode.NXRRSET, True),
        ("It is there.", dns.rcode.YXRRSET, True),
        ("The name is there.", dns.rcode.YXDOMAIN, True),
        ("It breaks the server.", SERVFAIL, False),
        ("It is not let in, though others are.", REFUSED, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_of_many_is_refused_for_what_is_in_it(asks, reason, rcode, lost):
    def answer(request):
        bad = any(one.name.to_text() == "n7.example.org." for one in request.sections[2])
        question = request.opcode() == dns.opcode.QUERY
        yield reply(request, *([SOA] * question), rcode=rcode if bad else 0).to_wire()

    taken = []
    provider, server = asks(answer, take=lambda: taken.append(1))
    (refusal,) = provider.write(ZONE, creates(20))
    assert (refusal.group.name, refusal.lost) == ("n7.example.org.", lost), reason
    assert dns.rcode.to_text(rcode) in refusal.reason
    assert len(taken) == len(server.asked)


def test_without_a_key_nothing_is_signed(asks):
    provider, server = asks(rcodes(update=0), signed=False)
    assert provider.marker(ZONE) == "7"
    assert not provider.write(ZONE, creates())
    assert not any(request.had_tsig for request in server.asked)
