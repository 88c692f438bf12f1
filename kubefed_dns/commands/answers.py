"""What name servers say of a name: those that are authoritative, and resolvers."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

from kubefed_dns.commands.hosting import until_done
from kubefed_dns.records import RRset, value_of
from kubefed_dns.verify import TIMEOUT, Unobservable, address, by_system, question, resolved

SAME, PART, DIFFERS, UNKNOWN = "same", "part", "differs", "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one server says of one type; `ttl` is None where nobody was told it.

    `verdict` compares with what is wanted: the same, a part of it (which is all
    that a routed name has to show), something else, or no answer (`error`).
    """

    role: str
    server: str
    type: str
    values: tuple[str, ...] = ()
    ttl: int | None = None
    verdict: str = UNKNOWN
    error: str = ""


def authorities(name: str, wanted: Collection[RRset], servers: Iterable[str]) -> tuple[Answer, ...]:
    """Ask each server for each type, without recursion."""
    return until_done(_all(name, wanted, tuple(servers), recursive=False))


def resolvers(name: str, wanted: Collection[RRset], servers: Iterable[str]) -> tuple[Answer, ...]:
    """Ask each resolver for each type; of an alias' chain the least TTL counts."""
    return until_done(_all(name, wanted, tuple(servers), recursive=True))


def system_resolvers() -> list[str]:
    """Those that this machine is configured with; none where it has no such configuration."""
    try:
        return [str(each) for each in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        return []


def name_servers(zone: str) -> list[str]:
    """Those that the zone's NS name; raises Unobservable."""
    try:
        return list(until_done(_listed(zone)))
    except (dns.exception.DNSException, OSError) as error:
        raise Unobservable(
            f"the name servers of {zone} cannot be found ({error}); name some by --server"
        ) from error


def speaks_for(server: str, zone: str) -> bool:
    """Whether a server is authoritative for a zone, as far as it answers."""
    try:
        return bool(until_done(question(server, zone, "SOA")))
    except Unobservable:
        return False


async def _listed(zone: str) -> Sequence[str]:
    return await by_system(zone)


async def _all(
    name: str, wanted: Collection[RRset], servers: Sequence[str], *, recursive: bool
) -> tuple[Answer, ...]:
    types = sorted({rrset.type for rrset in wanted}) or ["A", "AAAA"]
    asked = [_one(server, name, kind, wanted, recursive) for server in servers for kind in types]
    return tuple(await asyncio.gather(*asked))


async def _one(
    server: str, name: str, kind: str, wanted: Collection[RRset], recursive: bool
) -> Answer:
    role = "resolver" if recursive else "authority"
    try:
        if recursive:
            values, ttl = await _recursed(server, name, kind)
        else:
            values, ttl = await question(server, name, kind), None
    except Unobservable as error:
        return Answer(role, server, kind, error=str(error))
    verdict = _verdict(values, [rrset for rrset in wanted if rrset.type == kind])
    return Answer(role, server, kind, tuple(sorted(values)), ttl, verdict)


def _verdict(values: Collection[str], wanted: Sequence[RRset]) -> str:
    expected = {value for rrset in wanted for value in rrset.values}
    if set(values) == expected:
        return SAME
    routed = any(rrset.set_identifier for rrset in wanted)
    return PART if routed and values and set(values) <= expected else DIFFERS


async def _recursed(server: str, name: str, kind: str) -> tuple[frozenset[str], int | None]:
    host, port = address(server)
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
    try:
        where = await resolved(host)
        response, _ = await dns.asyncquery.udp_with_fallback(
            query, where, timeout=TIMEOUT, port=port
        )
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unobservable(f"no answer: {error or type(error).__name__}") from error
    rcode = response.rcode()
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise Unobservable(f"it answers {dns.rcode.to_text(rcode)}")
    wanted = dns.rdatatype.from_text(kind)
    found = [rrset for rrset in response.answer if rrset.rdtype == wanted]
    values = frozenset(value_of(kind, rdata.to_text()) for rrset in found for rdata in rrset)
    ttls = [rrset.ttl for rrset in response.answer]
    return values, min(ttls, default=None)
