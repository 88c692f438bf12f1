"""Where the set identifiers of Cloud DNS are kept, which has none.

In a TXT set of ours beside the name, with a note for each: the type, the marks
that the set is known again by, the identifier.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import google_sets as sets
from kubefed_dns.providers import text
from kubefed_dns.providers.spelling import Raw

BESIDE, ANY = "_kubefed-sets.", "_wildcard."
TTL = 300


class Note(NamedTuple):
    type: str
    marks: tuple[str, ...]
    identifier: str


def place(name: str) -> str:
    """Where the notes of a name stand. Raises InvalidName where DNS cannot carry it."""
    beside = BESIDE + (ANY + name.removeprefix("*.") if name.startswith("*.") else name)
    try:
        return records.canonical(beside)
    except InvalidName as error:
        raise InvalidName(f"{name}: it is too long for sets with identifiers: {error}") from error


def owner(name: str) -> str | None:
    """Whose notes can stand at a name."""
    if not name.startswith(BESIDE):
        return None
    rest = name.removeprefix(BESIDE)
    return f"*.{rest.removeprefix(ANY)}" if rest.startswith(ANY) else rest


def are(raw: Raw) -> bool:
    """Whether a set at such a place is notes, and nothing else."""
    values = raw.get("rrdatas", ())
    return raw["type"] == "TXT" and bool(values) and len(tuple(read(raw))) == len(values)


def read(raw: Raw) -> Iterator[Note]:
    for value in sorted(sets.values_of(raw)):
        try:
            rrtype, marks, identifier = text.joined(value).decode().split(" ")
        except ValueError:
            continue
        yield Note(rrtype, tuple(marks.split(",")), unquote(identifier))


def written(name: str, notes: Iterable[Note]) -> Raw | None:
    """None where there is nothing to note."""
    lines = (
        f"{note.type} {','.join(note.marks)} {quote(note.identifier, safe='')}" for note in notes
    )
    values = sorted(text.value(line.encode()) for line in lines)
    if not values:
        return None
    return {"name": place(name), "type": "TXT", "ttl": TTL, "rrdatas": values}
