"""Durations as Kubernetes writes them (`10s`, `1m30s`), read into seconds."""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"([-+]?)((?:{_PART.pattern})+)")


def seconds(text: str) -> float:
    """The length in seconds; a sign and a bare zero are accepted, as Go accepts them.

    Raises ValueError where the text is no duration.
    """
    if text in {"0", "+0", "-0"}:
        return 0.0
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration")
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(found[2]))
    return -total if found[1] == "-" else total
