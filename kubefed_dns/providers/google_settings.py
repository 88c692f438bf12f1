"""What a DNSProvider says about its Google Cloud project, and a client made of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import google.auth
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import dns
from google.oauth2 import service_account

from kubefed_core.api.fields import Fields
from kubefed_dns.errors import Denied, Misconfigured
from kubefed_dns.providers.protocol import Context

KEY = "key.json"
KINDS = ("public", "private")
SCOPES = ("https://www.googleapis.com/auth/ndev.clouddns.readwrite",)
GOOGLE = ".googleapis.com"

_HOW = f'put the JSON key of a service account under "{KEY}"'


@dataclass(frozen=True, slots=True)
class Settings:
    """`kind` is empty for zones of either kind, `project` for that of the credentials."""

    kind: str = ""
    project: str = ""
    endpoint: str = ""


def parse(context: Context) -> Settings:
    """Raises Misconfigured, naming the field or the Secret's key."""
    spec = Fields({"google": context.settings}, "spec", error=Misconfigured).at("google")
    if context.secret and not context.secret.get(KEY):
        raise Misconfigured(f"the Secret of spec.credentialsRef has no key {KEY!r}; {_HOW}")
    kind = spec.text("visibility").lower()
    if kind and kind not in KINDS:
        raise spec.wrong("visibility", 'must be "public" or "private"; without it, both')
    endpoint = spec.text("apiEndpoint").rstrip("/")
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        raise spec.wrong("apiEndpoint", "must be a URL such as https://dns.googleapis.com")
    return Settings(kind=kind, project=spec.text("project"), endpoint=endpoint)


def client(settings: Settings, secret: Mapping[str, str]) -> dns.Client:
    """Raises Denied where there are no credentials, and Misconfigured where they cannot work."""
    credentials, project = _credentials(settings, secret)
    if not (settings.project or project):
        raise Misconfigured("spec.google.project: the credentials name no project; name it here")
    options = {"api_endpoint": settings.endpoint} if settings.endpoint else None
    return dns.Client(
        project=settings.project or project, credentials=credentials, client_options=options
    )


def _credentials(settings: Settings, secret: Mapping[str, str]) -> tuple[Any, str | None]:
    """With the project that they name.

    What this process is by itself is told to nobody but Google: another endpoint
    has to do without, unless a Secret gives it some.
    """
    if secret.get(KEY):
        return _of_key(secret[KEY])
    host = urlsplit(settings.endpoint).hostname or GOOGLE
    if not host.endswith(GOOGLE):
        return AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    try:
        found: tuple[Any, str | None] = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise Denied(
            "Google: there are no credentials; give spec.credentialsRef, or run as a service"
            " account (workload identity)"
        ) from error
    return found


def _of_key(text: str) -> tuple[Any, str]:
    """No error shows any of the text, nor is chained to one that does."""
    try:
        info = json.loads(text)
        made = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            info, scopes=SCOPES
        )
    except (ValueError, TypeError, AttributeError):
        made = None
    if made is None:
        raise Misconfigured(
            f"{KEY!r} in the Secret of spec.credentialsRef is no key of a service account; {_HOW},"
            " as Google gave it"
        )
    return made, str(info.get("project_id") or "")
