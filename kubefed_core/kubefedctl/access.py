"""One API server for a command: blocking, plain dicts in and out, errors that say what to do.

The official client supplies credentials, TLS and proxies. Importing it takes most of a second,
so it is done when a connection is opened and not when the command line starts.
"""

import json
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from kubefed_core import errors
from kubefed_core.errors import KubeFedError
from kubefed_core.objects import Key, Obj, dig, key_of
from kubefed_core.resources import Resource
from kubefed_core.runtime import answers, identity
from kubefed_core.runtime.contexts import Context

log = logging.getLogger(__name__)

CONNECT = 5.0
ANSWER = 30.0
REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview",
    namespaced=False,
)  # fmt: skip
MERGE = "application/merge-patch+json"
DRY_RUN = (("dryRun", "All"),)


class Unreachable(KubeFedError):
    """The server gave no answer that could be used; the message says why and what to do."""


class _NoDiscovery:
    """Resources are known by their path here, so the server is not asked for a list of them."""

    def __init__(self, client: object, cache_file: object) -> None:
        pass


class Api:
    """A connection to the API server of a context; `label` names it to the user.

    Raises ApiError for what the server refuses and Unreachable for what keeps
    it from answering.
    """

    def __init__(self, context: Context, *, label: str) -> None:
        from kubernetes import client, dynamic

        self.context = context
        self.label = label
        made = client.ApiClient(identity.configuration(context, label=label))
        self._client = made
        self._dynamic = dynamic.DynamicClient(  # type: ignore[no-untyped-call]
            made, discoverer=_NoDiscovery
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.rest_client.pool_manager.clear()

    def get(self, resource: Resource, key: Key) -> Obj | None:
        """None where there is no such object, or no such kind of object."""
        try:
            return self._json("GET", resource.path(key.namespace, key.name), f"get {resource}")
        except errors.NotFound:
            return None

    def list(self, resource: Resource, *, namespace: str = "", fields: str = "") -> Sequence[Obj]:
        """Whole objects; `fields` is a field selector."""
        query = [("fieldSelector", fields)] if fields else []
        found = self._json("GET", resource.path(namespace), f"list {resource}", query=query)
        header = {"apiVersion": resource.api_version, "kind": resource.kind}
        return [header | item for item in found.get("items") or ()]

    def create(self, resource: Resource, obj: Obj, *, dry_run: bool = False) -> Obj:
        """With `dry_run` the server checks all that it would, and stores nothing."""
        path = resource.path(dig(obj, "metadata", "namespace", default=""))
        query = DRY_RUN if dry_run else ()
        return self._json("POST", path, f"create {resource}", body=obj, query=query)

    def replace(self, resource: Resource, obj: Obj, *, dry_run: bool = False) -> Obj:
        key = key_of(obj)
        path = resource.path(key.namespace, key.name)
        query = DRY_RUN if dry_run else ()
        return self._json("PUT", path, f"update {resource}", body=obj, query=query)

    def merge(self, resource: Resource, key: Key, patch: Obj) -> Obj:
        """A JSON merge patch: null removes a field, a list is replaced whole."""
        path = resource.path(key.namespace, key.name)
        return self._json("PATCH", path, f"patch {resource}", body=patch, content=MERGE)

    def delete(self, resource: Resource, key: Key, *, uid: str = "") -> bool:
        """False where there was none; with `uid` only that very object is deleted."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid:
            options["preconditions"] = {"uid": uid}
        path = resource.path(key.namespace, key.name)
        try:
            self._json("DELETE", path, f"delete {resource}", body=options)
        except errors.NotFound:
            return False
        return True

    def may(self, verb: str, resource: Resource, *, namespace: str = "") -> bool:
        """Whether these credentials carry a right; True where the server does not tell."""
        asked = {"verb": verb, "group": resource.group, "resource": resource.plural}
        if namespace:
            asked["namespace"] = namespace
        review = {
            "apiVersion": REVIEWS.api_version,
            "kind": REVIEWS.kind,
            "spec": {"resourceAttributes": asked},
        }
        try:
            answer = self._json("POST", REVIEWS.path(), f"create {REVIEWS}", body=review)
        except errors.ApiError:
            return True
        return bool(dig(answer, "status", "allowed", default=False))

    def read(self, path: str) -> Obj:
        """The object at a path that is no resource, such as what a group serves."""
        return self._json("GET", path, f"get {path}")

    def fetch(self, path: str) -> str:
        """The text at a path that is no resource."""
        return self._request("GET", path, f"get {path}")

    def _json(self, method: str, path: str, doing: str, **options: Any) -> dict[str, Any]:
        text = self._request(method, path, doing, **options)
        try:
            return answers.parse(text.encode(), path)
        except ConnectionError:
            raise Unreachable(
                f"{self.label}: what answers at {self.context.server} is no Kubernetes API server; "
                "put the server's URL right in the kubeconfig"
            ) from None

    def _request(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        body: Any = None,
        query: Sequence[tuple[str, str]] = (),
        content: str = "application/json",
    ) -> str:
        import urllib3.exceptions
        from kubernetes.client.exceptions import ApiException

        log.info("%s %s%s", method, self.context.server, path)
        try:
            answer = self._dynamic.request(
                method,
                path,
                body=body,
                query_params=list(query),
                header_params={"Accept": "application/json"},
                content_type=content,
                serialize=False,
                _request_timeout=(CONNECT, ANSWER),
            )
            data: bytes = answer.data
        except ApiException as error:
            if not error.status:
                raise self._unreachable(str(error.reason)) from error
            raise self._refused(error.status, error.body, doing) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(str(error)) from error
        return data.decode(errors="replace")

    def _refused(self, status: int, body: object, doing: str) -> errors.ApiError:
        message, reason = _status(body)
        where = f"{self.label} ({self.context.server})"
        who = f"user {self.context.user_name!r}" if self.context.user_name else "the context"
        if status == 401:
            told = f"{where} does not accept the credentials of {who}: {message}; renew them"
        elif status == 403:
            told = f"{where}: {who} may not {doing}: {message}"
        else:
            told = f"{where}: cannot {doing}: {message}"
        return errors.api_error(told, status=status, reason=reason)

    def _unreachable(self, text: str) -> Unreachable:
        cause, remedy = _explained(text)
        return Unreachable(f"{self.label} ({self.context.server}) {cause}; {remedy}")


def _status(body: object) -> tuple[str, str]:
    """Message and reason of a Status object, or of whatever stands in its place."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        answer = json.loads(text)
        return " ".join(str(answer["message"]).split()), str(answer.get("reason") or "")
    except (ValueError, KeyError, TypeError):
        return " ".join(text.split())[:200] or "no reason given", ""


_CAUSES = (
    ("Hostname mismatch", "shows a certificate for other names",
     "use a server URL that its certificate names"),
    ("not valid for", "shows a certificate for other names",
     "use a server URL that its certificate names"),
    ("CERTIFICATE_VERIFY_FAILED", "shows a certificate that is not trusted",
     "put its CA into the context's certificate-authority-data"),
    ("WRONG_VERSION_NUMBER", "does not speak TLS", "put the server's URL right"),
    ("SSL", "cannot agree on TLS", "check server, CA and client certificate of the context"),
    ("roxy", "cannot be reached through the proxy", "check the context's proxy-url"),
    ("NameResolution", "has a host name that does not resolve", "put the server's URL right"),
    ("timed out", "does not answer in time", "check that it runs and that nothing blocks it"),
    ("refused", "refuses connections", "check that it runs and that the URL is right"),
)  # fmt: skip
"""By a word in what the transport says, the first that fits: what it means, and what to do."""


def _explained(text: str) -> tuple[str, str]:
    """Cause and remedy for what the transport said."""
    detail = " ".join(text.split())[:300]
    for word, cause, remedy in _CAUSES:
        if word in detail:
            return f"{cause} ({detail})", remedy
    return f"cannot be reached ({detail})", "check that it runs and that the URL is right"
