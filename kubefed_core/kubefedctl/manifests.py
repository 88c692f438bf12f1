"""Manifests, read and written as Kubernetes' own programs do it.

They take less for something else than PyYAML does: `yes` and `on` are words, `22:22` and
`2026-01-01` are texts, and `1e3` is a number. What is written means the same to both.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from kubefed_core.api.loose import objects
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig

STDIN = "-"
_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[1-9][0-9_]*|0)$")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$"
    r"|\.(?:nan|NaN|NAN)$"
)
_PLAIN = (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", re.compile(r"<<$"), ["<"]),
)
"""What a bare word is, the first that fits, by its first character."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    octal = re.match(r"[-+]?0[0-7]", text)
    return int(text, 8 if octal else 0)


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | int:
    text = str(loader.construct_scalar(node)).lower()
    value = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


for _name, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _first)
    _Dumper.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _first)
_Loader.add_constructor(f"{_TAG}int", _int)
_Loader.add_constructor(f"{_TAG}float", _float)
_Dumper.add_representer(str, _text)


def read(path: str) -> list[Obj]:
    """The objects of a file of one or more documents, `-` for stdin; a List gives its items.

    Raises Terminal, naming file and line, where it cannot be read or holds none.
    """
    where = "stdin" if path == STDIN else path
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text()
        documents = list(yaml.load_all(text, Loader=_Loader))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Terminal(f"{where}: cannot be read: {reason}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise Terminal(f"{where}: cannot be read: it is not YAML: {problem}{line}") from error
    found = [
        obj
        for number, document in enumerate(documents, start=1)
        if document is not None
        for obj in _objects(document, f"{where}: document {number}")
    ]
    if not found:
        raise Terminal(f"{where}: holds no objects")
    return found


def _objects(document: Any, where: str) -> Iterator[Obj]:
    if not isinstance(document, Mapping):
        raise Terminal(f"{where}: must be an object with apiVersion and kind")
    if str(document.get("kind")).endswith("List") and not dig(document, "metadata", "name"):
        yield from objects(document.get("items"))
    else:
        yield document


def dump(obj: Any) -> str:
    """One document, without a separator."""
    return yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
