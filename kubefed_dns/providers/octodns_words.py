"""Sets as octoDNS's records, and back."""

import re
from contextlib import suppress
from typing import Any

from octodns.record import Record
from octodns.record.exception import RecordException
from octodns.record.rr import Rrset

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import text
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.octodns_settings import TYPES
from kubefed_dns.records import RRset

Foreign = Any
"""octoDNS has no types."""
VERBATIM = frozenset({"octodns_powerdns"})
"""Packages that put a text between quotes as it is, and give back what stands between quotes."""

_ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


class Words:
    """As one provider says them.

    octoDNS takes texts for raw, and not every package escapes what has to be.
    """

    def __init__(self, provider: Foreign) -> None:
        packages = {kind.__module__.partition(".")[0] for kind in type(provider).__mro__}
        self._verbatim = not VERBATIM.isdisjoint(packages)

    def record(self, zone: Foreign, rrset: RRset) -> Foreign:
        """Raises Refused where octoDNS has no word for it."""
        if rrset.set_identifier:
            raise Refused(f"{rrset.name} {rrset.type}: octoDNS knows no set identifiers")
        try:
            if rrset.type == "TXT":
                return self._text(zone, rrset)
            said = Rrset(rrset.name, rrset.type, rrset.ttl, list(rrset.values))
            return Record.from_rrset(zone, said)
        except RecordException as error:
            why = " ".join(str(error).split())
            raise Refused(f"octoDNS refuses {rrset.name} {rrset.type}: {why}") from None

    def rrset(self, record: Foreign) -> RRset:
        """What octoDNS cannot say as DNS does is there all the same.

        Raises InvalidName where its name is none.
        """
        name, kind = record.fqdn, record._type
        if kind in TYPES:
            with suppress(InvalidName, RecordException, UnicodeError):
                return records.rrset(name, kind, record.ttl, self._values(record))
        shown = getattr(record, "values", None) or [getattr(record, "value", "")]
        return RRset(records.canonical(name), kind, record.ttl, tuple(sorted(map(str, shown))))

    def same(self, wanted: RRset, record: Foreign) -> bool:
        """But for the TTL, and for where a text is cut into strings."""
        told = self.rrset(record)
        if wanted.type != "TXT":
            return told.values == wanted.values
        return sorted(map(text.joined, told.values)) == sorted(map(text.joined, wanted.values))

    def _values(self, record: Foreign) -> list[str]:
        if record._type == "TXT":
            return [text.value(self._octets(each)) for each in record.values]
        return list(record.to_rrset().rdatas)

    def _text(self, zone: Foreign, rrset: RRset) -> Foreign:
        texts = [text.joined(value) for value in rrset.values]
        if not self._verbatim and not all(map(_is_plain, texts)):
            raise Refused(
                f"{rrset.name} TXT: quotes, backslashes and what is not ASCII come out otherwise"
                " than they went into some packages of octoDNS; write the text without them"
            )
        said = [_escaped(each) for each in texts]
        data = {"type": "TXT", "ttl": rrset.ttl, "values": said}
        return Record.new(zone, zone.hostname_from_fqdn(rrset.name), data)

    def _octets(self, value: Foreign) -> bytes:
        if not self._verbatim:
            return bytes(value.to_raw_text().encode())
        return _ESCAPED.sub(_unescaped, str(value).encode())


def _is_plain(octets: bytes) -> bool:
    return all(32 <= octet < 127 and octet not in b'"\\' for octet in octets)


def _escaped(octets: bytes) -> str:
    """octoDNS escapes semicolons; the other escapes are DNS's, in their longest form."""
    plain = set(range(32, 127)) - set(b'"\\;')
    shown = (chr(octet) if octet in plain else f"\\{octet:03}" for octet in octets)
    return "".join(shown).replace("\\059", "\\;")


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code)]) if len(code) == 3 else code
