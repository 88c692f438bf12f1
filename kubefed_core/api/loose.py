"""Reading a status as far as it can be read, and writing one without what is empty.

A status is our own writing, but perhaps that of another release or of a user's
hand: nothing in it is worth an error, what is not of the right type counts as
not written.
"""

from collections.abc import Mapping
from typing import Any


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def texts(value: Any) -> tuple[str, ...]:
    """The strings of a list that are not empty, in its order."""
    items = value if isinstance(value, list | tuple) else ()
    return tuple(each for each in items if isinstance(each, str) and each)


def objects(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The objects of a list, in its order."""
    items = value if isinstance(value, list | tuple) else ()
    return tuple(each for each in items if isinstance(each, Mapping))


def filled(**fields: Any) -> dict[str, Any]:
    """Without the fields that are empty: to Go's decoders an empty list is not a missing one."""
    return {name: value for name, value in fields.items() if value}
