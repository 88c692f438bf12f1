"""The DNSProviders of a host, opened from the command line as the controller opens them."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kubefed_core.errors import KubeFedError, Terminal
from kubefed_core.objects import deleting, key_of
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import providers as api
from kubefed_dns.api.domains import Domain
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.commands.hub import Hub
from kubefed_dns.controllers.zones import entry as entries
from kubefed_dns.controllers.zones import secrets
from kubefed_dns.controllers.zones.backend import Trade
from kubefed_dns.controllers.zones.entry import Entry
from kubefed_dns.controllers.zones.rate import limiter
from kubefed_dns.decide.placing import EMBEDDED, Directory, Server
from kubefed_dns.providers import protocol
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context, Provider
from kubefed_dns.records import canonical, within
from kubefed_dns.resources import DOMAINS, PROVIDERS
from kubefed_dns.server.server import Server as DnsServer


@dataclass
class Opened:
    """A DNSProvider: with a connection, or with the reason why there is none."""

    entry: Entry
    trade: Trade | None = None
    provider: Provider | None = None
    error: str = ""

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def embedded(self) -> bool:
        return self.entry.embedded


@dataclass(frozen=True)
class Backends:
    """All the DNSProviders, by name, and where names go by them and the Domains."""

    opened: Mapping[str, Opened]
    directory: Directory
    problems: tuple[str, ...]


def declared(hub: Hub) -> Backends:
    """As far as the host tells, without asking any provider."""
    return _backends(hub, {each.name: each for each in _declared(hub)})


@contextlib.contextmanager
def opened(hub: Hub, *, only: str = "") -> Iterator[Backends]:
    """Connect to each provider (or to one, by name) and find its zones.

    One that cannot be reached, or read, is there with its error: the others are
    not worse for it. Nothing is written.
    """
    found = {each.name: each for each in _declared(hub)}
    try:
        for each in found.values():
            if not each.error and only in {"", each.name}:
                _connect(hub, each)
        yield _backends(hub, found)
    finally:
        for each in found.values():
            if each.provider is not None:
                with contextlib.suppress(KubeFedError, OSError):
                    each.provider.close()


def _backends(hub: Hub, found: Mapping[str, Opened]) -> Backends:
    entries.settle(each.entry for each in found.values())
    domains, problems = _domains(hub)
    return Backends(found, Directory(domains=domains, servers=_servers(hub, found)), problems)


def _declared(hub: Hub) -> Iterator[Opened]:
    spoken = False
    for obj in hub.list(PROVIDERS):
        if key_of(obj).namespace != hub.namespace:
            continue
        entry = Entry(key_of(obj).name, str(obj["metadata"].get("creationTimestamp") or ""))
        try:
            spec = api.parse(obj)
        except Terminal as error:
            yield Opened(entry, error=str(error))
            continue
        spoken = spoken or spec.type == EMBEDDED
        entry.spec = entries.lasting(spec)
        entry.zones = frozenset({canonical(z.name) for z in spec.status.zones} | {*spec.zones})
        yield Opened(entry)
    if not spoken:
        yield Opened(Entry(EMBEDDED, spec=entries.unspoken(hub.namespace)))


def _connect(hub: Hub, each: Opened) -> None:
    spec = each.entry.spec
    assert spec is not None
    try:
        each.trade = _trade(hub, spec)
        each.provider = _made(each.trade, each.name)
        if not each.embedded:
            listed = frozenset(each.provider.zones())
            unlisted = (z for z in spec.zones if not any(within(one, z) for one in listed))
            each.entry.zones = listed | set(unlisted)
    except (KubeFedError, OSError) as error:
        each.error = str(error)


def _trade(hub: Hub, spec: DNSProvider) -> Trade:
    secret = tuple(sorted(secrets.credentials(hub, spec).items()))
    owner = spec.owner_id
    if not owner and spec.type != EMBEDDED:
        owner = secrets.owner_of(hub.system_uid)
    return Trade(spec, owner, secrets.encryption_key(hub, spec), secret)


def _made(trade: Trade, name: str) -> Provider:
    spec = trade.spec
    context = Context(
        name,
        zones=() if spec.type == EMBEDDED else spec.zones,
        zone_ids=spec.zone_ids,
        settings=spec.settings,
        secret=dict(trade.secret),
        take=limiter(spec.type, spec.rate_limit),
    )
    if spec.type == EMBEDDED:
        # The zones are in the controller's process: only what it is able to is of use here.
        bare = replace(context, settings={}, secret={})
        return Embedded(bare, server=DnsServer(now=_now))
    return protocol.factory(spec.type)(context)


def _now() -> datetime:
    return datetime.now(UTC)


def _domains(hub: Hub) -> tuple[list[Domain], tuple[str, ...]]:
    found, problems = [], []
    for obj in hub.list(DOMAINS):
        if key_of(obj).namespace != hub.namespace:
            continue
        try:
            found.append(domains_api.parse(obj))
        except Terminal as error:
            problems.append(f"Domain {key_of(obj).name}: {error}; it is not used")
    return found, tuple(problems)


def _servers(hub: Hub, found: Mapping[str, Opened]) -> list[Server]:
    leaving = {key_of(obj).name for obj in hub.list(PROVIDERS) if deleting(obj)}
    return [
        Server(
            each.name,
            each.entry.zones - each.entry.contested.keys(),
            each.entry.created,
            each.entry.spec.allowed_namespaces if each.entry.spec else None,
            embedded=each.embedded,
            named=each.entry.named,
        )
        for each in found.values()
        if each.name not in leaving
    ]
