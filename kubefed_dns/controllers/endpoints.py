"""From a record's status to its DNSEndpoint: names, addresses, fall-backs."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, deleting, dig, key_of
from kubefed_core.resources import Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.api import endpoints as api
from kubefed_dns.api import records as records_api
from kubefed_dns.api.records import HostnameTargets, Record
from kubefed_dns.controllers.ground import Grounds
from kubefed_dns.controllers.keys import (
    RECORDS,
    STATE,
    RecordKey,
    endpoint_key,
    owner_of,
    state_of,
)
from kubefed_dns.decide import endpoints as decide
from kubefed_dns.decide.sets import Resolved
from kubefed_dns.errors import ProviderError
from kubefed_dns.metrics import Journeys
from kubefed_dns.resolve import NotYet, Resolver
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS

log = logging.getLogger(__name__)


class Endpoints:
    """Keys are records. Nothing is read here but the record, and host names of its targets."""

    def __init__(
        self,
        *,
        host: Host,
        resolver: Resolver,
        journeys: Journeys,
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._resolver = resolver
        self._journeys = journeys
        self._survey = Grounds(host)
        self._literals: dict[RecordKey, frozenset[str]] = {}
        self._controller: Controller[RecordKey] = Controller(
            "endpoints", self.reconcile, meter=meter
        )
        host.fleet.subscribe(self._changed)

    async def run(self) -> None:
        await self._controller.run()

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST:
            return
        if resource in RECORDS:
            self._controller.queue.add(RecordKey(resource, key))
        elif resource == ENDPOINTS and (owner := owner_of(key)) is not None:
            self._controller.queue.add(owner)
        elif resource in (DOMAINS, PROVIDERS):
            self._resurvey()

    def _resurvey(self) -> None:
        """Look again at the records that may have aliases, where others are possible now."""
        if not self._survey.redraw():
            return
        for resource in RECORDS:
            for obj in self._host.list(resource):
                if dig(obj, "spec", "hostnameTargets") == HostnameTargets.CNAME:
                    self._controller.queue.add(RecordKey(resource, key_of(obj)))

    async def reconcile(self, key: RecordKey) -> float | None:
        """Make the DNSEndpoint what the record says; in how many seconds to resolve again."""
        if not self._host.filled(*RECORDS, ENDPOINTS, DOMAINS, PROVIDERS):
            raise errors.Retry("records are not listed yet", after=0.2)
        there = self._host.get(ENDPOINTS, endpoint_key(key))
        obj = self._host.get(key.resource, key.key)
        if obj is None or deleting(obj):
            self._literals.pop(key, None)
            await self._remove(key, there)
            return None
        record = records_api.parse(obj, key.resource)
        if record.status.observed_generation != record.generation:
            return None  # not looked at yet: no evidence, and no status that fits the spec
        names = decide.host_names(record, survey=self._survey)
        resolved = await self._resolve(key, record, sorted(names))
        try:
            if names:
                before = api.parse(there).endpoints if there is not None else ()
                made = self._made(key, record, resolved, before=before)
            else:
                made = decide.make(record, {}, survey=self._survey)
            await self._write(key, _endpoint(record, made), there)
        except errors.Terminal as error:
            self._say(record, "EndpointNotWritten", str(error))
            raise
        self._literals[key] = _literals(record)
        return self._resolver.due(names) if names else None

    def _made(
        self,
        key: RecordKey,
        record: Record,
        resolved: Resolved,
        *,
        before: Sequence[api.Endpoint],
    ) -> tuple[api.Endpoint, ...]:
        """A name that cannot be resolved keeps the addresses it had before.

        Without those that the members themselves have taken back meanwhile, unless
        nothing else would be left: then the last good set stays.
        """
        gone = self._literals.get(key, frozenset()) - _literals(record)
        current = [
            replace(each, targets=tuple(text for text in each.targets if text not in gone))
            for each in before
        ]
        made = decide.make(record, resolved, current=current, survey=self._survey)
        if None in resolved.values() and _addressed(before) and not _addressed(made):
            return decide.make(record, resolved, current=before, survey=self._survey)
        return made

    async def _resolve(
        self, key: RecordKey, record: Record, names: Sequence[str]
    ) -> dict[str, tuple[str, ...] | None]:
        """The addresses of host names; None for those that never had any, which is said.

        A look-up that takes its time brings the key back: it holds up no other target.
        """
        later = partial(self._controller.queue.add, key)
        found = await asyncio.gather(
            *(self._resolver.addresses(name, ttl=record.ttl, later=later) for name in names),
            return_exceptions=True,
        )
        resolved: dict[str, tuple[str, ...] | None] = {}
        for name, result in zip(names, found, strict=True):
            if isinstance(result, NotYet):
                resolved[name] = None
            elif isinstance(result, ProviderError):
                message = f"{result}; what is known of the record's targets stays published"
                self._say(record, "TargetNotResolved", message)
                resolved[name] = None
            elif isinstance(result, BaseException):
                raise result
            else:
                resolved[name] = tuple(sorted(result))
        return resolved

    def _say(self, record: Record, reason: str, message: str) -> None:
        obj = self._host.get(record.resource, record.key)
        if obj is not None:
            self._host.recorder.event(
                obj, resource=record.resource, reason=reason, message=message, warning=True
            )

    async def _write(self, key: RecordKey, wanted: dict[str, Any], there: Obj | None) -> None:
        if there is None:
            try:
                await self._host.apply(ENDPOINTS, wanted)
            except errors.Conflict:
                # It is there but not in the cache: not yet, or by a listing that lacked it.
                await self._host.confirm_absent(ENDPOINTS, endpoint_key(key))
                raise errors.Retry("the DNSEndpoint exists already", after=0.1) from None
        elif deleting(there):
            raise errors.Retry("the DNSEndpoint is being deleted", after=0.5)
        elif (owner := _stranger(there, wanted)) is not None:
            raise errors.Terminal(
                f"DNSEndpoint {key_of(there)} belongs to {owner}; rename the record or it"
            )
        elif not _same(there, wanted):
            await self._host.apply(ENDPOINTS, _merged(there, wanted))
        self._journeys.reached(endpoint_key(key), "endpoint")

    async def _remove(self, key: RecordKey, there: Obj | None) -> None:
        """Delete what a record that is gone has left; the API server is asked whether it is."""
        if there is None or deleting(there) or not _made_for(there, key):
            return
        if await self._host.confirm_absent(key.resource, key.key):
            log.info("%s %s is gone, and its DNSEndpoint with it", key.resource.kind, key.key)
            await self._host.delete(ENDPOINTS, there)


def _endpoint(record: Record, made: tuple[api.Endpoint, ...]) -> dict[str, Any]:
    """The object as it should be, without what the API server adds."""
    key = endpoint_key(RecordKey(record.resource, record.key))
    return {
        "apiVersion": ENDPOINTS.api_version,
        "kind": ENDPOINTS.kind,
        "metadata": {
            "namespace": key.namespace,
            "name": key.name,
            "annotations": {STATE: state_of(record)},
            "ownerReferences": [
                {
                    "apiVersion": record.resource.api_version,
                    "kind": record.resource.kind,
                    "name": record.key.name,
                    "uid": record.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": api.dump_spec(made),
    }


def _state(obj: Obj) -> str:
    value: str = dig(obj, "metadata", "annotations", STATE, default="")
    return value


def _addressed(endpoints: Iterable[api.Endpoint]) -> bool:
    return any(each.record_type in {"A", "AAAA"} and each.targets for each in endpoints)


def _owner(obj: Obj) -> Obj | None:
    owners = dig(obj, "metadata", "ownerReferences", default=[])
    return next((owner for owner in owners if owner.get("controller")), None)


def _made_for(there: Obj, key: RecordKey) -> bool:
    """Whether it was made for the record; what a user wrote may have such a name too."""
    owner = _owner(there)
    if owner is None:
        return bool(_state(there))  # the owner was taken away, as --cascade=orphan does
    return (owner["kind"], owner["name"]) == (key.resource.kind, key.key.name)


def _literals(record: Record) -> frozenset[str]:
    """The addresses that the members gave as such."""
    return frozenset(
        each.ip for entry in record.status.entries for each in entry.ingress if each.ip
    )


def _stranger(there: Obj, wanted: Obj) -> str | None:
    """Who else controls the object; an earlier record of the same name is no stranger."""
    owner, ours = _owner(there), _owner(wanted)
    if (
        owner is None
        or ours is None
        or (owner["kind"], owner["name"])
        == (
            ours["kind"],
            ours["name"],
        )
    ):
        return None
    return f"{owner['kind']} {owner['name']}"


def _same(there: Obj, wanted: Obj) -> bool:
    return (
        (there.get("spec") or {}) == wanted["spec"]
        and _state(there) == _state(wanted)
        and _owner(there) == _owner(wanted)
    )


def _merged(there: Obj, wanted: Obj) -> dict[str, Any]:
    """What is there with our parts in it; others' annotations, labels and owners stay."""
    meta = there["metadata"]
    others = [owner for owner in meta.get("ownerReferences") or () if not owner.get("controller")]
    return {
        **there,
        "metadata": {
            **meta,
            "annotations": {
                **(meta.get("annotations") or {}),
                **wanted["metadata"]["annotations"],
            },
            "ownerReferences": [*others, *wanted["metadata"]["ownerReferences"]],
        },
        "spec": wanted["spec"],
    }
