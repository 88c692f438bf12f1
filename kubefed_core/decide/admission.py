"""What is wrong with an object before it is taken, as far as it can be told from the object.

The rules of a kind are those that its controller reads it by, so that admission refuses what a
status would otherwise complain of.
"""

from collections.abc import Iterator
from functools import partial

from kubefed_core.api import checks, clusters, config_faults, policy, scheduling, types
from kubefed_core.api import federated as federated_api
from kubefed_core.api.checks import Check
from kubefed_core.api.federated import DELETE_OPTIONS
from kubefed_core.api.fields import Fields
from kubefed_core.api.review import Review
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide import overrides, schema, template
from kubefed_core.decide.overrides import Patch
from kubefed_core.decide.schema import Schemas
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, annotations, key_of
from kubefed_core.resources import Resource


def type_config(review: Review) -> list[str]:
    if review.subresource:
        return types.status_faults(review.obj)
    return [] if review.settled else types.faults(review.obj)


def cluster(review: Review) -> list[str]:
    if review.subresource == "status":
        return clusters.status_faults(review.obj)
    return [] if review.settled else clusters.faults(review.obj)


def config(review: Review) -> list[str]:
    return [] if review.settled else config_faults.faults(review.obj, review.old)


def preference(review: Review) -> list[str]:
    return _read(review, partial(scheduling.parse, review.obj))


def placement_policy(review: Review) -> list[str]:
    return _read(review, partial(policy.read, review.obj))


def _read(review: Review, read: Check) -> list[str]:
    return [] if review.settled or review.subresource else checks.faults([read])


def federated(review: Review, kinds: list[TypeConfig]) -> list[str]:
    """Of a federated object; `kinds` are the type configs by which it is propagated."""
    if review.subresource:
        return []
    found = [] if review.settled else checks.faults(_federated(review.obj, kinds))
    options = annotations(review.obj).get(DELETE_OPTIONS)
    if review.old is None or options != annotations(review.old).get(DELETE_OPTIONS):
        found += checks.faults([partial(federated_api.delete_options, review.obj)])
    return found


def _federated(obj: Obj, kinds: list[TypeConfig]) -> Iterator[Check]:
    yield partial(federated_api.placement, obj)
    yield partial(overrides.parse, obj)
    yield partial(federated_api.retained_paths, obj)
    for kind in kinds:
        if kind.is_namespace:
            yield partial(_check_place, obj)
        yield partial(template.build, obj, kind.target)


def _check_place(obj: Obj) -> None:
    key = key_of(obj)
    if key.name != key.namespace:
        why = f"must be named {key.namespace}, as the namespace that it is in"
        raise Fields(obj).at("metadata").wrong("name", why)


def paths(obj: Obj) -> list[Patch]:
    """What overrides change; nothing where they cannot be read."""
    try:
        return [patch for each in overrides.parse(obj) for patch in each.patches]
    except Terminal:
        return []


def unknown_fields(patches: list[Patch], target: Resource, schemas: Schemas) -> list[str]:
    """Overrides of fields that the kind has not; none where its fields are not known."""
    found = schema.of_kind(schemas, target.group, target.version, target.kind)
    if found is None:
        return []
    return [
        f'{patch.where}.path: Invalid value: "{"/".join(("", *patch.path))}": a {target.kind} has '
        f"no such field: {why}"
        for patch in patches
        if (why := schema.unknown(schemas, found, patch.path))
    ]
