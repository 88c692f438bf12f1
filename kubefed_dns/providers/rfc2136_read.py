"""Reading a zone from its primary: its serial, the whole of it, or some names."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.tsig

from kubefed_dns import records
from kubefed_dns.errors import InvalidName, ProviderError
from kubefed_dns.providers import rfc2136_errors as errors
from kubefed_dns.providers import rfc2136_update as update
from kubefed_dns.providers.batch import Refused, deliver
from kubefed_dns.providers.rfc2136_settings import Server
from kubefed_dns.providers.rfc2136_wire import Connection
from kubefed_dns.records import RRset

AT_ONCE = 32
NAMES = 200

# Made by a server that signs its zone, not by whoever writes to it; 65534 is BIND's notebook.
_SIGNING = frozenset(
    {
        dns.rdatatype.RRSIG,
        dns.rdatatype.NSEC,
        dns.rdatatype.NSEC3,
        dns.rdatatype.NSEC3PARAM,
        dns.rdatatype.RdataType.make(65534),
    }
)
_AT_APEX = frozenset({dns.rdatatype.SOA, dns.rdatatype.NS})
_WITHOUT_NAMES = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.TXT})

Question = tuple[str, str]
Take = Callable[[], None]
Key = dns.tsig.Key | None


def serial(connection: Connection, zone: str, key: Key) -> int:
    """The SOA serial; raises ZoneGone where the server does not answer with authority."""
    answer = connection.ask(_question(zone, "SOA", key))
    rcode = answer.rcode()
    if rcode in (dns.rcode.SERVFAIL, dns.rcode.FORMERR, dns.rcode.NOTIMP):
        raise errors.failed(connection.server, zone, rcode)
    if rcode == dns.rcode.NOERROR and answer.flags & dns.flags.AA:
        for rrset in answer.answer:
            if _is_soa(rrset, zone):
                return int(rrset[0].serial)
    raise errors.not_served(connection.server, zone, rcode)


def transfer(connection: Connection, zone: str, key: Key) -> tuple[RRset, ...]:
    """The zone by AXFR, whole: whatever is wrong with the stream is raised."""
    query = _question(zone, "AXFR", key)
    connection.send(query.to_wire())
    return _made(_between_its_soas(connection, zone, query), zone)


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
    found = _made(
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
            query = _question(*question, key, number=number)
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


def _between_its_soas(
    connection: Connection, zone: str, query: dns.message.Message
) -> Iterator[dns.rrset.RRset]:
    """The records of a transfer; ends only where the transfer is whole and in order."""
    serials: list[int] = []
    for message in _stream(connection, zone, query, complete=lambda: len(serials) > 1):
        for rrset in message.answer:
            if _is_soa(rrset, zone):
                serials.append(int(rrset[0].serial))
            elif len(serials) == 1:
                yield rrset
            else:
                raise errors.broken(connection.server, zone, "a record outside its SOA records")
    if len(serials) > 2 or serials[0] != serials[1]:
        raise errors.broken(connection.server, zone, "SOA records that differ")


def _stream(
    connection: Connection,
    zone: str,
    query: dns.message.Message,
    *,
    complete: Callable[[], bool],
) -> Iterator[dns.message.Message]:
    """The messages of a transfer, the first and the last of them signed, at least."""
    context = None
    while not complete():
        wire = connection.receive()
        message = errors.read_answer(connection.server, query, wire, context=context)
        context = message.tsig_ctx
        if message.rcode() != dns.rcode.NOERROR:
            raise _not_transferred(connection, zone, query, message.rcode())
        if not message.answer:
            raise errors.broken(connection.server, zone, "a message without records")
        yield message
    if query.keyring and not message.had_tsig:
        raise errors.unsigned(connection.server, query)


def _not_transferred(
    connection: Connection, zone: str, query: dns.message.Message, rcode: dns.rcode.Rcode
) -> ProviderError:
    if rcode not in errors.DENIAL:
        return errors.failed(connection.server, zone, rcode)
    if rcode == dns.rcode.NOTAUTH:
        # Some servers say so of a zone that they have and do not give to this key.
        serial(connection, zone, query.keyring)
    return errors.not_transferred(connection.server, query, zone, rcode)


def _made(rrsets: Iterable[dns.rrset.RRset], zone: str) -> tuple[RRset, ...]:
    found: dict[tuple[tuple[bytes, ...], int], tuple[dns.rrset.RRset, list[dns.rdata.Rdata]]] = {}
    for rrset in rrsets:
        if rrset.rdtype not in _SIGNING:
            labels = tuple(map(bytes.lower, rrset.name.labels))
            found.setdefault((labels, rrset.rdtype), (rrset, []))[1].extend(rrset)
    apex = dns.name.from_text(zone)
    return tuple(
        _rrset(head, rdatas)
        for head, rdatas in found.values()
        if head.rdtype not in _AT_APEX or head.name != apex
    )


def _rrset(head: dns.rrset.RRset, rdatas: Iterable[dns.rdata.Rdata]) -> RRset:
    rrtype = dns.rdatatype.to_text(head.rdtype)
    texts = {rdata.to_text() for rdata in rdatas}
    if head.rdtype not in _WITHOUT_NAMES:
        texts = {_canonical(rrtype, text) for text in texts}
    return RRset(head.name.canonicalize().to_text(), rrtype, head.ttl, tuple(sorted(texts)))


def _canonical(rrtype: str, text: str) -> str:
    try:
        return records.value_of(rrtype, text)
    except InvalidName:
        # Something foreign that we could not write; it must not hide the rest of the zone.
        return text


def _is_soa(rrset: dns.rrset.RRset, zone: str) -> bool:
    return rrset.rdtype == dns.rdatatype.SOA and rrset.name.canonicalize().to_text() == zone


def _question(
    name: str, rrtype: str, key: Key, *, number: int | None = None
) -> dns.message.QueryMessage:
    query = dns.message.make_query(dns.name.from_text(name), rrtype, id=number)
    query.flags = dns.flags.Flag(0)
    if key is not None:
        query.use_tsig(key)
    return query
