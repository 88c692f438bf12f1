"""What a backend's set has beside values and a TTL, as one more value that no type of DNS has.

A weight, the target of an alias, a policy: as the backend's JSON, behind a mark
of its own. So such a set is seen, compared, deleted and put back exactly, and
nobody takes it for data. Quotes, spaces and the like are percent-encoded.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from kubefed_dns.errors import InvalidName


def packed(mark: str, extra: Mapping[str, Any]) -> str:
    text = json.dumps(extra, sort_keys=True, separators=(",", ":"), default=str)
    return mark + quote(text, safe="{}[]:,")


def unpacked(mark: str, value: str, *, reserved: frozenset[str]) -> Mapping[str, Any]:
    """Raises InvalidName where the text is none of `packed`, or has what a set has anyway."""
    try:
        extra = json.loads(unquote(value.removeprefix(mark)))
    except ValueError as error:
        raise InvalidName(f"{value!r} is no addition to a record set: {error}") from error
    if not isinstance(extra, dict) or not reserved.isdisjoint(extra):
        raise InvalidName(f"{value!r} is no addition to a record set")
    return extra
