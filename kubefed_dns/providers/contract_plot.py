"""What the rows of the provider contract are made with: their marks and the ground they work on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kubefed_dns import records
from kubefed_dns.providers.protocol import Capabilities, Provider, Refusal, Spells
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset

MANY = 300

Row = TypeVar("Row", bound=Callable[..., None])

TEXTS = (
    ("quotes", r'"say \"yes\""'),
    ("backslashes", r'"C:\\zone\\"'),
    ("semicolons, commas and equals signs", '"v=1; a=b, c=d;"'),
    ("spaces at the ends and in a row", '" a  b "'),
    ("UTF-8", '"grüße, 世界"'),
    ("octets that are no text", r'"\200\255"'),
    ("two strings", '"one" "two"'),
    ("more than 255 octets in several strings", f'"{"x" * 255}" "{"y" * 255}" "z"'),
)


@dataclass(frozen=True, slots=True)
class Need:
    """What a row asks of a provider; `routed`: that it routes by anything at all."""

    types: frozenset[str] = frozenset()
    atomic: bool = False
    conditional: bool = False
    routed: bool = False
    routing: frozenset[str] = frozenset()
    aliases: bool = False

    def met(self, claims: Capabilities) -> bool:
        return (
            self.types <= claims.types
            and self.routing <= claims.routing
            and claims.atomic >= self.atomic
            and claims.conditional >= self.conditional
            and bool(claims.routing) >= self.routed
            and claims.aliases >= self.aliases
        )


def claimed(
    *types: str,
    atomic: bool = False,
    conditional: bool = False,
    routed: bool = False,
    routing: Iterable[str] = (),
    aliases: bool = False,
) -> Callable[[Row], Row]:
    """A row for providers that write these types and make these promises."""
    need = Need(frozenset(types), atomic, conditional, routed, frozenset(routing), aliases)

    def mark(row: Row) -> Row:
        vars(row)["need"] = need
        return row

    return mark


def needed(row: object) -> Need:
    """What it asks for; nothing where it is not marked."""
    need = getattr(row, "need", None)
    return need if isinstance(need, Need) else Need()


def rows_of(cls: type) -> dict[str, object]:
    """The marked rows as they were written, whether or not a class between claims enough for them.

    What a class has put None in the place of, of its own will, is none.
    """
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        for name, row in vars(base).items():
            if name in vars(base).get("unclaimed", ()):
                continue
            if name in found or hasattr(row, "need"):
                found[name] = row
    return {name: row for name, row in found.items() if hasattr(row, "need")}


class Plot:
    """A label of its own in the zone under test, and the names that were made in it."""

    def __init__(self, provider: Provider, zone: str, label: str) -> None:
        self.provider = provider
        self.zone = zone
        self.label = label
        self._made: set[RRKey] = set()

    def name(self, first: str) -> str:
        return f"{first}.{self.label}.{self.zone}"

    def rrset(
        self,
        first: str,
        rrtype: str,
        *values: str,
        ttl: int = 300,
        identifier: str = "",
        properties: Mapping[str, str] | None = None,
    ) -> RRset:
        """A set at a name of the plot; at the zone's apex where `first` is "@"."""
        name = self.zone if first == "@" else self.name(first)
        made = records.rrset(
            name, rrtype, ttl, values, set_identifier=identifier, properties=properties
        )
        self._made.add(made.key)
        return made

    def address(self, first: str, value: str = "192.0.2.1", *, ttl: int = 300) -> RRset:
        return self.rrset(first, "A", value, ttl=ttl)

    def owned(self, first: str, text: str = "heritage=test,owner=contract") -> RRset:
        return self.rrset(f"a-{first}", "TXT", f'"{text}"')

    def routed(
        self, first: str, value: str, identifier: str, *, rrtype: str = "A", **said: str
    ) -> RRset:
        """One of several sets of a name."""
        return self.rrset(first, rrtype, value, identifier=identifier, properties=said)

    def owning(self, data: RRset) -> RRset:
        """The ownership of one of several sets, which is chosen as it is."""
        first = f"{data.type.lower()}-{data.name.partition('.')[0]}"
        return self.rrset(
            first,
            "TXT",
            '"heritage=test,owner=contract"',
            identifier=data.set_identifier,
            properties=dict(data.properties),
        )

    def spelled(self, *sets: RRset) -> tuple[RRset, ...]:
        """The sets in the provider's words, as it is given them; each name by itself."""
        if not isinstance(self.provider, Spells):
            return sets
        found: dict[RRKey, RRset] = {}
        for name in dict.fromkeys(rrset.name for rrset in sets):
            mine = [rrset for rrset in sets if rrset.name == name]
            for wanted, made in zip(mine, self.provider.spelled(mine), strict=True):
                assert isinstance(made, RRset), made
                found[wanted.key] = made
        return tuple(found[rrset.key] for rrset in sets)

    def held(self, *names: str) -> frozenset[RRset]:
        """Of what was made here, what the zone holds now; read by name where names are given."""
        found = self.provider.read(self.zone, names or None)
        return frozenset(rrset for rrset in found if rrset.key in self._made)

    def write(self, *groups: Group) -> list[Refusal]:
        return list(self.provider.write(self.zone, groups))

    def put(self, *rrsets: RRset) -> None:
        """Create each set in a group of its own; all have to be taken."""
        refused = self.write(*(group(Create(rrset)) for rrset in rrsets))
        assert not refused, f"refused: {refused}"

    def clear(self) -> None:
        self.write(*(group(Delete(rrset)) for rrset in self.held()))


def group(*changes: Change) -> Group:
    first = changes[0]
    return Group((first.old if isinstance(first, Delete) else first.new).name, changes)
