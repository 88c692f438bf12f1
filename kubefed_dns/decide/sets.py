"""What one name of a record holds: sets of addresses or host names, one for each of its shares."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kubefed_dns.api.endpoints import Endpoint, EndpointKey
from kubefed_dns.api.records import HostnameTargets, Record
from kubefed_dns.api.routing import Policy
from kubefed_dns.api.status import Entry
from kubefed_dns.decide import routes, targets
from kubefed_dns.decide.aliases import canonical_zone
from kubefed_dns.decide.routes import Share, Turn
from kubefed_dns.records import ALIAS, REGION

Resolved = Mapping[str, tuple[str, ...] | None]
"""The addresses of host names, in lower case and without a dot at the end.

Empty: the name has none. None, or not in it: the look-up failed, and no earlier
answer is known.
"""
FAMILIES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a name is served: `apex` is the beginning of a zone, where no CNAME can be.

    `routing` are the properties by which all of its providers choose among sets
    themselves; `aliases` says that all of them follow aliases themselves.
    """

    apex: bool = False
    routing: frozenset[str] = frozenset()
    aliases: bool = False


Survey = Callable[[str], Ground]


def anywhere(name: str) -> Ground:
    """Nothing is known of where names are served."""
    return Ground()


@dataclass(frozen=True, slots=True)
class Name:
    """The clusters behind a name; without `parent`, where it falls back to, it is routed."""

    name: str
    parent: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Pool:
    """What the clusters of one share serve."""

    share: Share
    ips: frozenset[str]
    hostnames: frozenset[str]

    def __len__(self) -> int:
        return len(self.ips) + len(self.hostnames)


Count = Callable[[_Pool], int]
Cnames = tuple[tuple[str, str], ...]
"""What a backend has to know of a CNAME."""


class Sets:
    """Makes the sets of one record's names; `current` are the endpoints as they are.

    `own` are all the names of the record: a host name that leads back to one of
    them is no target.
    """

    def __init__(
        self,
        record: Record,
        own: Collection[str],
        *,
        survey: Survey,
        resolved: Resolved | None = None,
        current: Iterable[Endpoint] = (),
    ) -> None:
        self._record = record
        self._own = own
        self._survey = survey
        self._resolved = resolved or {}
        self._current = tuple(current)
        self._kept = {endpoint.key: endpoint.targets for endpoint in self._current}

    def host_names(self, name: Name) -> frozenset[str]:
        """Those whose addresses are needed."""
        if self._cnames(name, self._pools(name, len)) is not None:
            return frozenset()
        return self._pool(Share(entries=name.entries)).hostnames

    def of(self, name: Name) -> Iterable[Endpoint]:
        """Without labels."""
        pools = self._pools(name, len)
        cnames = self._cnames(name, pools)
        if cnames is not None:
            return [
                self._endpoint(name, pool.share, "CNAME", tuple(pool.hostnames), cnames)
                for pool in pools
                if pool
            ]
        made = tuple(self._addressed(name))
        return made or self._last(name) or self._fallen_back(name)

    def _addressed(self, name: Name) -> Iterator[Endpoint]:
        """Of a fail-over, those that stand by have no type that the answer has not."""
        pools = self._pools(name, lambda pool: self._count(name, pool))
        parts = [(pool.share, self._addresses(name, pool)) for pool in pools]
        hub = self._policy(name) == Policy.FAILOVER
        types = parts[0][1].keys() if parts and hub else FAMILIES
        for share, found in parts:
            for kind, values in found.items():
                if kind in types:
                    yield self._endpoint(name, share, kind, values)

    def _pools(self, name: Name, count: Count) -> list[_Pool]:
        """The shares of a name that have targets; all in one where none has any."""
        routing = self._record.routing
        every = self._pool(Share(entries=name.entries))
        if self._policy(name) == Policy.SIMPLE:
            return [every]
        pools = [self._pool(share) for share in routes.shares(routing, name.entries)]
        if routing.policy == Policy.FAILOVER:
            turns = routes.in_turn(Turn(pool.share, count(pool)) for pool in pools)
            pools = [self._pool(share) for share in turns]
        pools = [pool for pool in pools if count(pool)]
        missing = routes.elsewhere(pool.share.identifier for pool in pools)
        if routing.policy == Policy.GEO and pools and missing is not None:
            pools.append(replace(every, share=missing))
        return pools or [every]

    def _policy(self, name: Name) -> Policy:
        return Policy.SIMPLE if name.parent else self._record.routing.policy

    def _pool(self, share: Share) -> _Pool:
        ips, hostnames = set[str](), set[str]()
        for item in (item for entry in share.entries for item in entry.ingress):
            for text in (item.ip, item.hostname):
                if targets.address(text) is not None:
                    ips.add(text)
                elif (found := targets.hostname(text)) is not None:
                    hostnames.add(found)
        return _Pool(share, frozenset(ips), frozenset(hostnames.difference(self._own)))

    def _cnames(self, name: Name, pools: Sequence[_Pool]) -> Cnames | None:
        """What the CNAMEs of a name need; None where addresses are published instead.

        A host name is used as it is only as the one target of its set, and only
        where every other set of the name is such a one too. Where not all
        providers choose among the sets, all the addresses are needed.
        """
        if self._record.hostname_targets != HostnameTargets.CNAME:
            return None
        if not all(len(pool) == len(pool.hostnames) == 1 for pool in pools):
            return None
        ground, word = self._survey(name.name), routes.WORDS.get(self._policy(name))
        if len(pools) > 1 and word not in ground.routing and word != routes.BY_HUB:
            return None
        if word == REGION and len({pool.share.routing for pool in pools}) < len(pools):
            return None  # The clusters of one region are one set.
        if ground.aliases and all(
            canonical_zone(host) for pool in pools for host in pool.hostnames
        ):
            return ((ALIAS, "true"),)
        return None if ground.apex else ()

    def _count(self, name: Name, pool: _Pool) -> int:
        return len(pool.ips) + sum(bool(self._known(name, pool, each)) for each in pool.hostnames)

    def _addresses(self, name: Name, pool: _Pool) -> Mapping[str, tuple[str, ...]]:
        found = set(pool.ips)
        for hostname in pool.hostnames:
            found.update(self._known(name, pool, hostname))
        return targets.by_family(found)

    def _known(self, name: Name, pool: _Pool, hostname: str) -> Sequence[str]:
        answer = self._resolved.get(hostname)
        if answer is not None:
            return answer
        keys = (EndpointKey(name.name, kind, pool.share.identifier) for kind in FAMILIES)
        return [text for key in keys for text in self._kept.get(key, ())]

    def _last(self, name: Name) -> list[Endpoint]:
        """As it is: where look-ups failed and it would be empty, whatever its sets were."""
        every = self._pool(Share(entries=name.entries)).hostnames
        if all(self._resolved.get(hostname) is not None for hostname in every):
            return []
        return [
            each
            for each in self._current
            if each.dns_name == name.name and each.record_type in FAMILIES and each.targets
        ]

    def _fallen_back(self, name: Name) -> list[Endpoint]:
        if not name.parent:
            return []
        return [self._endpoint(name, Share(), "CNAME", (name.parent,))]

    def _endpoint(
        self, name: Name, share: Share, kind: str, values: tuple[str, ...], more: Cnames = ()
    ) -> Endpoint:
        return Endpoint(
            name.name,
            kind,
            values,
            self._record.ttl,
            share.identifier,
            provider_specific=more,
            routing=share.routing,
        )
