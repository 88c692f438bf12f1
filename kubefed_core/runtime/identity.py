"""Who a command is to an API server: the settings of the official client for one context.

The official client reads tokens, certificates and OIDC, and runs exec plug-ins; here is what it
does not say: it logs a plug-in that fails and goes on as nobody.
"""

import base64
from collections.abc import Mapping
from typing import Any

from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj
from kubefed_core.runtime.contexts import Context


def configuration(context: Context, *, label: str) -> Any:
    """A `kubernetes.client.Configuration`; `label` names the cluster to the user.

    Raises Terminal, with the remedy, where the user of the context cannot be used.
    """
    import urllib3
    import urllib3.exceptions
    from kubernetes import client, config

    only = {
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": _cluster(context)}],
        "users": [{"name": "it", "user": _user(context, label)}],
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


def _user(context: Context, label: str) -> Obj:
    """The user's entry; in the place of an exec plug-in, what it answered."""
    spec = context.user.get("exec")
    if not spec or context.user.get("token") or context.user.get("tokenFile"):
        return context.user
    command = spec.get("command") if isinstance(spec, Mapping) else spec
    name = f"{label}: exec plug-in {command!r} of user {context.user_name!r}"
    answer = _answer(spec, context, name)
    token = answer.get("token")
    certificate, key = answer.get("clientCertificateData"), answer.get("clientKeyData")
    if token:
        return {"token": token}
    if certificate and key:
        return {
            "client-certificate-data": base64.b64encode(certificate.encode()).decode(),
            "client-key-data": base64.b64encode(key.encode()).decode(),
        }
    raise Terminal(f"{name} gave neither a token nor a certificate with its key")


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
