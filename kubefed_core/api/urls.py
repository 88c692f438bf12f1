"""Addresses of API servers and proxies, read and refused as Go's client does it."""

import json
import re
from typing import NamedTuple

PROXIES = ("http", "https", "socks5")
SCHEMES = ("https", "http")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PASSWORD = re.compile(r"((?:^|//)[^\s/@:\"]*:)[^\s/@\"]*@")
_UNFIT = re.compile(r"[\x00-\x20\x7f%\\^`{|}]")


class Url(NamedTuple):
    """The parts that matter here; `host` has no port, an IPv6 address its brackets."""

    scheme: str
    host: str
    port: str
    path: str


class Unfit(ValueError):
    """A text that is no such address, and why."""


def endpoint(text: str) -> Url:
    """The address of an API server: a URL, or a host with or without a port.

    Raises Unfit where it is neither; scheme and port can still be ones that make no sense.
    """
    try:
        found = parse(text)
    except Unfit:
        found = Url("", "", "", "")
    if not found.scheme or not (found.host or found.port):
        found = parse(f"https://{text}")
        if found.path not in ("", "/"):
            found = found._replace(host="")
    if not found.host:
        raise Unfit(f"host must be a URL or a host:port pair: {json.dumps(text)}")
    return found


def proxy_fault(text: str) -> str:
    """Why a text is no proxy's address; empty where it is one."""
    try:
        scheme = parse(text).scheme
    except Unfit:
        return "error parsing the proxy URL"
    return "" if scheme in PROXIES else f"proxy URL scheme must be one of: [{', '.join(PROXIES)}]"


def hidden(text: str) -> str:
    """Without passwords, which stand before an @ and may be anywhere in a text."""
    return _PASSWORD.sub(r"\1…@", text)


def parse(text: str) -> Url:
    """The parts of a URL as far as there are any; raises Unfit."""
    said = json.dumps(text)
    whole = text.partition("#")[0].partition("?")[0]
    found = _SCHEME.match(whole)
    scheme = found[1].lower() if found else ""
    rest = whole[found.end() :] if found else whole
    if not rest.startswith("//"):
        if not found and ":" in rest.partition("/")[0]:
            raise Unfit(f"parse {said}: first path segment in URL cannot contain colon")
        return Url(scheme, "", "", rest)
    authority, slash, path = rest[2:].partition("/")
    place = authority.rpartition("@")[2]
    if unfit := _UNFIT.search(place):
        raise Unfit(f"parse {said}: invalid character {json.dumps(unfit[0])} in host name")
    host, port = _split(place, said)
    return Url(scheme, host, port, slash + path)


def _split(place: str, said: str) -> tuple[str, str]:
    end = place.rfind("]") + 1
    if place.startswith("[") and not end:
        raise Unfit(f"parse {said}: missing ']' in host")
    if not place.startswith("["):
        end = place.rfind(":") if ":" in place else len(place)
    port = place[end:]
    if port and not re.fullmatch(r":[0-9]*", port):
        raise Unfit(f"parse {said}: invalid port {json.dumps(port)} after host")
    return place[:end], port[1:]
