"""Zones behind whatever speaks the webhook protocol of external-dns."""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from kubefed_core.api.fields import Fields
from kubefed_dns import records
from kubefed_dns.errors import InvalidName, Misconfigured, ProviderError, ZoneGone
from kubefed_dns.providers import piecemeal
from kubefed_dns.providers import webhook_wire as wire
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.webhook_http import Http
from kubefed_dns.providers.webhook_meant import Meant
from kubefed_dns.providers.webhook_wire import Endpoint
from kubefed_dns.providers.webhook_write import MOST, Held, Writing
from kubefed_dns.records import ALIAS, ROUTING, Group, RRset

log = logging.getLogger(__name__)

TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})
"""What external-dns knows."""
OUR_WORDS = ROUTING | {ALIAS}
TOKEN = "token"
TIMEOUT, LONGEST = 10.0, 300.0

_TOKEN = re.compile(r"[\x21-\x7e]+")


class Webhook:
    """One DNSProvider of type webhook.

    The protocol knows no zones: a webhook serves those that the context names,
    else those of its domain filter. It lists everything at once, so reading a
    part costs as much as reading all.

    Some webhooks round what they are given, or say no TTL. What becomes of our
    own sets is asked for (adjustendpoints) and remembered, and read as what was
    wanted, so that it is not put right for ever.

    Properties and set identifiers go through as they are. None is promised to
    choose an answer: the protocol does not say which a webhook knows, and many
    drop what they do not.
    """

    capabilities = Capabilities(types=TYPES, atomic=False, conditional=False)

    def __init__(self, context: Context) -> None:
        self._given = context.zones
        self._filter: tuple[str, ...] | None = None
        self._http = _http(context)
        self._meant: defaultdict[str, Meant] = defaultdict(Meant)

    def zones(self) -> Iterable[str]:
        """Negotiates; leaves out zones that the webhook's filter has no name of."""
        self._filter = tuple(dict.fromkeys(_filters(self._http.get("/"))))
        if not self._given and not self._filter:
            raise Misconfigured(
                "spec.zones: name the zones; the webhook's domain filter includes none by name"
            )
        return tuple(zone for zone in self._given or self._filter if self._serves(zone))

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        held = Held(zone, self._endpoints(zone), self._meant[zone])
        if names is None:
            self._meant[zone].forget(held.said)
            return tuple(held.rrsets())
        return tuple(rrset for name in names for rrset in held.nodes.get(name, {}).values())

    def marker(self, zone: str) -> None:
        """There is none."""
        self._check(zone)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        self._check(zone)
        if not groups:
            return ()
        writing = Writing(self._http, zone, self._meant[zone])
        ready, refusals = writing.adjust(groups)

        def read() -> piecemeal.Zone:
            writing.held = Held(zone, self._endpoints(zone), self._meant[zone])
            return writing.held.nodes

        backend = piecemeal.Backend(
            zone=zone,
            types=self.capabilities.types,
            read=read,
            apply=writing.apply,
            most=MOST,
            at_once=True,
        )
        return [*refusals, *piecemeal.write(ready, backend)]

    def spelled(self, sets: Sequence[RRset]) -> Sequence[RRset | str]:
        """Without our own words, which no webhook knows."""
        return [_spelled(each) for each in sets]

    def close(self) -> None:
        self._http.close()

    def _serves(self, zone: str) -> bool:
        """Whether zone and filter have a name in common; no filter means all."""
        return not self._filter or any(
            records.within(zone, each) or records.within(each, zone) for each in self._filter
        )

    def _check(self, zone: str) -> None:
        if self._filter is None:
            tuple(self.zones())
        assert self._filter is not None
        if zone not in (self._given or self._filter):
            raise ZoneGone(f"{self._http.url}: {zone} is not among spec.zones, nor in its filter")
        if not self._serves(zone):
            raise ZoneGone(
                f"{self._http.url}: its domain filter ({', '.join(self._filter)}) leaves out"
                f" {zone}; widen it there, or correct spec.zones"
            )

    def _endpoints(self, zone: str) -> Iterator[Endpoint]:
        """All of a zone, without what belongs to a closer one of those it serves."""
        self._check(zone)
        said = self._http.get("/records")
        if said is not None and not isinstance(said, list):
            raise ProviderError(f"{self._http.url}/records: its answer is no list of endpoints")
        zones = {zone, *(self._given or self._filter or ())}
        for each in said or ():
            name = _name(each)
            if name is None:
                log.warning("%s lists what is no endpoint of DNS; it is left out", self._http.url)
            elif records.longest_suffix(name, zones) == zone:
                yield each


def _spelled(wanted: RRset) -> RRset | str:
    if wanted.set_identifier and not wanted.properties:
        return "no property says when it is the answer"
    left = tuple(pair for pair in wanted.properties if pair[0] not in OUR_WORDS)
    return replace(wanted, properties=left)


def _name(said: Any) -> str | None:
    """The canonical name of an endpoint; None where it is none."""
    try:
        return wire.raw(said).name
    except (InvalidName, AttributeError):
        return None


def _filters(said: Any) -> Iterator[str]:
    """The names of a domain filter; without its exclusions and expressions, which say no zones."""
    found = said if isinstance(said, dict) else {}
    for text in found.get("include") or found.get("filters") or ():
        try:
            yield records.canonical(str(text).strip().removeprefix("."))
        except InvalidName:
            log.warning("A webhook's domain filter names %r, which is no name", text)


def _http(context: Context) -> Http:
    fields = Fields(context.settings, "spec.webhook", error=Misconfigured)
    url = _url(fields.text("url", required=True))
    timeout = fields.seconds("timeout", default=TIMEOUT)
    if not 0 < timeout <= LONGEST:
        raise fields.wrong("timeout", f"must be up to {LONGEST:g} s")
    token = context.secret.get(TOKEN, "").strip()
    if token and not _TOKEN.fullmatch(token):
        raise Misconfigured(
            f"key {TOKEN!r} of the Secret of spec.credentialsRef is no bearer token: it holds"
            " blanks, or characters that are not ASCII"
        )
    return Http(url, timeout=timeout, token=token, take=context.take)


def _url(text: str) -> str:
    """Checked; it is not shown where it is wrong, for it may hold what is secret."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise Misconfigured('spec.webhook.url: must be like "http://127.0.0.1:8888"')
    if parts.username or parts.password:
        raise Misconfigured(
            "spec.webhook.url: holds a user; give a bearer token as key 'token' of the Secret"
        )
    return text
