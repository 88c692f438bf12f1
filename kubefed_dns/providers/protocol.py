"""What a DNS backend must offer, and how one is found."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, NamedTuple, Protocol, runtime_checkable

from kubefed_dns.errors import Misconfigured
from kubefed_dns.records import Group, RRset

GROUP = "kubefed_dns.providers"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend promises beyond the least.

    `atomic`: a group is taken whole or refused whole, and no reader sees a part
    of it. `conditional`: a change whose `old` is not what the backend holds, or
    a Create of what is there, is refused. `shared`: others may write to its
    zones too, so our names need ownership records. `types` can be written.
    `routing` names the properties (`records.ROUTING`) by which it chooses among
    the sets of a name, each with a set identifier, and gives them back when it
    is read; a set with another one is never handed to it. `aliases`: it follows
    a CNAME with the property `alias` itself, at an apex too, where it knows the
    target (`alias` then comes back as it was written).
    """

    types: frozenset[str] = frozenset({"A", "AAAA", "CNAME", "TXT"})
    atomic: bool = True
    conditional: bool = True
    shared: bool = True
    routing: frozenset[str] = frozenset()
    aliases: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a provider is made from: the parts of a DNSProvider object that concern it.

    `zones` are canonical names, empty for all that the account shows.
    `settings` is the block named as the type. `secret` holds the decoded keys
    of the Secret in `credentialsRef`, empty where there is none.
    Call `take` before every request; it waits for the account's token bucket.
    """

    name: str
    zones: tuple[str, ...] = ()
    zone_ids: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    take: Callable[[], None] = lambda: None


class Refusal(NamedTuple):
    """A group the backend did not take, whole, and what it said.

    `lost` says that the zone did not hold what the group expected: somebody
    else was there first, and a fresh plan is the remedy, not a quarantine.
    """

    group: Group
    reason: str
    lost: bool = False


@runtime_checkable
class Provider(Protocol):
    """A backend that holds zones.

    Methods may block: each is called in a worker thread, and never twice at
    once for one zone; zones are canonical names (absolute, lower case).
    Faults are raised as `kubefed_dns.errors.ProviderError` or a subclass, with
    a message that names cause and remedy and holds no secret.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def zones(self) -> Iterable[str]:
        """The zones it can write now, limited to those it was given."""
        ...

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        """All sets of the zone, without the apex's SOA and NS.

        With names, at least the sets of these names, and no set that is gone.
        Raises `Unlisted` where names can be read, but not the zone as a whole.
        """
        ...

    def marker(self, zone: str) -> str | None:
        """A cheap token that moves with every change of the zone; None where there is none."""
        ...

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        """Take each group whole or refuse it whole; one refusal does not stop the rest.

        Raises only when it cannot tell what became of the groups; it is then
        called again with a fresh plan.
        """
        ...

    def close(self) -> None:
        """Let go of connections; nothing is called afterwards."""
        ...


@runtime_checkable
class Settles(Protocol):
    """What a provider offers beside where a change that it has taken is not at once served."""

    def change(self, zone: str) -> str | None:
        """The id of the last change that `write` made in the zone, None before the first.

        Makes no request. `write` can have made several; earlier ones settle earlier.
        """
        ...

    def settled(self, zone: str, change: str) -> bool:
        """Whether every server of the zone serves that change; costs at most one request."""
        ...


@runtime_checkable
class Foresees(Protocol):
    """A provider that can tell its own writes from others'."""

    def expected(self, zone: str, marker: str) -> str | None:
        """The marker by now, if only we wrote since the zone was found to have this one.

        None where it cannot be told; makes no request.
        """
        ...


@runtime_checkable
class Spells(Protocol):
    """A provider that gives some sets back in other words than it was given."""

    def spelled(self, sets: Sequence[RRset]) -> Sequence[RRset | str]:
        """The wanted sets of one name as they are read once they are written, each in its place.

        This is what has to be compared with the zone, and what `write` is given.
        Names, types and set identifiers stay; properties of other backends go. A
        text instead says why a set cannot be there, and the remedy. Makes no request.
        """
        ...


@runtime_checkable
class Follows(Protocol):
    """A provider that can tell what has changed in a zone without reading all of it."""

    def changed(self, zone: str, marker: str) -> frozenset[str] | None:
        """The names that changed since the zone had this marker, whoever changed them.

        None where that cannot be told. It says nothing of what they hold.
        """
        ...


@runtime_checkable
class Complains(Protocol):
    """A provider of which a part may not work while names are published all the same."""

    def complaint(self) -> str | None:
        """What of its settings does not work, and the remedy; None where all does.

        Makes no request; asked every minute.
        """
        ...


@runtime_checkable
class Identifies(Protocol):
    """A provider that can tell zones of one name apart, and know one again from elsewhere."""

    def identity(self, zone: str) -> str | None:
        """The id of a zone of `zones()`, the same for whoever asks; makes no request.

        Two providers of one type that give the same write to one and the same zone.
        """
        ...


Factory = Callable[[Context], Provider]


def factory(name: str) -> Factory:
    """The provider class registered under a name.

    Raises Misconfigured, naming what is installed, where there is not exactly one.
    """
    found = tuple(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        known = ", ".join(sorted(entry_points(group=GROUP).names)) or "none"
        raise Misconfigured(
            f"spec.type: {len(found)} providers are installed as {name!r}; installed: {known}"
        )
    made: Factory = found[0].load()
    return made
