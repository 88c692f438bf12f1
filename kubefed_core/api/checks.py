"""Checks of a manifest that go on after the first complaint, so that all are told at once."""

from collections.abc import Callable, Iterable

from kubefed_core.errors import Terminal

Check = Callable[[], object]
"""Raises Terminal, naming the field, where something is wrong."""


def faults(checks: Iterable[Check]) -> list[str]:
    """Every complaint, each once, in the order of the checks."""
    found: dict[str, None] = {}
    for check in checks:
        try:
            check()
        except Terminal as error:
            found[str(error)] = None
    return list(found)


def joined(found: Iterable[str]) -> str:
    """Complaints as Kubernetes writes them: one as it is, several in brackets."""
    told = list(found)
    return told[0] if len(told) == 1 else f"[{', '.join(told)}]"
