"""Which addresses a load balancer is to have, told by its Service or Ingress."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, annotations, dig

ADDRESS = "local.kubefed.io/address"
"""What the load balancer gets: one or more, by commas, of ipv4, ipv6, dual, hostname, an address
or a host name as it stands; or none. Without it, what the Service's IP families say."""
IPV4, IPV6, HOSTNAME, NONE = "ipv4", "ipv6", "hostname", "none"
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True)
class Wish:
    """One ingress point: of a kind that is to be allocated, or literally as `value` says."""

    kind: str
    value: str = ""


def wishes(obj: Obj) -> tuple[Wish, ...]:
    """What a Service or Ingress asks for, in order.

    Raises Terminal where the annotation cannot be read.
    """
    if obj["kind"] == "Service" and dig(obj, "spec", "type") != "LoadBalancer":
        return ()
    asked = annotations(obj).get(ADDRESS, "").strip()
    if not asked:
        families: Sequence[str] = dig(obj, "spec", "ipFamilies", default=["IPv4"])
        return tuple(Wish(family.lower()) for family in families)
    found = [wish for word in asked.split(",") for wish in _wishes(word.strip().lower())]
    return tuple(dict.fromkeys(found))


def _wishes(word: str) -> tuple[Wish, ...]:
    match word:
        case "none":
            return ()
        case "dual":
            return Wish(IPV4), Wish(IPV6)
        case "ipv4" | "ipv6" | "hostname":
            return (Wish(word),)
    try:
        return (Wish("", str(ipaddress.ip_address(word))),)
    except ValueError:
        if _HOST.fullmatch(word):
            return (Wish(HOSTNAME, word),)
    raise Terminal(
        f"annotation {ADDRESS}: {word!r} is none of ipv4, ipv6, dual, hostname, none, "
        "an address or a host name"
    )


def hostname(obj: Obj, cluster: str) -> str:
    """The host name that the cloud gives when it is asked for one."""
    meta = obj["metadata"]
    return f"{meta['name']}.{meta['namespace']}.{obj['kind'].lower()}.{cluster}.cloud.test"


def present(obj: Obj) -> list[dict[str, str]]:
    """The ingress points that the status has, as we write them."""
    points: Sequence[Obj] = dig(obj, "status", "loadBalancer", "ingress", default=[])
    return [{name: p[name] for name in ("ip", "hostname") if p.get(name)} for p in points]


def status(points: Sequence[dict[str, str]]) -> dict[str, Any]:
    """A merge patch."""
    return {"status": {"loadBalancer": {"ingress": list(points) or None}}}
