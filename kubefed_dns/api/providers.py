"""DNSProvider: a backend that names are published to, and how far it may go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from kubefed_core.api import selectors
from kubefed_core.api.fields import Fields
from kubefed_core.api.selectors import Selector
from kubefed_core.objects import Key, Obj, dig, generation, key_of, uid
from kubefed_dns.api import provider_status
from kubefed_dns.api.provider_status import ProviderStatus
from kubefed_dns.errors import InvalidName, Misconfigured
from kubefed_dns.records import MAX_TTL, canonical

BUILT_IN = frozenset({"embedded", "rfc2136", "route53", "google", "webhook", "octodns"})

_OWNER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SECRET = re.compile(
    r"(^|_)(token|pass|password|passphrase|secret|api_?key|secret_?key|private_?key|auth_?key)$",
    re.IGNORECASE,
)
"""Names of octoDNS settings that hold secrets, as its providers call them."""
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)(:[0-9]+)?")


class Policy(StrEnum):
    SYNC = "Sync"
    UPSERT_ONLY = "UpsertOnly"
    CREATE_ONLY = "CreateOnly"


class Drift(StrEnum):
    REPAIR = "Repair"
    REPORT = "Report"


class Addresses(StrEnum):
    ANY = "Any"
    PUBLIC = "Public"
    PRIVATE = "Private"


class OnDelete(StrEnum):
    ORPHAN = "Orphan"
    DELETE = "Delete"


class KeyRef(NamedTuple):
    """One key of a Secret in the provider's namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Txt:
    """How ownership records are named; prefix and suffix exclude each other."""

    prefix: str = ""
    suffix: str = ""
    wildcard_replacement: str = ""
    encryption_key: KeyRef | None = None


@dataclass(frozen=True, slots=True)
class Safety:
    """The brake; `window` is in seconds."""

    max_delete_percent: int = 30
    min_names: int = 10
    window: float = 600.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    requests_per_second: float
    burst: int = 10


@dataclass(frozen=True, slots=True)
class DNSProvider:
    """`zones` are canonical, empty for all that the account shows.

    `owner_id` empty: the default, made from the hub's identity. `rate_limit`
    None: the default of the type. `settings` is the type's own block.
    """

    key: Key
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials: str = ""
    zones: tuple[str, ...] = ()
    zone_ids: tuple[str, ...] = ()
    owner_id: str = ""
    policy: Policy = Policy.SYNC
    dry_run: bool = False
    drift: Drift = Drift.REPAIR
    addresses: Addresses = Addresses.ANY
    allowed_namespaces: Selector | None = None
    allow_local_targets: bool = False
    txt: Txt = field(default_factory=Txt)
    safety: Safety = field(default_factory=Safety)
    rate_limit: RateLimit | None = None
    audit_interval: float = 600.0
    min_ttl: int = 0
    verify_servers: tuple[str, ...] = ()
    on_delete: OnDelete = OnDelete.ORPHAN
    status: ProviderStatus = field(default_factory=ProviderStatus)
    uid: str = ""
    generation: int = 0
    created: str = ""


