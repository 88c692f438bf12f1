"""What a DNSProvider says about its AWS account, and a client made of it."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3.session
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError

from kubefed_core.api.fields import Fields
from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.protocol import Context

ID, SECRET, TOKEN = "aws_access_key_id", "aws_secret_access_key", "aws_session_token"
KINDS = ("public", "private")
SESSION = "kubefed-dns"
_SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

# Route 53 is one for the whole world; the region tells which world (China has its own).
REGION = "us-east-1"
CONNECT, READ = 5, 30

# What botocore knows of services takes it a third of a second to read; once is enough.
_LOADER = botocore.loaders.create_loader()


@dataclass(frozen=True, slots=True)
class Settings:
    """`kind` is empty for zones of either kind, the other texts where the SDK decides."""

    kind: str = ""
    region: str = ""
    profile: str = ""
    role: str = ""
    external_id: str = ""
    session: str = SESSION
    endpoint: str = ""


def parse(context: Context) -> Settings:
    """Raises Misconfigured, naming the field or the Secret's key."""
    spec = Fields({"route53": context.settings}, "spec", error=Misconfigured).at("route53")
    given = [key for key in (ID, SECRET) if context.secret.get(key)]
    if context.secret and len(given) < 2:
        missing = " and ".join(repr(key) for key in (ID, SECRET) if key not in given)
        raise Misconfigured(f"the Secret of spec.credentialsRef has no {missing}; put it there")
    for key in (ID, SECRET, TOKEN):
        text = context.secret.get(key, "").strip()
        if not text.isascii() or len(text.split()) > 1:
            raise Misconfigured(
                f"key {key!r} of the Secret of spec.credentialsRef is not one word; put it there"
                " as AWS gave it"
            )
    kind = spec.text("zoneType").lower()
    if kind and kind not in KINDS:
        raise spec.wrong("zoneType", 'must be "public" or "private"; without it, both')
    role = spec.at("assumeRole")
    return Settings(
        kind=kind,
        region=spec.text("region"),
        profile=spec.text("profile"),
        role=role.text("arn", required="assumeRole" in spec),
        external_id=role.text("externalID"),
        session=_session(role),
        endpoint=spec.text("endpointURL"),
    )


def regions() -> frozenset[str]:
    """All that a latency set may be of."""
    model = _LOADER.load_service_model("route53", "service-2")
    return frozenset(model["shapes"]["ResourceRecordSetRegion"]["enum"])


def client(settings: Settings, secret: Mapping[str, str]) -> Any:
    """A Route 53 client that makes one request a call.

    Without keys in the Secret the SDK looks for credentials as it always does:
    environment, profile, web identity, the machine's role.
    """
    keys = {key: secret[key].strip() for key in (ID, SECRET, TOKEN) if secret.get(key)}
    try:
        session = boto3.session.Session(
            botocore_session=_inner(),
            profile_name=settings.profile or None,
            region_name=settings.region or None,
            **keys,
        )
        if settings.role:
            session = _as_role(session, settings)
        return session.client(
            "route53",
            region_name=session.region_name or REGION,
            endpoint_url=settings.endpoint or None,
            config=Config(
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=20,
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise Misconfigured(f"spec.route53: {error}; correct it") from error


def _session(role: Fields) -> str:
    name = role.text("sessionName", default=SESSION)
    if not _SESSION.fullmatch(name):
        raise role.wrong("sessionName", "must be 2 to 64 letters, digits or any of _+=,.@-")
    return name


def _as_role(session: Any, settings: Settings) -> Any:
    """A session that works as the role; its credentials are asked for when first used."""
    source = session.get_credentials()
    if source is None:
        raise Misconfigured(
            "spec.route53.assumeRole: there are no credentials to assume it with; give"
            " spec.credentialsRef, or run where AWS gives some"
        )
    extra = {"RoleSessionName": settings.session}
    if settings.external_id:
        extra["ExternalId"] = settings.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=functools.partial(
            session.client,
            region_name=session.region_name or REGION,
            config=Config(connect_timeout=CONNECT, read_timeout=READ),
        ),
        source_credentials=source,
        role_arn=settings.role,
        extra_args=extra,
    )
    inner = _inner()
    inner._credentials = DeferredRefreshableCredentials(
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return boto3.session.Session(botocore_session=inner, region_name=session.region_name)


def _inner() -> Any:
    inner = botocore.session.get_session()
    inner.register_component("data_loader", _LOADER)
    return inner
