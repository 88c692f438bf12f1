"""Reading from a zone's primary: the zone's serial, and some names."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig

from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import rfc2136_errors as errors
from kubefed_dns.providers import rfc2136_sets as sets
from kubefed_dns.providers import rfc2136_update as update
from kubefed_dns.providers.batch import Refused, deliver
from kubefed_dns.providers.rfc2136_settings import Server
from kubefed_dns.providers.rfc2136_wire import Connection
from kubefed_dns.records import RRset

AT_ONCE = 32
NAMES = 200

Question = tuple[str, str]
Take = Callable[[], None]
Key = dns.tsig.Key | None


def serial(connection: Connection, zone: str, key: Key) -> int:
    """The SOA serial; raises ZoneGone where the server does not answer with authority."""
    query = request(zone, "SOA", key)
    answer = connection.ask(query)
    rcode = answer.rcode()
    if rcode == dns.rcode.NOTAUTH and key is not None:
        raise errors.key_refused(connection.server, query)
    if rcode in (dns.rcode.SERVFAIL, dns.rcode.FORMERR, dns.rcode.NOTIMP):
        raise errors.failed(connection.server, zone, rcode)
    if rcode == dns.rcode.NOERROR and answer.flags & dns.flags.AA:
        for rrset in answer.answer:
            if sets.is_soa(rrset, zone):
                return int(rrset[0].serial)
    raise errors.not_served(connection.server, zone, rcode)


def some(
    connection: Connection, zone: str, names: Collection[str], key: Key, *, take: Take
) -> tuple[RRset, ...]:
    """What is at some names, by a question for each name and type."""
    # Nothing stands beside a CNAME, so most other questions need no asking where there is one.
    first = list(_ask_all(connection, zone, [(name, "CNAME") for name in names], key, take))
    aliases = {name for (name, _), answer in first if _sets(name, "CNAME", answer)}
    there = {name for (name, _), answer in first if answer.rcode() == dns.rcode.NOERROR}
    others = sorted(update.TYPES - {"CNAME"})
    rest = [(name, rrtype) for name in sorted(there - aliases) for rrtype in others]
    answers = [*first, *_ask_all(connection, zone, rest, key, take)]
    found = sets.made(
        (rrset for (name, rrtype), answer in answers for rrset in _sets(name, rrtype, answer)),
        zone,
    )
    made_up = _made_up(connection, zone, {rrset.name for rrset in found}, key, take)
    return tuple(rrset for rrset in found if rrset.name not in made_up)


def _made_up(
    connection: Connection, zone: str, names: Collection[str], key: Key, take: Take
) -> frozenset[str]:
    """Names that are only answered for out of a wildcard.

    An answer does not tell, but prerequisites of an update know no wildcards:
    one update that changes nothing asks for all the names at once.
    """

    def ask(some: Sequence[str]) -> None:
        take()
        query = update.names_in_use(zone, some, key)
        rcode = connection.ask(query).rcode()
        if rcode == dns.rcode.NXDOMAIN:
            raise Refused("not in use", lost=True)
        if rcode in errors.DENIAL:
            raise errors.not_updated(connection.server, query, zone, rcode)
        if rcode != dns.rcode.NOERROR:
            raise errors.failed(connection.server, zone, rcode)

    refused = deliver(sorted(names), send=ask, fit=lambda some: NAMES)
    return frozenset(name for name, _ in refused)


def _ask_all(
    connection: Connection, zone: str, questions: Sequence[Question], key: Key, take: Take
) -> Iterator[tuple[Question, dns.message.Message]]:
    """Ask many at once, which counts as one request; servers may answer out of order."""
    for start in range(0, len(questions), AT_ONCE):
        take()
        asked = {}
        for number, question in enumerate(questions[start : start + AT_ONCE]):
            query = request(*question, key, number=number)
            asked[number] = (question, query, query.to_wire())
        connection.send(*(wire for _, _, wire in asked.values()))
        while asked:
            wire = connection.receive()
            number = int.from_bytes(wire[:2], "big")
            if number not in asked:
                raise ProviderError(f"{connection.server}: answers what nobody asked")
            question, query, _ = asked.pop(number)
            answer = errors.read_answer(connection.server, query, wire)
            _check(connection.server, zone, query, answer.rcode())
            yield question, answer


def _check(server: Server, zone: str, query: dns.message.Message, rcode: dns.rcode.Rcode) -> None:
    if rcode == dns.rcode.NOTAUTH and query.keyring:
        raise errors.key_refused(server, query)
    if rcode in errors.DENIAL:
        raise errors.not_answered(server, query, zone, rcode)
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise errors.failed(server, zone, rcode)


def _sets(name: str, rrtype: str, answer: dns.message.Message) -> Iterable[dns.rrset.RRset]:
    """The sets at the name itself: no chain, no neighbour; a zone cut's NS is in the authority."""
    owner = dns.name.from_text(name)
    sections = (*answer.answer, *(answer.authority if rrtype == "NS" else ()))
    wanted = dns.rdatatype.from_text(rrtype)
    return [rrset for rrset in sections if rrset.rdtype == wanted and rrset.name == owner]


def request(
    name: str, rrtype: str, key: Key, *, number: int | None = None
) -> dns.message.QueryMessage:
    """A question to an authority, signed where there is a key."""
    query = dns.message.make_query(dns.name.from_text(name), rrtype, id=number)
    query.flags = dns.flags.Flag(0)
    if key is not None:
        query.use_tsig(key)
    return query
