"""What the webhook protocol of external-dns says: endpoints, in the form in which it has them.

Names have no trailing dot, nor have targets, but for those of SRV and NAPTR. A text
is one string in quotes however long it is, where its parts are as long as they can
be; others are written as several strings.
"""

import re
from collections.abc import Iterable
from typing import Any, cast

import dns.exception
import dns.tokenizer

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import text
from kubefed_dns.records import RRset

MEDIA = "application/external.dns.webhook+json;version=1"
DOTTED = frozenset({"SRV", "NAPTR"})

Endpoint = dict[str, Any]
"""As JSON has it."""

_MEDIA = re.compile(r'application/external\.dns\.webhook\+json\s*;\s*version\s*=\s*"?1"?\s*', re.I)


def is_media(said: str) -> bool:
    """Whether a Content-Type is the one version of the protocol that there is."""
    return _MEDIA.fullmatch(said.strip()) is not None


def endpoint(rrset: RRset) -> Endpoint:
    made: Endpoint = {
        "dnsName": undotted(rrset.name),
        "targets": targets(rrset.type, rrset.values),
        "recordType": rrset.type,
    }
    if rrset.set_identifier:
        made["setIdentifier"] = rrset.set_identifier
    if rrset.ttl:
        made["recordTTL"] = rrset.ttl
    if rrset.properties:
        made["providerSpecific"] = listed(rrset.properties)
    return made


def listed(said: Iterable[tuple[str, str]]) -> list[Endpoint]:
    """Properties as an endpoint has them."""
    return [{"name": name, "value": value} for name, value in said]


def rrset(said: Endpoint) -> RRset:
    """Of an endpoint; a TTL of 0 where it says none.

    Raises InvalidName where it is none that DNS can carry.
    """
    kind, ttl = _text(said, "recordType").upper(), said.get("recordTTL") or 0
    if not isinstance(ttl, int) or not 0 <= ttl <= records.MAX_TTL:
        raise InvalidName(f"recordTTL: {ttl!r} is not in 0..{records.MAX_TTL}")
    return records.rrset(
        _text(said, "dnsName"),
        kind,
        ttl,
        [value(kind, each) for each in texts(said)],
        set_identifier=_text(said, "setIdentifier"),
        properties=properties(said),
    )


def properties(said: Endpoint) -> dict[str, str]:
    """What is said for the backend alone; without what is no pair of a name and a text."""
    found = said.get("providerSpecific")
    pairs = (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()
    made = ((each.get("name"), each.get("value")) for each in pairs)
    return {name: value for name, value in made if isinstance(name, str) and isinstance(value, str)}


def raw(said: Endpoint) -> RRset:
    """An endpoint whose targets DNS cannot carry, as it is: something is there.

    Raises InvalidName where its name is none.
    """
    ttl = said.get("recordTTL")
    return RRset(
        records.canonical(_text(said, "dnsName")),
        _text(said, "recordType").upper(),
        ttl if isinstance(ttl, int) else 0,
        tuple(sorted(set(texts(said)))),
        _text(said, "setIdentifier"),
    )


def texts(said: Endpoint) -> list[str]:
    found = said.get("targets") or []
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]


def targets(rrtype: str, values: Iterable[str]) -> list[str]:
    """Canonical values as targets, sorted."""
    return sorted(_target(rrtype, each) for each in values)


def value(rrtype: str, target: str) -> str:
    """A target as a canonical value. Raises InvalidName where it is none."""
    if rrtype == "TXT":
        return text_value(target)
    return records.value_of(rrtype, target.strip())


def text_value(target: str) -> str:
    """Of a text in quotes, or of several; without quotes it is all one text, as it stands."""
    return text.value(*(_quoted(target.strip()) or [target.encode(errors="surrogatepass")]))


def undotted(name: str) -> str:
    return name.removesuffix(".") if name != "." else name


def _target(rrtype: str, value: str) -> str:
    if rrtype != "TXT":
        return value if rrtype in DOTTED else undotted(value)
    parts = text.strings(value)
    if all(len(each) == text.LONGEST for each in parts[:-1]):
        parts = [b"".join(parts)]
    return text.quoted(parts)


def _quoted(target: str) -> list[bytes] | None:
    """The strings of a text that consists of such in quotes; None where it does not."""
    if not target.startswith('"'):
        return None
    strings = []
    tokens = dns.tokenizer.Tokenizer(target)
    try:
        while not (token := tokens.get(want_comment=True)).is_eol_or_eof():
            if not token.is_quoted_string():
                return None
            strings.append(token.unescape_to_bytes().value)
    except (dns.exception.DNSException, UnicodeError):
        return None
    return cast("list[bytes]", strings)


def _text(said: Endpoint, key: str) -> str:
    found = said.get(key) or ""
    if not isinstance(found, str):
        raise InvalidName(f"{key}: {found!r} is no text")
    return found
