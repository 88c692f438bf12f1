"""How an address is judged by its probes: rise and fall counts, and the delay of a fail-back."""

import math
import zlib
from dataclasses import dataclass, replace

from kubefed_dns.api.health import Health
from kubefed_dns.decide.sights import Probe, Pulse

SLACK = 0.001
"""Seconds by which a timer may be early."""
APART = 0.05
"""How near to each other two moments may be, as a share of the interval."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The address answers as it should."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not; `why` is the same for the same cause."""

    why: str


@dataclass(frozen=True, slots=True)
class Unasked:
    """There was nothing to ask, or it must not be asked, which is no evidence."""

    why: str
    refused: bool = False


Answer = Passed | Failed | Unasked
UNDECIDED = Pulse(Probe.PENDING)


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one address: the state in force, and the contrary answers since.

    Times are the loop's. `turned` is that of the first of the contrary answers.
    `good_at` is when a bad address will have answered well for long enough; None
    where nothing is waited for, or it does not answer well just now.
    """

    pulse: Pulse = UNDECIDED
    contrary: int = 0
    turned: float | None = None
    good_at: float | None = None


FRESH = Track()
BAD = Track(Pulse(Probe.FAILING))
"""Where a record's status says that an address was bad when it was last probed."""


def follow(track: Track, answer: Answer, health: Health, *, now: float) -> Track:
    """Take in one answer.

    The first good answer is believed at once. The cause of a failure is that
    of the moment at which it was believed: it does not change while it lasts.
    """
    match answer:
        case Passed():
            return _passed(track, health, now)
        case Failed(why):
            return _failed(track, health, why, now)
        case Unasked(why, refused):
            return _unasked(track, why, Probe.REFUSED if refused else Probe.NONE)


def _passed(track: Track, health: Health, now: float) -> Track:
    pulse, turned = track.pulse, now if track.turned is None else track.turned
    match pulse.state:
        case Probe.FAILING if track.contrary + 1 < health.rise:
            return replace(track, contrary=track.contrary + 1, turned=turned)
        case Probe.FAILING:
            return _recovering(Pulse(Probe.RECOVERING, "", turned, now), health, None, now)
        case Probe.RECOVERING:
            return _recovering(replace(pulse, last=now), health, track.good_at, now)
        case Probe.PASSING:
            return Track(replace(pulse, last=now))
    return Track(Pulse(Probe.PASSING, "", now, now))


def _recovering(pulse: Pulse, health: Health, good_at: float | None, now: float) -> Track:
    good_at = now + health.fail_back_delay if good_at is None else good_at
    if now < good_at - SLACK:
        return Track(pulse, good_at=good_at)
    return Track(replace(pulse, state=Probe.PASSING))


def _failed(track: Track, health: Health, why: str, now: float) -> Track:
    pulse, turned = track.pulse, now if track.turned is None else track.turned
    if pulse.state is Probe.FAILING:
        return Track(replace(pulse, why=pulse.why or why, last=now))
    if track.contrary + 1 >= health.fall:
        return Track(Pulse(Probe.FAILING, why, turned, now))
    if pulse.state in (Probe.NONE, Probe.REFUSED):
        pulse = UNDECIDED
    return Track(pulse, track.contrary + 1, turned)


def _unasked(track: Track, why: str, state: Probe) -> Track:
    """That a name cannot be resolved makes no address good that was bad."""
    if track.pulse.state in (Probe.FAILING, Probe.RECOVERING):
        return Track(Pulse(Probe.FAILING, track.pulse.why))
    return Track(Pulse(state, track.pulse.why if track.pulse.state is state else why))


def due(track: Track, health: Health, *, last: float, share: float) -> float:
    """When to ask again, by the loop's time, after having asked at `last`.

    Each address has moments of its own, one in every interval, so that not all
    are asked at once: `share`, in [0, 1), says where in the interval. One that
    must stay good for a while is asked when that while is over, too.
    """
    phase = share * health.interval
    turns = math.ceil((last - phase) / health.interval + APART)
    found = phase + turns * health.interval
    if track.good_at is not None and track.good_at > last:
        return min(found, track.good_at)
    return found


def share(name: str) -> float:
    """A number in [0, 1) that is always the same for a name, and spread evenly over names."""
    return zlib.crc32(name.encode()) / 2**32
