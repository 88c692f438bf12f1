"""Who we are to an API server: the settings of the official client for one context.

The official client reads tokens, certificates and OIDC, and runs exec plug-ins; here is what it
does not say: it logs a plug-in that fails and goes on as nobody.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kubefed_core import objects
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj
from kubefed_core.runtime.contexts import Context

EARLY = timedelta(seconds=90)
"""How long before the end of a plug-in's token another is fetched; more than its use lasts."""
Renew = Callable[[], str]


def utc() -> datetime:
    return datetime.now(UTC)


def configuration(context: Context, *, label: str) -> Any:
    """A `kubernetes.client.Configuration`; `label` names the cluster to the user.

    Raises Terminal, with the remedy, where the user of the context cannot be used.
    """
    return lasting(context, label=label)[0]


def lasting(
    context: Context, *, label: str, now: Callable[[], datetime] = utc
) -> tuple[Any, Renew | None]:
    """The same, and what gives the bearer token to use from now on; None where none changes.

    It may block and it raises Terminal or OSError. A certificate that a plug-in
    gave is not renewed.
    """
    user = context.user
    renew: Renew | None = None
    if user.get("token"):
        return _configured(context, user, label), None
    if file := user.get("tokenFile"):
        renew = partial(_read, Path(str(file)))
    elif user.get("exec"):
        plugin = _Plugin(context, label, now)
        user = plugin.user()
        renew = plugin.token if "token" in user else None
    elif user.get("auth-provider"):
        renew = partial(_fetched, context, user, label)
    return _configured(context, user, label), renew


def _read(file: Path) -> str:
    return file.read_text().strip()


def _fetched(context: Context, user: Obj, label: str) -> str:
    """The official client fetches another token where it is over, and notes it in `user`."""
    return bearer(_configured(context, user, label))


def bearer(made: Any) -> str:
    """The token of a configuration, empty where it has none."""
    said = made.get_api_key_with_prefix("authorization")
    value: str = said or made.get_api_key_with_prefix("BearerToken") or ""
    return value.removeprefix("Bearer ").strip()


def _configured(context: Context, user: Obj, label: str) -> Any:
    import urllib3
    import urllib3.exceptions
    from kubernetes import client, config

    only = {
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": _cluster(context)}],
        "users": [{"name": "it", "user": user}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }
    made = client.Configuration()
    made.retries = False
    if context.insecure:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            only, client_configuration=made, persist_config=False
        )
    except (
        config.ConfigException,
        urllib3.exceptions.HTTPError,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        raise Terminal(
            f"{label}: user {context.user_name!r} of the kubeconfig cannot be used: {error}; "
            "put the entry right"
        ) from error
    return made


def _cluster(context: Context) -> Obj:
    cluster: dict[str, object] = {
        "server": context.server,
        "insecure-skip-tls-verify": context.insecure,
    }
    if context.ca and not context.insecure:
        cluster["certificate-authority-data"] = base64.b64encode(context.ca).decode()
    if context.proxy_url:
        cluster["proxy-url"] = context.proxy_url
    if context.tls_server_name:
        cluster["tls-server-name"] = context.tls_server_name
    return cluster


class _Plugin:
    """An exec plug-in; it is run again when what it gave is over."""

    def __init__(self, context: Context, label: str, now: Callable[[], datetime]) -> None:
        spec = context.user["exec"]
        command = spec.get("command") if isinstance(spec, Mapping) else spec
        self._context = context
        self._name = f"{label}: exec plug-in {command!r} of user {context.user_name!r}"
        self._now = now
        self._user: Obj = {}
        self._until: datetime | None = None

    def user(self) -> Obj:
        """A kubeconfig's user, of what the plug-in gave."""
        if self._until is None or self._now() + EARLY >= self._until:
            answer = _answer(self._context.user["exec"], self._context, self._name)
            self._user = self._said(answer)
            self._until = _moment(answer.get("expirationTimestamp"))
        return self._user

    def token(self) -> str:
        return str(self.user().get("token", ""))

    def _said(self, answer: Obj) -> Obj:
        token = answer.get("token")
        certificate, key = answer.get("clientCertificateData"), answer.get("clientKeyData")
        if token:
            return {"token": token}
        if certificate and key:
            return {
                "client-certificate-data": base64.b64encode(certificate.encode()).decode(),
                "client-key-data": base64.b64encode(key.encode()).decode(),
            }
        raise Terminal(f"{self._name} gave neither a token nor a certificate with its key")


def _moment(text: object) -> datetime | None:
    """None, which is as good as over, where the plug-in does not say."""
    try:
        return objects.moment(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _answer(spec: Any, context: Context, name: str) -> Obj:
    from kubernetes.config import ConfigException
    from kubernetes.config.exec_provider import ExecProvider
    from kubernetes.config.kube_config import ConfigNode

    hint = str(spec.get("installHint") or "").strip() if isinstance(spec, Mapping) else ""
    try:
        node = ConfigNode("exec", spec)  # type: ignore[no-untyped-call]
        cluster = ConfigNode("cluster", _cluster(context))  # type: ignore[no-untyped-call]
        plugin = ExecProvider(node, context.directory, cluster)  # type: ignore[no-untyped-call]
        answer = plugin.run()  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, AttributeError, TypeError, KeyError) as error:
        # AttributeError: on a terminal the library trips over the missing stderr of a failure.
        remedy = hint or "run the command by hand to see why, or log in again"
        raise Terminal(f"{name} failed: {error}; {remedy}") from error
    if not isinstance(answer, Mapping):
        raise Terminal(f"{name} gave no status")
    return answer
