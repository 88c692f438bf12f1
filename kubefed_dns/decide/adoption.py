"""From one owner to another: only what ownership records say changes, never data."""

from kubefed_dns.decide import claims
from kubefed_dns.decide.claims import Claim, Claims
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.records import Group


def names_of(owner: str, reading: Claims) -> set[str]:
    """The names at which a set is there that belongs to an owner."""
    return {
        name
        for name, sets in reading.held.items()
        if {rrset.key for rrset in sets} & {each.key for each in _of(owner, name, reading)}
    }


def move(
    name: str, reading: Claims, *, giver: str, taker: Registry, resource: str = ""
) -> Group | None:
    """Let all ownership records of a name say the taker's owner where they say the giver's.

    They name `resource` then, or without one what they named before. None where
    the giver has nothing of the name.
    """
    found = _of(giver, name, reading)
    add = [(each.txt.key, taker.write(resource or each.labels.resource)) for each in found]
    ttl = max((each.txt.ttl for each in found), default=0)
    # A record that names no type speaks of several sets, and is one value all the same.
    changes = claims.edit(reading.held, remove=found, add=dict(add).items(), ttl=ttl)
    group = Group(name, tuple(changes))
    return group if group.changes else None


def _of(owner: str, name: str, reading: Claims) -> list[Claim]:
    """What certainly says that a name is an owner's."""
    return [each for each in reading.of(name) if each.labels.owner == owner and not each.doubtful]
