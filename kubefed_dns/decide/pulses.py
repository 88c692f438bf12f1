"""Which of a cluster's targets its probes let in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubefed_dns.api.status import Address, Entry
from kubefed_dns.decide import targets
from kubefed_dns.decide.sights import Probe, Pulse, Sight


def known(sight: Sight, before: Entry | None) -> tuple[Address, ...]:
    """The points of entry that can be probed.

    Those of a cluster that this process has never seen are what the status has
    of it, in DNS or out.
    """
    if sight.present is not None or before is None:
        return sight.addresses
    return targets.entries({*targets.texts(before.ingress), *before.unhealthy})


Run = tuple[float, float]
"""From when to when, by the clock of the pulses."""


def good_runs(sights: Iterable[Sight], before: Mapping[str, Entry]) -> tuple[Run, ...]:
    """When any target of a record was seen to pass; one that is not probed always does.

    In order, and runs that touch are one.
    """
    found = (
        sight.pulse(text)
        for sight in sights
        for text in targets.texts(known(sight, before.get(sight.cluster)))
    )
    good = (Probe.PASSING, Probe.RECOVERING, Probe.NONE, Probe.REFUSED)
    made: list[Run] = []
    for begun, last in sorted((each.begun, each.last) for each in found if each.state in good):
        if made and begun <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((begun, last))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Gate:
    """What the probes of one cluster's targets come to, for one record.

    `cut_off`: a hub that is cut off believes no failure that is new. `runs` is
    when targets of the record were seen to pass. Only what fails at such a time
    leaves DNS, for else it may be that everything fails, or that everything is
    back, which is not seen of all targets in one moment.
    """

    sight: Sight
    before: Entry | None
    cut_off: bool = False
    runs: tuple[Run, ...] = ()
    shown: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        found = targets.texts(self.before.ingress) if self.before is not None else ()
        object.__setattr__(self, "shown", frozenset(found))

    def let_in(
        self, ingress: tuple[Address, ...], *, recovering: bool = False
    ) -> tuple[Address, ...]:
        """What of some points of entry may be in DNS.

        What only recovers stays in where it is in, for then there is nothing to
        fail back from; with `recovering` it is let in anyway.
        """

        def good(target: str) -> bool:
            if self.sight.pulse(target).state is Probe.RECOVERING:
                return recovering or target in self.shown
            return not self._bad(target) or self.doubts(target)

        return targets.only(ingress, good)

    def spare(self, ingress: tuple[Address, ...]) -> tuple[Address, ...]:
        """What of some points of entry is best, though none of them should be in DNS.

        Where all fail it is what is in DNS, or else what would be in doubt there,
        or else all of them.
        """
        return (
            self.let_in(ingress, recovering=True)
            or targets.only(ingress, self.shown.__contains__)
            or targets.only(ingress, self._alone)
            or ingress
        )

    def out(self) -> dict[str, Pulse]:
        """The targets that fail, or do not pass for long enough, sorted."""
        found = sorted(targets.texts(known(self.sight, self.before)))
        return {target: self.sight.pulse(target) for target in found if self._bad(target)}

    def doubts(self, target: str) -> bool:
        """Whether it fails, and stays in DNS since nothing passed at the same time."""
        if self.sight.pulse(target).state is not Probe.FAILING or target not in self.shown:
            return False
        return self._bad(target) and self._alone(target)

    def states(self, ingress: tuple[Address, ...]) -> frozenset[Probe]:
        return frozenset(self.sight.pulse(text).state for text in targets.texts(ingress))

    def _alone(self, target: str) -> bool:
        """Whether nothing passed when this was seen to pass, or to fail."""
        pulse = self.sight.pulse(target)
        return not any(begun < pulse.last and pulse.begun < last for begun, last in self.runs)

    def _bad(self, target: str) -> bool:
        state = self.sight.pulse(target).state
        if state is Probe.FAILING and self.cut_off:
            return self.before is not None and self.before.unwell(target)
        return state in (Probe.FAILING, Probe.RECOVERING)
