"""The rules of the core kinds, each under the path where the API server asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubefed_core import errors
from kubefed_core.admission import schemas
from kubefed_core.admission.schemas import Documents
from kubefed_core.api import config_faults, types
from kubefed_core.api.review import Review
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide import admission, escalation, template
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj
from kubefed_core.resources import (
    CLUSTERS,
    CONFIGS,
    PLACEMENT_POLICIES,
    REPLICA_PREFERENCES,
    TYPE_CONFIGS,
    Resource,
)
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host

REVIEWS = Resource(
    "authorization.k8s.io",
    "v1",
    "subjectaccessreviews",
    "SubjectAccessReview",
    namespaced=False,
)
FEDERATED = "validate-federated"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults` refuse the object; `spec`, where there is one, takes the place of its own."""

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    spec: Mapping[str, Any] | None = None


FINE = Verdict()
Judge = Callable[[Review], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked for at a path; `resource` None is any, whose versions never matter."""

    path: str
    judge: Judge
    resource: Resource | None = None
    operations: frozenset[str] = frozenset({"CREATE", "UPDATE"})
    mutates: bool = False

    def concerns(self, review: Review) -> bool:
        """Whatever else is asked about at its path is allowed."""
        if review.operation not in self.operations:
            return False
        known = self.resource
        return known is None or (known.group, known.plural) == review.kind[::2]


def pure(path: str, resource: Resource, faults: Callable[[Review], list[str]]) -> Rule:
    """A rule that asks nobody."""

    async def judge(review: Review) -> Verdict:
        return Verdict(tuple(faults(review)))

    return Rule(path, judge, resource)


def core(host: Host) -> tuple[Rule, ...]:
    """`host` is asked for type configs, and who may what."""
    documents = Documents(host)
    return (
        pure("validate-federatedtypeconfigs", TYPE_CONFIGS, admission.type_config),
        pure("validate-kubefedcluster", CLUSTERS, admission.cluster),
        pure("validate-kubefedconfig", CONFIGS, admission.config),
        Rule(
            "default-kubefedconfig", _default, CONFIGS, operations=frozenset({"CREATE"}),
            mutates=True,
        ),
        pure(
            "validate-replicaschedulingpreference", REPLICA_PREFERENCES, admission.preference
        ),
        pure(
            "validate-clusterplacementpolicy", PLACEMENT_POLICIES, admission.placement_policy
        ),
        Rule(FEDERATED, partial(_federated, host, documents)),
        Rule(escalation.PATH, partial(_authorize, host)),
    )  # fmt: skip


async def _default(review: Review) -> Verdict:
    made = config_faults.defaulted(review.obj)
    return Verdict(spec=None if made == review.obj.get("spec") else made)


async def _federated(host: Host, documents: Documents, review: Review) -> Verdict:
    kinds = await _kinds(host, review)
    found = admission.federated(review, kinds)
    if review.subresource or review.settled:
        return Verdict(tuple(found))
    for kind in kinds:
        found += await _unknown(documents, kind.target, review.obj)
    told = template.warnings(review.obj)
    return Verdict(tuple(found), tuple(each.message for each in told))


async def _unknown(documents: Documents, target: Resource, obj: Obj) -> list[str]:
    """What overrides change that the kind has not, also by the latest word of the API server."""
    patches, found = admission.paths(obj), list[str]()
    for age in (schemas.AGE, schemas.RECENT) if patches else ():
        found = admission.unknown_fields(patches, target, await documents.get(target, age=age))
        if not found:
            break
    return found


async def _authorize(host: Host, review: Review) -> Verdict:
    """The requester's right to give the rights that the object gives."""
    if review.subresource or review.settled:
        return FINE
    targets = {kind.target for kind in await _kinds(host, review)}
    guess = escalation.guessed(review.kind)
    if not targets and guess is not None:
        targets = {guess}
    try:
        asked = {
            question
            for target in targets
            if escalation.concerns(target)
            for question in escalation.questions(review.obj, target)
        }
    except Terminal as error:
        return Verdict((str(error),))
    ordered = sorted(asked, key=lambda each: (each.resource, each.name))
    reviews = (host.client.create(REVIEWS, each.asked(review.user)) for each in ordered)
    answers = await asyncio.gather(*reviews)
    return Verdict(
        tuple(
            question.denied(review.user)
            for question, answer in zip(ordered, answers, strict=True)
            if not _allowed(answer)
        )
    )


def _allowed(answer: Obj) -> bool:
    status = answer.get("status") or {}
    return status.get("allowed") is True and status.get("denied") is not True


async def _kinds(host: Host, review: Review) -> list[TypeConfig]:
    """The type configs that name a federated kind; what is seen no longer is asked for."""
    store = host.fleet.sight(HOST, TYPE_CONFIGS)
    if store is not None and store.live:
        listed = list(host.list(TYPE_CONFIGS))
    else:
        listed, _ = await host.client.list(TYPE_CONFIGS, namespace=host.namespace)
    found = []
    for obj in listed:
        try:
            kind = types.parse(obj)
        except errors.Terminal:
            continue
        if (kind.federated.group, kind.federated.plural) == review.kind[::2]:
            found.append(kind)
    return found
