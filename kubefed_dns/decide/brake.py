"""How many names may vanish from a zone before somebody has to agree."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kubefed_dns.api.providers import Safety

DIGEST = 12


@dataclass(frozen=True, slots=True)
class Window:
    """The names that vanished lately, with when; times in seconds of any clock.

    `agreed` are those that somebody let go: they count to what there was, not to
    what vanishes.
    """

    vanished: Mapping[str, float] = field(default_factory=dict)
    agreed: Mapping[str, float] = field(default_factory=dict)

    def after(
        self,
        *,
        vanished: Collection[str] = (),
        agreed: Collection[str] = (),
        came: Collection[str] = (),
        now: float,
    ) -> "Window":
        """With what has just happened; a name that is back has not vanished."""
        left, let = (
            {name: at for name, at in names.items() if name not in came}
            for names in (self.vanished, self.agreed)
        )
        return Window(left | dict.fromkeys(vanished, now), let | dict.fromkeys(agreed, now))

    def within(self, seconds: float, *, now: float) -> "Window":
        """Without what was longer ago."""
        left, let = (
            {name: at for name, at in names.items() if now - at < seconds}
            for names in (self.vanished, self.agreed)
        )
        return Window(left, let)


def held(
    vanishing: Iterable[str], *, window: Window, owned: int, safety: Safety, now: float
) -> frozenset[str]:
    """The names that may not vanish now: all of these, or none.

    They count together with those that vanished within the window, against all
    that there would be without them; `owned` counts the names there now.
    """
    names = frozenset(vanishing)
    recent = window.within(safety.window, now=now)
    count = len(names | recent.vanished.keys())
    there = owned + len(recent.vanished.keys() | recent.agreed.keys())
    too_many = count > safety.min_names and 100 * count > safety.max_delete_percent * there
    return names if too_many else frozenset()


def digest(names: Iterable[str]) -> str:
    """Stands for this very set of names in an approval."""
    text = "\n".join(sorted(names))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST]


def approved(annotation: str, zone: str, names: Collection[str]) -> bool:
    """Whether an approval, `<zone>=<digest>` with commas between several, is for these names."""
    wanted = (zone.rstrip(".").lower() or ".", digest(names))
    for item in annotation.split(","):
        where, _, what = item.strip().partition("=")
        if ((where.strip().rstrip(".").lower() or "."), what.strip()) == wanted:
            return True
    return False
