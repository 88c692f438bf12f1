"""What the host holds, with manifests laid over it as if they had been applied."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import manifests
from kubefed_core.kubefedctl.access import Api
from kubefed_core.objects import Key, Obj, dig, key_of, uid
from kubefed_core.resources import NAMESPACES, SECRETS, Resource
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

KINDS = {
    (each.api_version, each.kind): each
    for each in (
        DOMAINS, ENDPOINTS, PROVIDERS, SERVICE_RECORDS, INGRESS_RECORDS, NAMESPACES, SECRETS
    )
}  # fmt: skip
NEWEST = "9999-12-31T23:59:59Z"
"""When what is only a manifest was created: whatever is there already is older."""

Overlay = Mapping[tuple[Resource, Key], Obj]


class Hub:
    """Reads the host; each kind is listed once, and Secrets are asked for one by one."""

    def __init__(self, api: Api, *, namespace: str, applied: Iterable[Obj] = ()) -> None:
        self.namespace = namespace
        self.api = api
        self._present: dict[Resource, Sequence[Obj]] = {}
        self._lists: dict[Resource, dict[Key, Obj]] = {}
        self.overlay = _overlay(applied, namespace)

    def list(self, resource: Resource) -> Iterable[Obj]:
        return self._all(resource).values()

    def get(self, resource: Resource, key: Key) -> Obj | None:
        if resource in KINDS.values() and resource != SECRETS:
            return self._all(resource).get(key)
        given = self.overlay.get((resource, key))
        return given if given is not None else self.api.get(resource, key)

    def before(self, resource: Resource) -> Iterable[Obj]:
        """All as they are on the host, whatever a manifest says."""
        if resource not in self._present:
            self._present[resource] = self.api.list(resource)
        return self._present[resource]

    @cached_property
    def system_uid(self) -> str:
        """That of namespace kube-system, by which a hub is told from others."""
        found = self.get(NAMESPACES, Key("", "kube-system"))
        if found is None:
            raise Terminal("namespace kube-system cannot be found; give DNSProviders an ownerID")
        return uid(found)

    def _all(self, resource: Resource) -> dict[Key, Obj]:
        if resource not in self._lists:
            found = {key_of(obj): obj for obj in self.before(resource)}
            for (kind, key), obj in self.overlay.items():
                if kind == resource:
                    found[key] = _applied(found.get(key), obj)
            self._lists[resource] = found
        return self._lists[resource]


def read(paths: Iterable[str]) -> list[Obj]:
    """The objects in some files, `-` for stdin; raises Terminal, naming the file."""
    return [obj for path in paths for obj in manifests.read(path)]


def _overlay(applied: Iterable[Obj], namespace: str) -> Overlay:
    found: dict[tuple[Resource, Key], Obj] = {}
    for obj in applied:
        said = (str(obj.get("apiVersion")), str(obj.get("kind")))
        resource = KINDS.get(said)
        name = dig(obj, "metadata", "name")
        if resource is None:
            known = ", ".join(sorted(kind for _, kind in KINDS))
            raise Terminal(f"a manifest is of kind {said[1]} ({said[0]}); a plan can be of {known}")
        if not isinstance(name, str) or not name:
            raise Terminal(f"metadata.name: a manifest of kind {said[1]} has none; give it one")
        own = namespace if resource in {DOMAINS, PROVIDERS, SECRETS} else "default"
        where = "" if resource == NAMESPACES else dig(obj, "metadata", "namespace") or own
        meta = {**obj["metadata"], "namespace": where}
        obj = _encoded(obj) if resource == SECRETS else obj
        found[(resource, Key(where, name))] = {**obj, "metadata": meta}
    return found


def _encoded(secret: Obj) -> Obj:
    """With `stringData` where the API server puts it."""
    given = dig(secret, "stringData", default={})
    texts = given if isinstance(given, dict) else {}
    data = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    return {**secret, "data": {**dig(secret, "data", default={}), **data}}


def _applied(there: Obj | None, obj: Obj) -> Obj:
    """The manifest with what the API server would have kept, or given it."""
    if there is None:
        meta: dict[str, Any] = {"creationTimestamp": NEWEST, **obj["metadata"]}
        return {**obj, "metadata": meta}
    meta = {**there["metadata"], **obj["metadata"]}
    if dig(obj, "spec") != dig(there, "spec"):
        meta["generation"] = int(dig(there, "metadata", "generation", default=0)) + 1
    return {**obj, "metadata": meta, **{k: v for k, v in there.items() if k == "status"}}
