"""Google's published description of Cloud DNS, and whether requests and answers are as it says."""

import json
import re
from pathlib import Path

import googleapiclient.discovery_cache

DOCUMENT = json.loads(
    (Path(googleapiclient.discovery_cache.__file__).parent / "documents/dns.v1.json").read_text()
)
SCHEMAS = DOCUMENT["schemas"]
METHODS = {
    method["id"]: method
    for resource in DOCUMENT["resources"].values()
    for method in resource["methods"].values()
}
# What a number may be written as: 64 bits go as text, 32 bits as either.
KINDS = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}


class Strange(Exception):
    """Not as the document says."""


def method_of(verb, path):
    """The method's id, and what stands in its path."""
    for name, method in METHODS.items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", method["path"])
        match = re.fullmatch(f"/{pattern}", path)
        if match and method["httpMethod"] == verb:
            return name, match.groupdict()
    raise Strange(f"there is no method for {verb} {path}")


def check_query(name, query):
    known = METHODS[name]["parameters"] | DOCUMENT["parameters"]
    for key, value in query.items():
        parameter = known.get(key)
        if parameter is None or parameter["location"] != "query":
            raise Strange(f"{name} has no parameter {key}")
        if value not in parameter.get("enum", [value]):
            raise Strange(f"{name} {key}: {value!r}")
        if parameter["type"] == "integer" and not value.isdecimal():
            raise Strange(f"{name} {key}: {value!r} is no number")


def check_body(name, side, body):
    """`side` is "request" or "response"."""
    wanted = METHODS[name].get(side)
    if wanted is None:
        if body:
            raise Strange(f"{name} has no {side}")
        return
    _check(wanted, body, f"{name} {side}")


def _check(schema, value, where):
    if "$ref" in schema:
        _check(SCHEMAS[schema["$ref"]], value, where)
    elif schema["type"] == "object":
        _check_object(schema, value, where)
    elif schema["type"] == "array":
        if not isinstance(value, list):
            raise Strange(f"{where}: {value!r} is no list")
        for number, item in enumerate(value):
            _check(schema["items"], item, f"{where}[{number}]")
    else:
        _check_plain(schema, value, where)


def _check_plain(schema, value, where):
    kind = schema["type"]
    if schema.get("format") == "int32" and isinstance(value, str) and value.isdecimal():
        return
    if not isinstance(value, KINDS[kind]) or (kind != "boolean" and value is True):
        raise Strange(f"{where}: {value!r} is no {kind}")
    if value not in schema.get("enum", [value]):
        raise Strange(f"{where}: {value!r} is none of {schema['enum']}")


def _check_object(schema, value, where):
    if not isinstance(value, dict):
        raise Strange(f"{where}: {value!r} is no object")
    for key, item in value.items():
        known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
        if known is None:
            raise Strange(f"{where}: {key} is not known")
        _check(known, item, f"{where}.{key}")
