"""KubeFedCluster: a member cluster, how to reach it and what is seen of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubefed_core.api import checks, names, taints, urls
from kubefed_core.api.checks import Check
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import filled, objects, text, texts
from kubefed_core.objects import Key, Obj, dig, key_of, labels

TLS_VALIDATIONS = ("*", "SubjectName", "ValidityPeriod")


@dataclass(frozen=True, slots=True)
class ClusterCondition:
    """What a probe has shown; the times are as they stand in the object."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_probe: str = ""
    last_transition: str = ""


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    conditions: tuple[ClusterCondition, ...] = ()
    region: str = ""
    zones: tuple[str, ...] = ()

    def get(self, kind: str) -> ClusterCondition | None:
        return next((each for each in self.conditions if each.type == kind), None)

    def says(self, kind: str) -> bool:
        found = self.get(kind)
        return found is not None and found.status == "True"

    @property
    def ready(self) -> bool:
        """No condition is the same as not ready."""
        return self.says("Ready")

    @property
    def offline(self) -> bool:
        return self.says("Offline")


@dataclass(frozen=True, slots=True)
class Cluster:
    """`region` and `zones` are what the user set; empty leaves it to the nodes' labels."""

    key: Key
    api_endpoint: str
    secret_name: str
    ca_bundle: str = ""
    proxy_url: str = ""
    disabled_tls_validations: frozenset[str] = frozenset()
    region: str = ""
    zones: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    status: ClusterStatus = ClusterStatus()


def parse(obj: Obj) -> Cluster:
    """Raises Terminal, naming the field, where the spec cannot work."""
    spec = Fields(obj).at("spec")
    for check in _spec_checks(spec):
        check()
    return Cluster(
        key=key_of(obj),
        api_endpoint=spec.text("apiEndpoint"),
        secret_name=spec.at("secretRef").text("name"),
        ca_bundle=spec.text("caBundle"),
        proxy_url=spec.text("proxyURL"),
        disabled_tls_validations=frozenset(spec.texts("disabledTLSValidations")),
        region=spec.text("region"),
        zones=tuple(sorted(set(spec.texts("zones")))),
        labels=labels(obj),
        status=parse_status(obj),
    )


def faults(obj: Obj) -> list[str]:
    """All that is wrong with the spec, in upstream's words."""
    return checks.faults(_spec_checks(Fields(obj).at("spec")))


def status_faults(obj: Obj) -> list[str]:
    status = Fields(obj).at("status")
    return checks.faults(
        check for each in status.each("conditions") for check in _condition_checks(each)
    )


def _spec_checks(spec: Fields) -> Iterator[Check]:
    yield partial(_check_endpoint, spec)
    yield partial(_check_secret, spec.at("secretRef"))
    yield partial(_check_validations, spec)
    yield partial(_check_proxy, spec)
    yield partial(spec.text, "caBundle")
    yield partial(spec.text, "region")
    yield partial(spec.texts, "zones")
    yield partial(taints.check, spec)


def _check_endpoint(spec: Fields) -> None:
    text = spec.text("apiEndpoint", required=True)
    try:
        found = urls.endpoint(text)
    except urls.Unfit as error:
        shown = json.dumps(urls.hidden(text), ensure_ascii=False)
        why = f"Invalid value: {shown}: {urls.hidden(str(error))}"
        raise spec.refused("apiEndpoint", why) from None
    if found.scheme not in urls.SCHEMES:
        raise spec.unsupported("apiEndpoint", found.scheme, *urls.SCHEMES)
    if found.port and not 0 < int(found.port) < 65536:
        why = "must be between 1 and 65535, inclusive"
        raise spec.refused("apiEndpoint", f"Invalid value: {int(found.port)}: {why}")


def _check_secret(ref: Fields) -> None:
    if fault := names.subdomain_fault(ref.text("name", required=True)):
        raise ref.wrong("name", fault)


def _check_validations(spec: Fields) -> None:
    skipped = spec.texts("disabledTLSValidations")
    if unknown := [each for each in skipped if each not in TLS_VALIDATIONS]:
        raise spec.unsupported("disabledTLSValidations", unknown[0], *TLS_VALIDATIONS)
    if "*" in skipped and len(skipped) > 1:
        why = "when * is specified, it is expected to be the only option in list"
        raise spec.wrong("disabledTLSValidations", why)


def _check_proxy(spec: Fields) -> None:
    text = spec.text("proxyURL")
    if text and (fault := urls.proxy_fault(text)):
        shown = json.dumps(urls.hidden(text), ensure_ascii=False)
        raise spec.refused("proxyURL", f"Invalid value: {shown}: {fault}")


def _condition_checks(item: Fields) -> Iterator[Check]:
    yield partial(item.choice, "type", "Ready", "Offline")
    yield partial(item.choice, "status", "True", "False", "Unknown")
    yield partial(item.text, "lastProbeTime", required=True)


def parse_status(obj: Obj) -> ClusterStatus:
    """What is readable of the status, also of a cluster whose spec is wrong."""
    status = dig(obj, "status", default={})
    return ClusterStatus(
        conditions=tuple(_condition(each) for each in objects(dig(status, "conditions"))),
        region=text(dig(status, "region")),
        zones=_sorted(dig(status, "zones")),
    )


def dump_status(status: ClusterStatus) -> dict[str, Any]:
    """`conditions` is always there, as upstream's schema asks; empty others are left out."""
    return {
        "conditions": [_dumped(each) for each in status.conditions],
        **filled(region=status.region, zones=list(status.zones)),
    }


def location(obj: Obj) -> tuple[str, tuple[str, ...]]:
    """Region and zones in force: what the spec says, else what the status has."""
    status = parse_status(obj)
    region = text(dig(obj, "spec", "region"))
    zones = _sorted(dig(obj, "spec", "zones"))
    return region or status.region, zones or status.zones


def _condition(item: Mapping[str, Any]) -> ClusterCondition:
    return ClusterCondition(
        type=text(item.get("type")),
        status=text(item.get("status")),
        reason=text(item.get("reason")),
        message=text(item.get("message")),
        last_probe=text(item.get("lastProbeTime")),
        last_transition=text(item.get("lastTransitionTime")),
    )


def _dumped(condition: ClusterCondition) -> dict[str, Any]:
    return {
        "type": condition.type,
        "status": condition.status,
        "lastProbeTime": condition.last_probe,
        "lastTransitionTime": condition.last_transition,
        "reason": condition.reason,
        "message": condition.message,
    }


def _sorted(value: Any) -> tuple[str, ...]:
    return tuple(sorted(set(texts(value))))
