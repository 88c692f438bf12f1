"""What an update leaves as the member has it: what its API server or controllers gave."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kubefed_core.api import federated as api
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import text
from kubefed_core.objects import Obj, copied, dig

MANAGER = "kubefed"
"""Our own name among the field managers of an object."""

Retain = Callable[[dict[str, Any], Fields], None]


def retain(desired: Obj, member: Obj, *, federated: Obj) -> dict[str, Any]:
    """A copy of the desired object with what is kept of the member's.

    Raises Terminal, naming the field, where the member's object is not what its kind is.
    """
    made: dict[str, Any] = copied(dict(desired))
    has = Fields(member)
    metadata = made.setdefault("metadata", {})
    for name in ("resourceVersion", "finalizers", "annotations"):
        value = dig(member, "metadata", name)
        metadata.pop(name, None)
        if value is not None:
            metadata[name] = copied(value)
    by_kind = _KINDS.get(made.get("kind", ""))
    if by_kind is not None:
        by_kind(made, has)
    elif api.retains_replicas(federated) and "replicas" in has.at("spec"):
        _spec(made)["replicas"] = has.at("spec").whole("replicas", default=0)
    for path in api.retained_paths(federated):
        _field(made, member, path)
    return made


def _service(made: dict[str, Any], has: Fields) -> None:
    spec, wanted = has.at("spec"), _spec(made)
    if (port := spec.whole("healthCheckNodePort", default=0)) > 0:
        wanted["healthCheckNodePort"] = port
    address, addresses = spec.text("clusterIP"), spec.texts("clusterIPs")
    if wanted.get("type") != "ExternalName":
        if address:
            wanted["clusterIP"] = address
        if addresses:
            wanted["clusterIPs"] = list(addresses)
    ports = {_port(each.obj): each.whole("nodePort", default=0) for each in spec.each("ports")}
    for each in _objects(wanted.get("ports")):
        if (number := ports.get(_port(each), 0)) and not each.get("nodePort"):
            each["nodePort"] = number


def _port(port: Obj) -> tuple[Any, ...]:
    """What makes two ports the same one; a protocol that is not said is TCP."""
    number = port.get("port")
    protocol = text(port.get("protocol")) or "TCP"
    return text(port.get("name")), protocol, number if isinstance(number, int) else None


def _service_account(made: dict[str, Any], has: Fields) -> None:
    for name in ("secrets", "imagePullSecrets"):
        if not made.get(name) and (kept := has.items(name)):
            made[name] = copied(list(kept))


def _claim(made: dict[str, Any], has: Fields) -> None:
    """What binding and the default class have filled in cannot be changed any more."""
    spec, wanted = has.at("spec"), _spec(made)
    for name in ("volumeName", "storageClassName", "volumeMode"):
        if wanted.get(name) is None and name in spec:
            wanted[name] = spec.text(name)


def _job(made: dict[str, Any], has: Fields) -> None:
    """The selector and the labels that a Job was given for its own pods."""
    spec, wanted = has.at("spec"), _spec(made)
    if wanted.get("manualSelector"):
        return
    if wanted.get("selector") is None and "selector" in spec:
        wanted["selector"] = copied(dict(spec.at("selector").obj))
    given = spec.at("template").at("metadata").at("labels").obj
    if given and isinstance(wanted.get("template"), dict):
        metadata = _inner(wanted["template"], "metadata")
        if isinstance(labels := metadata.get("labels") or {}, dict):
            metadata["labels"] = {**given, **labels}


def _webhooks(made: dict[str, Any], has: Fields) -> None:
    """The authorities that somebody in the member injects, by the name of the webhook."""
    bundles = {
        each.text("name"): each.at("clientConfig").text("caBundle") for each in has.each("webhooks")
    }
    for each in _objects(made.get("webhooks")):
        if bundle := bundles.get(text(each.get("name"))):
            _trust(_inner(each, "clientConfig"), bundle)


def _conversion(made: dict[str, Any], has: Fields) -> None:
    config = has.at("spec").at("conversion").at("webhook").at("clientConfig")
    wanted = dig(made, "spec", "conversion", "webhook", "clientConfig")
    if (bundle := config.text("caBundle")) and isinstance(wanted, dict):
        _trust(wanted, bundle)


def _trust(config: dict[str, Any], bundle: str) -> None:
    if not config.get("caBundle"):
        config["caBundle"] = bundle


_KINDS: Mapping[str, Retain] = {
    "Service": _service,
    "ServiceAccount": _service_account,
    "PersistentVolumeClaim": _claim,
    "Job": _job,
    "MutatingWebhookConfiguration": _webhooks,
    "ValidatingWebhookConfiguration": _webhooks,
    "CustomResourceDefinition": _conversion,
}


def _field(made: dict[str, Any], member: Obj, path: Sequence[str]) -> None:
    """Leave a field that `spec.retain` names to the field manager that owns it in the member."""
    value = dig(member, *path)
    if value is None or not _owned_by_others(member, path):
        return
    parent: Any = made
    for step in path[:-1]:
        parent = _inner(parent, step) if isinstance(parent, dict) else None
    if isinstance(parent, dict):
        parent[path[-1]] = copied(value)


def _owned_by_others(member: Obj, path: Sequence[str]) -> bool:
    steps = [f"f:{step}" for step in path]
    entries: Iterable[Any] = dig(member, "metadata", "managedFields", default=())
    return any(
        dig(entry, "fieldsV1", *steps) is not None
        for entry in entries
        if entry.get("manager") != MANAGER
    )


def _spec(made: dict[str, Any]) -> dict[str, Any]:
    return _inner(made, "spec")


def _inner(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """The object in a field, made where there is none."""
    if not isinstance(parent.get(name), dict):
        parent[name] = {}
    found: dict[str, Any] = parent[name]
    return found


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
