"""What a zone says to a question for a name within it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kubefed_dns.server.data import Records
from kubefed_dns.server.routing import Options

Owned = tuple[bytes, Records]


@dataclass(frozen=True, slots=True)
class Data:
    """The name has what was asked for; `extra` are addresses of name servers it names."""

    records: Records
    extra: tuple[Owned, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """The name has several sets of a type, and what is the answer depends on who asks.

    The type is the one that was asked for, or CNAME. `soa` is for who gets none.
    """

    options: Options
    type: int
    soa: Owned


@dataclass(frozen=True, slots=True)
class Alias:
    """The name is another name for `target`."""

    records: Records
    target: bytes


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists, without that type."""

    soa: Owned


@dataclass(frozen=True, slots=True)
class NoName:
    """The name does not exist, nor anything below it."""

    soa: Owned


@dataclass(frozen=True, slots=True)
class Referral:
    """The name belongs to a zone that this one hands on to other servers."""

    servers: Owned
    glue: tuple[Owned, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The zone has not been filled yet, so it cannot tell."""


class Copy(NamedTuple):
    """A zone at one moment; `soa` is not among `sets`, which are made as they are taken."""

    serial: int
    soa: Owned
    names: int
    sets: Iterable[Owned]


Settled = Data | Alias | NoData | NoName | Referral | Unknown
Found = Settled | Routed
