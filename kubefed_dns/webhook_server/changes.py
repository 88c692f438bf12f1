"""What external-dns wants changed, as groups that are taken or refused whole.

external-dns sends data and ownership side by side, each with what it was before
as external-dns knows it, or as it would write it anew. A group says what the zone
really holds; where that is not what external-dns had in mind, it is lost.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubefed_dns import records
from kubefed_dns.decide import ownership
from kubefed_dns.decide.ownership import Labels, Naming
from kubefed_dns.decide.reduction import Skills
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import webhook_wire as wire
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.webhook_wire import Endpoint
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update

OWNED = "ownedRecord"
"""The label that tells of an ownership record whose it is."""
PROPERTIES = "providerSpecific"
TTL = 300
"""Of what is new and says none."""

_SEALED = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_ORDER: tuple[type[Change], ...] = (Delete, Update, Create)


class Malformed(Exception):
    """A request that is not the protocol's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One set as it was, None where it was not, and as it should be.

    `owned` is whose ownership it says, empty for data; `fault` is why DNS
    cannot carry it.
    """

    name: str
    old: RRset | None
    new: RRset | None
    owned: str = ""
    fault: str = ""

    @property
    def keys(self) -> frozenset[RRKey]:
        return frozenset(rrset.key for rrset in (self.old, self.new) if rrset)


def parse(said: Any, naming: Naming) -> list[Wish]:
    """Read a request. Raises Malformed."""
    if not isinstance(said, dict):
        raise Malformed("changes are an object")
    # Releases of external-dns before 0.14 wrote the keys with a capital.
    lists = {key[:1].lower() + key[1:]: value for key, value in said.items()}
    old, new = _endpoints(lists, "updateOld"), _endpoints(lists, "updateNew")
    if len(old) != len(new):
        raise Malformed("updateOld and updateNew are not of one length")
    pairs: list[tuple[Endpoint | None, Endpoint | None]] = [
        *((each, None) for each in _endpoints(lists, "delete")),
        *zip(old, new, strict=True),
        *((None, each) for each in _endpoints(lists, "create")),
    ]
    wishes = [_wish(before, after) for before, after in pairs]
    data = {wish.name for wish in wishes if not wish.owned}
    return [_homed(wish, data, naming) for wish in wishes]


def sort(
    wishes: Iterable[Wish], zones: Sequence[str]
) -> tuple[dict[str, dict[str, list[Wish]]], list[str]]:
    """Wishes by zone and by the name that they belong to, and what no zone serves.

    Ownership that lies in another zone than its data cannot travel with it.
    """
    sorted_: dict[str, dict[str, list[Wish]]] = {}
    lost = []
    for wish in wishes:
        zone = records.longest_suffix(wish.name, zones)
        if zone is None:
            lost.append(f"{wish.name}: no zone here serves it")
            continue
        home = wish.owned or wish.name
        if records.longest_suffix(home, zones) != zone:
            home = wish.name
        sorted_.setdefault(zone, {}).setdefault(home, []).append(wish)
    return sorted_, lost


def group(name: str, wishes: Sequence[Wish], held: Mapping[RRKey, RRset]) -> Group | None:
    """The changes of one name, None where all is so already.

    Raises Refused, as lost where the zone holds something else.
    """
    changes: list[Change] = []
    for wish in wishes:
        if wish.fault:
            raise Refused(wish.fault)
        changes += _changes(wish, held)
    changes.sort(key=lambda change: _ORDER.index(type(change)))
    return Group(name, tuple(changes)) if changes else None


def adjusted(said: Sequence[Endpoint], skills: Skills) -> list[Endpoint]:
    """Endpoints as they will be listed, so that external-dns finds them unchanged.

    Their properties are put into the provider's words. Those that it does not
    know go, for they would be missed for ever; what it would refuse for them
    stays as it is, so that it is refused when it is written.
    """
    made = [{key: each[key] for key in each if key != PROPERTIES} for each in said]
    names: dict[str, list[tuple[Endpoint, RRset]]] = {}
    for each, endpoint in zip(said, made, strict=True):
        try:
            rrset = wire.rrset(each)
        except InvalidName:
            continue
        endpoint["targets"] = wire.targets(rrset.type, rrset.values)
        names.setdefault(rrset.name, []).append((endpoint, rrset))
    for found in names.values():
        spelled = skills.spelled([rrset for _, rrset in found])
        for (endpoint, rrset), other in zip(found, spelled, strict=True):
            _put(endpoint, rrset, rrset if isinstance(other, str) else other)
    return made


def _put(endpoint: Endpoint, said: RRset, made: RRset) -> None:
    if made.properties:
        endpoint[PROPERTIES] = wire.listed(made.properties)
    if said.ttl and made.ttl != said.ttl:
        endpoint["recordTTL"] = made.ttl


def known(wish: Wish, skills: Skills) -> Wish:
    """Without properties that mean nothing to a provider, which has no words of its own for them.

    One that has refuses what it does not know.
    """
    if wish.new is None or skills.spell is not None:
        return wish
    (new,) = skills.spelled([wish.new])
    return wish if isinstance(new, str) else replace(wish, new=new)


def _endpoints(lists: Mapping[str, Any], key: str) -> list[Endpoint]:
    found = lists.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Malformed(f"{key} is no list of endpoints")
    return found


def _wish(before: Endpoint | None, after: Endpoint | None) -> Wish:
    said = after or before or {}
    try:
        name = wire.raw(said).name
    except InvalidName as error:
        raise Malformed(str(error)) from error
    owned = _owned(said) or _owned(before or {})
    try:
        old, new = (wire.rrset(each) if each else None for each in (before, after))
    except InvalidName as error:
        return Wish(name, None, None, owned, str(error))
    return Wish(name, old, new, owned)


def _owned(said: Endpoint) -> str:
    labels = said.get("labels")
    is_text = str(said.get("recordType")).upper() == "TXT"
    found = labels.get(OWNED) if is_text and isinstance(labels, dict) else None
    try:
        return records.canonical(str(found)) if found else ""
    except InvalidName:
        return ""


def _homed(wish: Wish, data: Iterable[str], naming: Naming) -> Wish:
    """With the name that its ownership is of, where only its own name tells."""
    rrset = wish.new or wish.old
    if wish.owned or rrset is None or _labels(rrset) is None:
        return wish
    fits = [*naming.fits(wish.name), *naming.fits_older(wish.name)]
    homes = [subject.name for subject in fits if subject.name in data]
    return replace(wish, owned=homes[0] if homes else "")


def _changes(wish: Wish, held: Mapping[RRKey, RRset]) -> list[Change]:
    old, new = wish.old, wish.new
    if old is not None and new is not None and old.key != new.key:
        return [
            *_changes(replace(wish, new=None), held),
            *_changes(replace(wish, old=None), held),
        ]
    rrset = new or old
    assert rrset is not None
    there = held.get(rrset.key)
    if there is None:
        if old is None or new is None:
            return [Create(_timed(new, TTL))] if new else []
    elif new is not None and there == (new := _timed(new, there.ttl)):
        return []
    elif _meant(there, old, wish):
        return [Update(there, new) if new else Delete(there)]
    raise Refused(_differs(rrset, there), lost=True)


def _meant(there: RRset, old: RRset | None, wish: Wish) -> bool:
    """Whether what is held is what external-dns knew, but for its TTL.

    Ownership it writes anew to say what it was, and creates beside data that is
    there: for that its owner has to be the same.
    """
    if old is not None and old.values == there.values:
        return True
    rrset = old or wish.new
    owner = _owner(rrset) if rrset and wish.owned else None
    return owner is not None and owner == _owner(there)


def _timed(rrset: RRset, ttl: int) -> RRset:
    return rrset if rrset.ttl else replace(rrset, ttl=ttl)


def _labels(rrset: RRset) -> Labels | None:
    if rrset.type != "TXT":
        return None
    found = (ownership.parse(ownership.text_of(value)) for value in rrset.values)
    return next((labels for labels in found if labels), None)


def _owner(rrset: RRset) -> str | None:
    """Who an ownership record names, empty where that is encrypted; None for any other set."""
    labels = _labels(rrset)
    if labels is not None:
        return labels.owner
    texts = map(ownership.text_of, rrset.values if rrset.type == "TXT" else ())
    return "" if any(_SEALED.fullmatch(text.strip('"')) for text in texts) else None


def _differs(rrset: RRset, there: RRset | None) -> str:
    where = f"{rrset.name} {rrset.type}"
    if there is None:
        return f"{where} is not there any more"
    return f"{where} is {' '.join(there.values)} with a TTL of {there.ttl}, not what was expected"
