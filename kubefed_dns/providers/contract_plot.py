"""What the rows of the provider contract are made with: their marks and the ground they work on."""

from collections.abc import Callable
from typing import TypeVar

from kubefed_dns import records
from kubefed_dns.providers.protocol import Provider, Refusal
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


def claimed(*types: str, atomic: bool = False, conditional: bool = False) -> Callable[[Row], Row]:
    """A row for providers that write these types and make these promises."""

    def mark(row: Row) -> Row:
        vars(row)["claimed"] = (frozenset(types), atomic, conditional)
        return row

    return mark


class Plot:
    """A label of its own in the zone under test, and the names that were made in it."""

    def __init__(self, provider: Provider, zone: str, label: str) -> None:
        self.provider = provider
        self.zone = zone
        self.label = label
        self._made: set[RRKey] = set()

    def name(self, first: str) -> str:
        return f"{first}.{self.label}.{self.zone}"

    def rrset(self, first: str, rrtype: str, *values: str, ttl: int = 300) -> RRset:
        """A set at a name of the plot; at the zone's apex where `first` is "@"."""
        name = self.zone if first == "@" else self.name(first)
        made = records.rrset(name, rrtype, ttl, values)
        self._made.add(made.key)
        return made

    def address(self, first: str, value: str = "192.0.2.1", *, ttl: int = 300) -> RRset:
        return self.rrset(first, "A", value, ttl=ttl)

    def owned(self, first: str, text: str = "heritage=test,owner=contract") -> RRset:
        return self.rrset(f"a-{first}", "TXT", f'"{text}"')

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
