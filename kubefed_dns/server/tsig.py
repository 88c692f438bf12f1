"""Signatures of questions and of the answers to them, by shared keys (RFC 8945)."""

import struct
from collections.abc import Callable
from typing import cast

import dns.exception
import dns.name
import dns.rdata
import dns.tsig
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TSIG import TSIG

from kubefed_dns.server.policy import Keys
from kubefed_dns.server.query import Malformed

FUDGE = 300
"""Seconds by which the clocks of both sides may differ."""
LEAST_MAC = 10


class Seal:
    """For the answers to one signed question.

    `error` says what is wrong with the signature of the question, if anything;
    it is then to be answered with NOTAUTH. `size` is what sealing adds, in octets.
    """

    def __init__(self, name: dns.name.Name, asked: TSIG, *, now: Callable[[], int]) -> None:
        self.error = Rcode.NOERROR
        self._name = name
        self._asked = asked
        self._now = now
        self._key: dns.tsig.Key | None = None
        self._context: dns.tsig.HMACTSig | dns.tsig.GSSTSig | None = None

    @property
    def size(self) -> int:
        mac = dns.tsig.mac_sizes[self._key.algorithm] if self._key is not None else 0
        return len(self._wire(self._record(0))) + mac

    def fail(self, error: Rcode, *, key: dns.tsig.Key | None = None) -> "Seal":
        """Answer with an error; unsigned without a key, since who asks has none that we know."""
        self.error, self._key = error, key
        return self

    def accept(self, key: dns.tsig.Key) -> "Seal":
        self._key = key
        return self

    def sign(self, wire: bytes) -> bytes:
        """The next of the messages that answer the question, sealed."""
        record = self._record(int.from_bytes(wire[:2]))
        if self._key is not None:
            record, self._context = dns.tsig.sign(  # type: ignore[no-untyped-call]
                wire,
                self._key,
                record,
                record.time_signed,
                self._asked.mac,
                self._context,
                True,
            )
        count = int.from_bytes(wire[10:12]) + 1
        return wire[:10] + count.to_bytes(2) + wire[12:] + self._wire(record)

    def _record(self, identity: int) -> TSIG:
        """Unsigned. Where the asker's clock is wrong, his time comes back with ours beside it."""
        time, other = self._now(), b""
        if self.error == Rcode.BADTIME:
            time, other = self._asked.time_signed, time.to_bytes(6)
        return TSIG(  # type: ignore[no-untyped-call]
            RdataClass.ANY,
            RdataType.TSIG,
            self._asked.algorithm,
            time,
            FUDGE,
            b"",
            identity,
            self.error,
            other,
        )

    def _wire(self, record: TSIG) -> bytes:
        data = record.to_wire() or b""
        fixed = struct.pack("!HHIH", RdataType.TSIG, RdataClass.ANY, 0, len(data))
        return (self._name.to_wire() or b"") + fixed + data


def verify(packet: bytes, at: int, keys: Keys, *, now: Callable[[], int]) -> Seal:
    """See whether the TSIG record at an offset signs the packet. Raises Malformed.

    `now` gives the seconds of unix time.
    """
    name, asked = _read(packet, at)
    seal = Seal(name, asked, now=now)
    key = keys.get(name)
    if key is None or key.algorithm != asked.algorithm:
        return seal.fail(Rcode.BADKEY)
    whole = dns.tsig.mac_sizes[key.algorithm]
    if not max(LEAST_MAC, whole // 2) <= len(asked.mac) <= whole:
        raise Malformed("a signature of a length that none has")
    if len(asked.mac) < whole:
        return seal.fail(Rcode.BADTRUNC)
    try:
        dns.tsig.validate(  # type: ignore[no-untyped-call]
            packet, key, name, asked, now(), b"", at
        )
    except dns.tsig.BadTime:
        return seal.fail(Rcode.BADTIME, key=key)
    except (dns.tsig.BadSignature, dns.tsig.PeerError):
        return seal.fail(Rcode.BADSIG)
    return seal.accept(key)


def _read(packet: bytes, at: int) -> tuple[dns.name.Name, TSIG]:
    try:
        name, size = dns.name.from_wire(packet, at)
        at += size
        _, rdclass, ttl, length = struct.unpack_from("!HHIH", packet, at)
        found = dns.rdata.from_wire(RdataClass.ANY, RdataType.TSIG, packet, at + 10, length)
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        raise Malformed("a TSIG record that cannot be read") from error
    if rdclass != RdataClass.ANY or ttl:
        raise Malformed("a TSIG record of another class than ANY, or with a TTL")
    return name, cast(TSIG, found)
