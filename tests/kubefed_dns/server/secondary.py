"""Asks a server for zones as a secondary does, and reads the answers."""

from ipaddress import ip_network

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.tsig

from kubefed_dns.server import names
from kubefed_dns.server.node import Node
from kubefed_dns.server.policy import Policy

ZONE = "example.com."
KEY = dns.tsig.Key("k.", b"a secret of thirty-two octets !!", dns.tsig.HMAC_SHA256)
OPEN = Policy(allow=(ip_network("192.0.2.0/24"),), keys={KEY.name: KEY})
FRIEND, STRANGER = "192.0.2.9", "198.51.100.9"


def messages(answer):
    return [answer] if isinstance(answer, bytes) else list(answer)


def question(rdtype="AXFR", name=ZONE, *, serial=None, signer=None, **options):
    made = dns.message.make_query(name, rdtype, **options)
    if serial is not None:
        text = f"{name} 0 IN SOA . . {serial} 0 0 0 0"
        made.authority.append(dns.rrset.from_text(*text.split(None, 4)[:4], text.split(None, 4)[4]))
    if signer is not None:
        made.use_tsig(signer)
    return made


def transfer(server, made, *, sender=FRIEND, tcp=True):
    """The records of an answer, in order, as text; checks all messages."""
    wires = messages(server.respond(made.to_wire(), sender, tcp=tcp))
    found, context = [], None
    for number, wire in enumerate(wires):
        part = dns.message.from_wire(
            wire,
            xfr=True,
            keyring=made.keyring,
            request_mac=made.mac,
            tsig_ctx=context,
            multi=bool(made.keyring),
            one_rr_per_rrset=True,
        )
        context = part.tsig_ctx
        assert part.id == made.id
        assert part.rcode() == dns.rcode.NOERROR
        assert part.flags & (dns.flags.QR | dns.flags.AA) == dns.flags.QR | dns.flags.AA
        assert bool(part.question) is (number == 0)
        assert part.had_tsig is bool(made.keyring)
        found += [each.to_text() for each in part.answer]
    return found


def short(lines):
    """Without what is always there: the SOA by its serial alone."""
    words = [line.split() for line in lines]
    return [
        f"SOA {each[6]}" if each[3] == "SOA" else " ".join([each[0], *each[3:]]) for each in words
    ]


def put(zone, *rrsets, gone=()):
    nodes = {}
    for each in rrsets:
        nodes.setdefault(names.to_wire(each.name), {})[each.key] = each
    made = {name: Node.of(sets) for name, sets in nodes.items()}
    zone.apply(made | {names.to_wire(name): None for name in gone})
