"""Which octoDNS provider class a DNSProvider means, and what it is made with."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from kubefed_core.api.fields import Fields
from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.protocol import Context

TYPES = frozenset(
    {"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP", "TLSA", "TXT"}
)
"""What octoDNS says in the words of DNS."""
MODULES = ("octodns_*",)
SECRET = "secret/"
TIMEOUT, LONGEST = 300.0, 3600.0

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one. `kind` is a class of octodns.provider.base.BaseProvider.

    `timeout` is in seconds, for a reading or a plan as a whole.
    """

    kind: type[Any]
    name: str
    settings: Settings = field(repr=False)
    timeout: float = TIMEOUT


def parse(context: Context, *, modules: Sequence[str] = MODULES) -> Recipe:
    """Classes come from `modules` alone, given as patterns: importing one runs its code.

    Raises Misconfigured, naming the field or the Secret's key.
    """
    fields = Fields(context.settings, "spec.octodns", error=Misconfigured)
    path = fields.text("class", required=True)
    kind = _class(path, modules)
    settings = _filled(fields.at("settings").obj, context.secret, "spec.octodns.settings")
    if settings.get("apply_disabled"):
        raise Misconfigured("spec.octodns.settings.apply_disabled: use spec.dryRun")
    timeout = fields.seconds("timeout", default=TIMEOUT)
    if not 0 < timeout <= LONGEST:
        raise fields.wrong("timeout", f"must be more than 0 and at most {LONGEST:g} s")
    return Recipe(kind, path, settings, timeout)


def _class(path: str, modules: Sequence[str]) -> type[Any]:
    where = f"spec.octodns.class: {path!r}"
    module, _, name = path.rpartition(".")
    if not _allowed(module, modules):
        allowed = ", ".join(modules) or "none"
        raise Misconfigured(
            f"{where}: its package is not allowed; --octodns-modules allows {allowed}"
        )
    try:
        base = importlib.import_module("octodns.provider.base").BaseProvider
    except ImportError as error:
        raise Misconfigured(
            f"{where}: octoDNS is not installed; install kubefed-dns[octodns]"
        ) from error
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise Misconfigured(
            f"{where}: cannot be imported ({error}); install its package beside kubefed-dns"
        ) from error
    if not isinstance(found, type) or not issubclass(found, base):
        raise Misconfigured(f"{where}: is no provider class of octoDNS")
    if not _allowed(found.__module__, modules):
        # A module has the names of what it imports, too.
        raise Misconfigured(f"{where}: it comes from {found.__module__}, which is not allowed")
    return found


def _allowed(module: str, modules: Sequence[str]) -> bool:
    return any(fnmatchcase(module.partition(".")[0], pattern) for pattern in modules)


def _filled(value: Any, secret: Mapping[str, str], where: str) -> Any:
    """With `secret/KEY` as that key of the Secret, and nothing else replaced."""
    if isinstance(value, Mapping):
        return {key: _filled(each, secret, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, secret, f"{where}[{at}]") for at, each in enumerate(value)]
    if not isinstance(value, str) or not value.startswith(SECRET):
        return value
    key = value.removeprefix(SECRET)
    if key not in secret:
        raise Misconfigured(f"{where}: the Secret of spec.credentialsRef has no key {key!r}")
    return secret[key]