def parse(obj: Obj) -> DNSProvider:
    """Raises Misconfigured, naming the field."""
    spec = Fields(obj, error=Misconfigured).at("spec")
    kind = spec.text("type", required=True)
    allowed, where = spec.obj.get("allowedNamespaces"), spec.where("allowedNamespaces")
    return DNSProvider(
        key=key_of(obj),
        type=kind,
        settings=_settings(spec, kind),
        credentials=_credentials(spec),
        zones=_zones(spec),
        zone_ids=spec.texts("zoneIDs"),
        owner_id=_owner_id(spec),
        policy=spec.one_of("policy", Policy, default=Policy.SYNC),
        dry_run=spec.flag("dryRun"),
        drift=spec.one_of("drift", Drift, default=Drift.REPAIR),
        addresses=spec.one_of("addresses", Addresses, default=Addresses.ANY),
        allowed_namespaces=selectors.parse(allowed, where, error=Misconfigured),
        allow_local_targets=spec.flag("allowLocalTargets"),
        txt=_txt(spec.at("txt")),
        safety=_safety(spec.at("safety")),
        rate_limit=_rate_limit(spec.at("rateLimit")) if "rateLimit" in spec else None,
        audit_interval=spec.seconds("auditInterval", default=600.0),
        min_ttl=spec.whole("minTTL", default=0, most=MAX_TTL),
        verify_servers=_servers(spec.at("verify")),
        on_delete=spec.one_of("onDelete", OnDelete, default=OnDelete.ORPHAN),
        status=provider_status.parse(obj.get("status")),
        uid=uid(obj),
        generation=generation(obj),
        created=dig(obj, "metadata", "creationTimestamp", default=""),
    )


def _settings(spec: Fields, kind: str) -> Mapping[str, Any]:
    """The type's own block; a secret in octoDNS's is said by reference."""
    block = spec.at(kind if kind in BUILT_IN else "settings")
    if kind == "octodns":
        _check_references(block.at("settings").obj, block.where("settings"))
    return block.obj


def _check_references(value: Any, where: str, *, secret: bool = False) -> None:
    """Nothing is shown of a value that may be a secret."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            _check_references(each, f"{where}.{name}", secret=bool(_SECRET.search(str(name))))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            _check_references(each, f"{where}[{number}]", secret=secret)
    elif secret and isinstance(value, str) and value and not value.startswith("secret/"):
        raise Misconfigured(
            f"{where}: Invalid value: a secret does not stand in the object: write secret/KEY, and "
            "put it under KEY in the Secret of spec.credentialsRef"
        )


def _credentials(spec: Fields) -> str:
    return spec.at("credentialsRef").text("name", required="credentialsRef" in spec)


def _zones(spec: Fields) -> tuple[str, ...]:
    try:
        return tuple(sorted({canonical(zone) for zone in spec.texts("zones")}))
    except InvalidName as error:
        raise spec.wrong("zones", str(error)) from error


def _owner_id(spec: Fields) -> str:
    owner = spec.text("ownerID")
    if owner == "default":
        why = "it is the owner id of external-dns; choose one of your own"
        raise spec.wrong("ownerID", why)
    if owner and not _OWNER.fullmatch(owner):
        raise spec.wrong("ownerID", "must be letters, digits, dots, hyphens and underscores")
    return owner


def _txt(fields: Fields) -> Txt:
    found = Txt(
        prefix=fields.text("prefix").lower(),
        suffix=fields.text("suffix").lower(),
        wildcard_replacement=fields.text("wildcardReplacement").lower(),
        encryption_key=_key_ref(fields.at("encryptionKeyRef"))
        if "encryptionKeyRef" in fields
        else None,
    )
    if found.prefix and found.suffix:
        raise fields.wrong("suffix", "prefix and suffix cannot both be given; remove one of them")
    return found


def _key_ref(fields: Fields) -> KeyRef:
    return KeyRef(fields.text("name", required=True), fields.text("key", required=True))


def _safety(fields: Fields) -> Safety:
    return Safety(
        max_delete_percent=fields.whole("maxDeletePercent", default=30, most=100),
        min_names=fields.whole("minNames", default=10),
        window=fields.seconds("window", default=600.0),
    )


def _rate_limit(fields: Fields) -> RateLimit:
    if "requestsPerSecond" not in fields:
        raise fields.missing("requestsPerSecond")
    return RateLimit(
        fields.number("requestsPerSecond", default=1.0), fields.count("burst", default=10)
    )


def _servers(fields: Fields) -> tuple[str, ...]:
    for server in fields.texts("servers"):
        if not _SERVER.fullmatch(server):
            raise fields.wrong("servers", f"{server!r} is no host:port")
    return fields.texts("servers")
