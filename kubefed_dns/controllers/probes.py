"""Probes of the records' targets: each target is probed once, however many records have it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.records import Record
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.controllers.locality import Localities
from kubefed_dns.decide import names, probing, pulses, targets
from kubefed_dns.decide.probing import BAD, FRESH, Answer, Failed, Passed, Track, Unasked
from kubefed_dns.decide.sights import Probe, Pulse, Sight
from kubefed_dns.errors import Unreachable
from kubefed_dns.resolve import NotYet, Resolver

log = logging.getLogger(__name__)

WORKERS = 128
"""How many targets are probed at once, of those that answer, and again of those that do not."""
EAGER = 1.0
"""Seconds within which a target is probed for the first time."""
IMPATIENT = 1.0
"""Seconds after which a host name is asked for again that is still being looked up."""
MOST = 16
"""How many of a host name's addresses are probed."""

Edge = Callable[[str, Health], Awaitable[str]]
"""Asks an address; promises what `probe.Prober` does."""


class Target(NamedTuple):
    """An address or a host name, how it is probed, and whether it may lead to a local address.

    The host of `health` is filled in.
    """

    text: str
    health: Health
    local: bool = False

    def __str__(self) -> str:
        return f"{self.text} {self.health.protocol} {self.health.port}"


@dataclass
class _Watched:
    """`ill` says among which it is probed."""

    track: Track
    ttl: float
    ill: bool = False
    wanted_by: set[RecordKey] = field(default_factory=set)


