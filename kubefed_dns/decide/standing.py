"""One name as it is in a zone, whose its sets are, and what is wanted of it."""

from kubefed_dns.decide.claims import Claim, Claims, Held, Register, Wanted
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.decide.terms import Terms, floored
from kubefed_dns.records import ROUTING, Properties, RRKey, RRset

BLOCKING = frozenset({"A", "AAAA", "CNAME", "NS"})
"""Another's set of these types keeps us from a name; other types can stand beside ours."""
BESIDE_CNAME = frozenset({"RRSIG", "NSEC", "NSEC3"})


class Standing:
    """`want` and `have` are by key; `have` is without the sets in `registers`.

    Those hold nothing but ownership records of ours, of whatever name. `ours`
    are the keys of those that are, `claims` what is said of whose they are.
    """

    def __init__(
        self, name: str, wanted: Wanted, held: Held, terms: Terms, register: Register | None
    ) -> None:
        self.name = name
        self.terms = terms
        self.held = held
        self.wanted = wanted
        self.registry = terms.registry
        self.want = {want.rrset.key: floored(want, terms.min_ttl) for want in wanted.get(name, ())}
        self.claims: dict[RRKey, list[Claim]] = {}
        self.reading = Claims(wanted, held, register) if register else None
        if self.reading is not None:
            for claim in self.reading.of(name):
                self.claims.setdefault(claim.key, []).append(claim)
        there = {rrset.key: rrset for rrset in held.get(name, ())}
        self.registers = {key for key, rrset in there.items() if self.only_ours(rrset)}
        self.have = {key: rrset for key, rrset in there.items() if key not in self.registers}
        self.ours = {key for key in self.have if self.is_ours(key)}

    def our(self, claim: Claim) -> bool:
        return self.registry is not None and claim.labels.owner == self.registry.owner

    def own(self, key: RRKey) -> list[Claim]:
        return [claim for claim in self.claims.get(key, ()) if self.our(claim)]

    def only_ours(self, rrset: RRset) -> bool:
        """Whether a set at the name is nothing but ownership records of ours."""
        if self.registry is None or rrset.type != "TXT":
            return False
        read = [self.registry.read(value) for value in rrset.values]
        return all(labels and labels.owner == self.registry.owner for labels in read)

    def is_ours(self, key: RRKey) -> bool:
        """By the records in the first place where any speak of it; all of them must agree."""
        if self.registry is None:
            return True
        if key.type == "TXT" and any(self.registry.read(v) for v in self.have[key].values):
            return False
        found = self.claims.get(key, [])
        where = [claim for claim in found if claim.txt.key == found[0].txt.key]
        return bool(where) and all(self.our(claim) for claim in where)

    def doubtful(self, key: RRKey) -> bool:
        """Whether a set is ours only by a record that may once have been another set's."""
        return all(claim.doubtful for claim in self.own(key)) and bool(self.own(key))

    def claimed(self, key: RRKey, place: RRKey | None, resource: str) -> bool:
        """Whether ownership stands in its place, names this resource and is routed as its data.

        Its TTL is no matter, nor what else a backend has to know of data.
        """
        wanted = _routing(self.want[key].rrset.properties)
        return place is None or any(
            claim.txt.key == place
            and claim.labels.resource == resource
            and _routing(claim.txt.properties) == wanted
            for claim in self.own(key)
        )

    def excludes(self, rrtype: str) -> bool:
        """Whether another's set of this type keeps ours out."""
        types = {key.type for key in self.want}
        return rrtype in BLOCKING or rrtype in types or (self.alone and rrtype not in BESIDE_CNAME)

    @property
    def alone(self) -> bool:
        """Whether it wants a CNAME, beside which nothing can stand."""
        return any(rrset.type == "CNAME" and not rrset.alias for rrset, _ in self.want.values())

    def bars(self, register: RRKey) -> bool:
        """Whether a TXT set of ownership cannot stay where something else is wanted of its name."""
        return self.alone or any(
            key.type == "TXT" and bool(key.set_identifier) != bool(register.set_identifier)
            for key in self.want
        )

    def clears(self, key: RRKey) -> bool:
        """Whether all that a TXT set at the name says, it says of this name, and so it goes."""
        here = {c.value for found in self.claims.values() for c in found if c.txt.key == key}
        there = next(rrset for rrset in self.held[self.name] if rrset.key == key)
        return here.issuperset(there.values)

    def claimed_at(self, key: RRKey, place: RRKey | None) -> bool:
        return place is None or any(claim.txt.key == place for claim in self.own(key))

    def described(self, key: RRKey) -> str:
        for claim in self.claims.get(key, ()):
            if not self.our(claim):
                owner, resource = claim.labels
                named = f" ({resource})" if resource else ""
                return f"{key.name} {key.type} belongs to owner {owner!r}{named}"
        return f"{key.name} {key.type} is in the zone without an ownership record of ours"

    def value(self, key: RRKey, place: RRKey, resource: str, registry: Registry) -> str:
        """As it stands there, if it does: an encrypted one is another each time."""
        for claim in self.own(key):
            if claim.txt.key == place and claim.labels.resource == resource:
                return claim.value
        return registry.write(resource)


def _routing(properties: Properties) -> Properties:
    return tuple(pair for pair in properties if pair[0] in ROUTING)
