"""What the controller would write to each zone, worked out from the outside."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kubefed_core.errors import KubeFedError
from kubefed_core.objects import Key, Obj, key_of, labels
from kubefed_core.resources import NAMESPACES
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.commands.backends import Backends, Opened
from kubefed_dns.commands.hub import Hub
from kubefed_dns.controllers.zones import byname
from kubefed_dns.controllers.zones.backend import ledger_of
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.intake import bidder
from kubefed_dns.controllers.zones.ledger import Ledger, survey
from kubefed_dns.controllers.zones.reverse import asks_to_point_back
from kubefed_dns.decide import reverse
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.reverse import Pointer
from kubefed_dns.errors import Unlisted
from kubefed_dns.providers.protocol import Provider
from kubefed_dns.records import RRset, canonical
from kubefed_dns.resources import ENDPOINTS


@dataclass
class Zone:
    """One zone: its ledger with what it holds and what is wanted, or why it cannot be told.

    `owned` are the names at which something may be ours.
    """

    site: Site
    opened: Opened
    ledger: Ledger | None = None
    owned: frozenset[str] = frozenset()
    error: str = ""


@dataclass
class Picture:
    """All that is wanted and where, and each zone; `problems` concern no zone."""

    index: Index
    zones: list[Zone] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def at(self, name: str) -> Iterator[tuple[Zone, Ledger]]:
        """The zones where a name is served and that could be read."""
        for zone in self.zones:
            if zone.ledger is not None and zone.ledger.bids(name):
                yield zone, zone.ledger


def index(hub: Hub, backends: Backends, objects: Iterable[Obj]) -> Index:
    """Who wants what where, by these DNSEndpoints."""

    def known(namespace: str) -> dict[str, str] | None:
        obj = hub.get(NAMESPACES, Key("", namespace))
        return dict(labels(obj)) if obj is not None else {}

    made = Index(labels=known)
    made.directory = backends.directory
    for obj in objects:
        made.put(key_of(obj), bidder(hub, obj, known=None))
    made.place(made.names())
    return made


def picture(
    hub: Hub,
    backends: Backends,
    objects: Collection[Obj],
    *,
    provider: str = "",
    zone: str = "",
) -> Picture:
    """Read every zone that is served (or those of one provider, or of one name).

    `objects` are the DNSEndpoints as they are to be. A zone in which nothing is
    wanted is read too: something of ours may be there.
    """
    wanted = index(hub, backends, objects)
    found = Picture(wanted, problems=list(backends.problems))
    for key in sorted(wanted.keys()):
        made = wanted.bidder(key)
        if made is not None and made.problem is not None:
            found.problems.append(f"DNSEndpoint {key}: {made.problem.message}")
    for opened in backends.opened.values():
        if provider in {"", opened.name}:
            found.zones += _zones(hub, backends, opened, wanted, only=zone)
    return found


def _zones(
    hub: Hub, backends: Backends, opened: Opened, wanted: Index, *, only: str
) -> Iterator[Zone]:
    """Those of one provider; the reverse ones last, for what points back is known by the others."""
    names = opened.entry.own_zones(_embedded(backends, opened))
    points_back = opened.trade is not None and asks_to_point_back(opened.trade.spec)
    pointing = _Pointing(names)
    for name in sorted(names, key=lambda each: (reverse.is_reverse(each), each)) or [""]:
        needed = points_back and reverse.is_reverse(only) and not reverse.is_reverse(name)
        if only not in {"", name} and not needed:
            continue
        zone = Zone(Site(opened.name, name), opened, error=opened.error)
        if points_back and reverse.is_reverse(name):
            zone.error = zone.error or pointing.error
        if name and not zone.error:
            _read(hub, backends, zone, {**pointing.bids(name), **wanted.at(zone.site)})
        if points_back and not reverse.is_reverse(name):
            pointing.follow(zone)
        if only in {"", name} and (name or zone.error):
            yield zone


@dataclass
class _Pointing:
    """What is to point back to the names of a provider with these zones."""

    zones: Collection[str]
    found: dict[str, list[Pointer]] = field(default_factory=dict)
    error: str = ""

    def follow(self, zone: Zone) -> None:
        ledger = zone.ledger
        if ledger is None:
            self.error = f"what points back is not known before {zone.site.zone} can be read"
            return
        for name in ledger.wanted():
            if ledger.plan(name).problem is None:
                wants = ledger.wants.get(name, ())
                for pointer in reverse.pointers(name, wants, ledger.bids(name)):
                    self.found.setdefault(pointer.name, []).append(pointer)

    def bids(self, zone: str) -> dict[str, tuple[Bid, ...]]:
        return {
            name: (reverse.bid(pointers),)
            for name, pointers in self.found.items()
            if reverse.zone_of(name, self.zones) == zone
        }


def _embedded(backends: Backends, opened: Opened) -> Collection[str]:
    directory = backends.directory
    return directory.embedded_zones() if opened.name == directory.embedded else ()


def _read(hub: Hub, backends: Backends, zone: Zone, wanted: Mapping[str, tuple[Bid, ...]]) -> None:
    opened = zone.opened
    assert opened.trade is not None
    assert opened.provider is not None
    ledger = ledger_of(opened.trade, opened.provider, zone.site)
    for name, bids in wanted.items():
        ledger.offer(name, bids)
    try:
        sets = _served(hub, backends, zone) if opened.embedded else _held(opened.provider, ledger)
    except (KubeFedError, OSError) as error:
        zone.error = str(error)
        return
    found = survey(sets, ledger.terms.registry)
    ledger.know(found)
    ledger.prepare(sorted(ledger.wanted() | found.owned))
    zone.ledger, zone.owned = ledger, found.owned


def _held(provider: Provider, ledger: Ledger) -> Iterable[RRset]:
    """What a zone holds; where that is not listed, what is wanted there and whose it is."""
    try:
        return tuple(provider.read(ledger.zone))
    except Unlisted:
        return byname.read(provider, ledger, ledger.wanted())[1]


def _served(hub: Hub, backends: Backends, zone: Zone) -> list[RRset]:
    """What the embedded server has by the word of the DNSEndpoints' status.

    It lives in the controller, so there is nobody else to ask. A DNSEndpoint that
    is no longer there has left nothing.
    """
    before = tuple(hub.before(ENDPOINTS))
    there = {(key_of(obj), each) for obj in before for each in _placed(obj, zone.site)}
    assert zone.opened.trade is not None
    assert zone.opened.provider is not None
    ledger = ledger_of(zone.opened.trade, zone.opened.provider, zone.site)
    now = index(hub, backends, before)

    def stands(bid: Bid) -> bool:
        return (Key(bid.source.namespace, bid.source.name), bid.key) in there

    for name, bids in now.at(zone.site).items():
        ledger.offer(name, tuple(bid for bid in bids if stands(bid)))
    names = ledger.wanted()
    ledger.prepare(names)
    return [want.rrset for name in names for want in ledger.wants.get(name, ())]


def _placed(obj: Obj, site: Site) -> Iterator[endpoints_api.EndpointKey]:
    for state in endpoints_api.parse_status(obj.get("status")).endpoints:
        for each in state.providers:
            if each.name == site.provider and canonical(each.zone) == site.zone and not each.error:
                yield state.key
