"""Reading the fields of our own kinds; every complaint names the field, as Kubernetes does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from kubefed_core.api import durations
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj

Word = TypeVar("Word", bound=StrEnum)


class Fields:
    """One object of a manifest and where it stands in it.

    A missing field and a null are the same and give the default. Everything
    raises Terminal (or the subclass that was given) where a field is not what
    it should be.
    """

    def __init__(self, obj: Any, path: str = "", *, error: type[Terminal] = Terminal) -> None:
        self.path = path
        self._error = error
        if not isinstance(obj, Mapping):
            raise error(f"{path or 'object'}: Invalid value: {_shown(obj)}: must be an object")
        self.obj: Obj = obj

    def __contains__(self, name: str) -> bool:
        return self.obj.get(name) is not None

    def where(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, why: str) -> Terminal:
        """The error to raise for the value that a field has."""
        value = _shown(self.obj.get(name))
        return self._error(f"{self.where(name)}: Invalid value: {value}: {why}")

    def refused(self, name: str, why: str) -> Terminal:
        """The error to raise for a field whose value is no part of what is said."""
        return self._error(f"{self.where(name)}: {why}")

    def unsupported(self, name: str, value: Any, *choices: str) -> Terminal:
        """The error to raise for a value that is none of some words."""
        known = ", ".join(f'"{choice}"' for choice in choices)
        return self.refused(name, f"Unsupported value: {_shown(value)}: supported values: {known}")

    def missing(self, name: str, why: str = "") -> Terminal:
        return self._error(f"{self.where(name)}: Required value" + (f": {why}" if why else ""))

    def at(self, name: str) -> "Fields":
        """The object in a field; empty where there is none."""
        value = self.obj.get(name)
        return Fields({} if value is None else value, self.where(name), error=self._error)

    def each(self, name: str) -> Iterator["Fields"]:
        """The objects in a list."""
        for number, item in enumerate(self.items(name)):
            yield Fields(item, f"{self.where(name)}[{number}]", error=self._error)

    def items(self, name: str) -> Sequence[Any]:
        value = self.obj.get(name)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self.wrong(name, "must be a list")
        return value

    def text(self, name: str, *, default: str = "", required: bool = False) -> str:
        value = self.obj.get(name)
        if required and value in (None, ""):
            raise self.missing(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong(name, "must be a string")
        return value

    def choice(self, name: str, *choices: str, default: str = "") -> str:
        """One of the given words; without a default the field is required."""
        value = self.text(name, default=default, required=not default)
        if value not in choices:
            raise self.unsupported(name, value, *choices)
        return value

    def one_of(self, name: str, kind: type[Word], *, default: Word | None = None) -> Word:
        """One of the words of an enumeration; without a default the field is required."""
        return kind(self.choice(name, *kind, default=default or ""))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, in its order."""
        values = tuple(self.items(name))
        for number, value in enumerate(values):
            if not isinstance(value, str):
                place = f"{self.where(name)}[{number}]"
                raise self._error(f"{place}: Invalid value: {_shown(value)}: must be a string")
        return values

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A map of strings, by key."""
        inner = self.at(name)
        return tuple((key, inner.text(key)) for key in sorted(inner.obj))

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.obj.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def whole(self, name: str, *, default: int, least: int = 0, most: int = 2**63 - 1) -> int:
        value = self.obj.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "must be a whole number")
        if not least <= value <= most:
            raise self.wrong(name, f"must be between {least} and {most}, inclusive")
        return value

    def count(self, name: str, *, default: int) -> int:
        """A whole number above zero, refused in upstream's words."""
        value = self.whole(name, default=default, least=-(2**63))
        if value <= 0:
            raise self.wrong(name, "should be greater than 0")
        return value

    def number(self, name: str, *, default: float) -> float:
        """A number above zero, whole or not."""
        value = self.obj.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "must be a number")
        if value <= 0:
            raise self.wrong(name, "should be greater than 0")
        return float(value)

    def seconds(self, name: str, *, default: float, zero: bool = False) -> float:
        """A duration above zero, in seconds; with `zero` it may be that, too."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = durations.seconds(text)
        except ValueError:
            raise self.wrong(name, "must be a duration such as 10s or 1m30s") from None
        if value < 0 or (value == 0 and not zero):
            raise self.wrong(name, "should be greater than 0")
        return value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"