class Probes:
    """Keys are targets; `changed` is told of the records for which a verdict is another one.

    Those that do not answer are probed apart, so that one that hangs holds up
    only others that hang.
    """

    def __init__(
        self,
        *,
        edge: Edge,
        resolver: Resolver,
        localities: Localities,
        changed: Callable[[RecordKey], None],
        meter: Meter | None = None,
        share: Callable[[str], float] = probing.share,
    ) -> None:
        self._edge = edge
        self._resolver = resolver
        self._localities = localities
        self._changed = changed
        self._share = share
        self._watched: dict[Target, _Watched] = {}
        self._of: dict[RecordKey, set[Target]] = {}
        self._well: Controller[Target] = Controller(
            "probes", partial(self._look, False), workers=WORKERS, meter=meter
        )
        self._ill: Controller[Target] = Controller(
            "failing-probes", partial(self._look, True), workers=WORKERS, meter=meter
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for each in (self._well, self._ill):
                group.create_task(each.run(), name=each.name)

    def seen(self, key: RecordKey, record: Record, sights: Iterable[Sight]) -> list[Sight]:
        """Begin to probe what is seen, and what the status has; the sights with what is known.

        Whoever calls this calls `only` in the end, so that nothing else is probed.
        """
        return [self._with_pulses(key, record, sight) for sight in sights]

    def only(self, key: RecordKey, record: Record, sights: Iterable[Sight]) -> None:
        """Probe for a record what is seen of these clusters, and nothing else."""
        self._localities.forget(key)
        wanted: set[Target] = set()
        for sight in sights:
            known = targets.texts(pulses.known(sight, record.status.entry(sight.cluster)))
            wanted.update(self._targets(key, record, sight, known).values())
        self._keep(key, wanted)

    def forget(self, key: RecordKey) -> None:
        """The record is gone, or asks for no probes."""
        self._localities.forget(key)
        self._keep(key, set())

    def _with_pulses(self, key: RecordKey, record: Record, sight: Sight) -> Sight:
        if record.health is None:
            return sight
        before = record.status.entry(sight.cluster)
        found = set(targets.texts(sight.addresses))
        if before is not None:
            found |= {*targets.texts(before.ingress), *before.unhealthy}
        made = self._targets(key, record, sight, found)
        probes = {
            text: Pulse(Probe.REFUSED, _local(text))
            for text in found - made.keys()
            if targets.local_target(text)
        }
        for text, target in made.items():
            bad = before is not None and before.unwell(text)
            probes[text] = self._watch(key, target, bad=bad, ttl=record.ttl)
        return replace(sight, probes=probes)

    def _targets(
        self, key: RecordKey, record: Record, sight: Sight, texts: Iterable[str]
    ) -> dict[str, Target]:
        """How each of a cluster's targets is to be probed; not those that must not or cannot be."""
        if record.health is None:
            return {}
        host = names.probed(record, sight.hosts)
        made, found = replace(record.health, host=host), dict[str, Target]()
        if made.protocol is Protocol.TCP:
            made = replace(made, host="")
        for text in texts:
            named = targets.address(text) is None
            if named and targets.hostname(text) is None:
                continue
            near, local = targets.local_target(text), False
            if near or named:
                local = self._localities.allowed(key, names.of(record))
            if local or not near:
                found[text] = Target(text, made, local)
        return found

    def _watch(self, key: RecordKey, target: Target, *, bad: bool, ttl: float) -> Pulse:
        """`bad`: the record's status says so, which counts as long as nothing newer is known."""
        watched = self._watched.get(target)
        if watched is None:
            watched = self._watched[target] = _Watched(FRESH, ttl)
            first = self._share(str(target)) * min(target.health.interval, EAGER)
            self._well.queue.add_after(target, first)
        if bad and watched.track == FRESH:
            watched.track = BAD
        watched.ttl = ttl
        watched.wanted_by.add(key)
        self._of.setdefault(key, set()).add(target)
        return watched.track.pulse

    def _keep(self, key: RecordKey, wanted: set[Target]) -> None:
        """Of what is probed for a record, only these."""
        before = self._of.pop(key, set())
        for target in before - wanted:
            watched = self._watched[target]
            watched.wanted_by.discard(key)
            if not watched.wanted_by:
                del self._watched[target]
        if kept := before & wanted:
            self._of[key] = kept

    async def _look(self, ill: bool, target: Target) -> float | None:
        """Probe a target, and take in what it says; in how many seconds to do so again."""
        loop = asyncio.get_running_loop()
        watched = self._watched.get(target)
        if watched is None or watched.ill != ill:
            return None
        begun = loop.time()
        answer = await self._ask(target, watched.ttl)
        if self._watched.get(target) is not watched:
            return None
        if answer is None:
            return IMPATIENT
        before, now = watched.track, loop.time()
        watched.track = probing.follow(before, answer, target.health, now=now)
        if watched.track.pulse != before.pulse:
            self._tell(target, watched)
        share = self._share(str(target))
        due = probing.due(watched.track, target.health, last=begun, share=share)
        delay = max(0.0, due - now)
        watched.ill = watched.track.contrary > 0 or watched.track.pulse.state is Probe.FAILING
        if watched.ill == ill:
            return delay
        (self._ill if watched.ill else self._well).queue.add_after(target, delay)
        return None

    def _tell(self, target: Target, watched: _Watched) -> None:
        pulse = watched.track.pulse
        log.info("%s: %s%s", target, pulse.state, f": {pulse.why}" if pulse.why else "")
        for key in sorted(watched.wanted_by):
            self._changed(key)

    async def _ask(self, target: Target, ttl: float) -> Answer | None:
        """What a target answers; None where its addresses are not known yet."""
        literal = targets.address(target.text)
        if literal is not None:
            return await self._probe([str(literal)], target.health)
        try:
            found = await self._resolver.addresses(target.text, ttl=ttl, later=_nobody)
        except NotYet:
            return None
        except Unreachable as error:
            return Unasked(str(error))
        fine = [each for each in sorted(found) if target.local or not targets.local_target(each)]
        if not fine:
            return Unasked(_local(target.text), refused=True)
        return await self._probe(fine[:MOST], target.health)

    async def _probe(self, addresses: list[str], health: Health) -> Answer:
        """A target is well as long as one of its addresses is."""
        found = await asyncio.gather(*(self._one(address, health) for address in addresses))
        if Passed() in found:
            return Passed()
        for address, said in zip(addresses, found, strict=True):
            if isinstance(said, Failed):
                return said if len(found) == 1 else Failed(f"{address}: {said.why}")
        return found[0]

    async def _one(self, address: str, health: Health) -> Answer:
        try:
            async with asyncio.timeout(health.timeout):
                why = await self._edge(address, health)
        except TimeoutError:
            why = f"no answer within {health.timeout:g}s"
        except Unreachable as error:
            return Unasked(str(error))
        return Failed(why) if why else Passed()


def _local(text: str) -> str:
    return (
        "it is local to the controller, and not probed unless the DNSProvider of the names"
        " says allowLocalTargets"
    )


def _nobody() -> None:
    """Nobody waits for the look-up: the next probe will see."""
