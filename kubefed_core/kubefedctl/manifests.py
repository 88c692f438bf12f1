"""Manifests, read and written as Kubernetes' own programs do it.

To them `22:22` and `2026-01-01` are texts, `1e3` and `09` are numbers, and `y` is true, which
PyYAML sees otherwise. What is written means the same to both.
"""

import math
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
_TRUE = r"y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE"
_BOOL = re.compile(rf"(?:{_TRUE}|n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$")
_INT = re.compile(r"[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[1-9][0-9_]*|0)$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$")
_PLAIN = (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("yYnNoOtTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", re.compile(r"<<$"), ["<"]),
)
"""What a bare word is, the first that fits, by its first character."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The keys of an object are texts, whatever they look like."""
        self.flatten_mapping(node)
        return {_key(self, key): self.construct_object(value, deep) for key, value in node.value}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _key(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    value = loader.construct_object(node)
    if not isinstance(value, str | int | float):
        raise yaml.constructor.ConstructorError(
            problem="a key must be a text", problem_mark=node.start_mark
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    octal = re.match(r"[-+]?0[0-7]", text)
    return int(text, 8 if octal else 0)


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | int | str:
    """A whole number is one however it is written; what no number can hold is a text."""
    text = str(loader.construct_scalar(node))
    value = float(text.replace("_", ""))
    if math.isinf(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _bool(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> bool:
    return re.fullmatch(_TRUE, str(loader.construct_scalar(node))) is not None


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


for _name, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _first)
    _Dumper.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _first)
_Loader.add_constructor(f"{_TAG}bool", _bool)
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
