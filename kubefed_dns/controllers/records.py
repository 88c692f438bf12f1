"""From what the members hold to a record's status: gather, weigh, write."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from kubefed_core import errors
from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.config import Config
from kubefed_core.objects import Key, Obj, deleting, generation, version
from kubefed_core.resources import CLUSTERS, NAMESPACES
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import records as records_api
from kubefed_dns.api import status as status_api
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, Reason, RecordStatus
from kubefed_dns.controllers import outcome
from kubefed_dns.controllers.arrivals import Arrivals
from kubefed_dns.controllers.departures import Departures
from kubefed_dns.controllers.keys import RECORDS, RecordKey, endpoint_key, state_of
from kubefed_dns.controllers.locality import Localities
from kubefed_dns.controllers.probes import Edge, Probes
from kubefed_dns.controllers.sight import DOUBT, Answer, Joined, Sights
from kubefed_dns.controllers.triggers import Triggers
from kubefed_dns.decide import evidence, report, routes, sights
from kubefed_dns.decide.sights import Sight
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.resolve import Resolver
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS

log = logging.getLogger(__name__)

UNHURRIED = 0.1
"""Seconds until a record is looked at whose DNSEndpoint has changed but was not worked on yet."""
GONE = frozenset({Reason.NOT_FOUND, Reason.NO_READY_ENDPOINTS})


class _Judged(NamedTuple):
    """What the clusters of a record come to, and what was seen of them."""

    verdict: evidence.Verdict
    sights: list[Sight]
    cut_off: bool


class Records:
    """Keys are records of both kinds."""

    def __init__(
        self,
        *,
        host: Host,
        config: Callable[[], Config],
        metrics: Metrics,
        journeys: Journeys,
        edge: Edge,
        resolver: Resolver,
        departures: Departures,
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._config = config
        self._metrics = metrics
        self._journeys = journeys
        self._sights = Sights(host)
        self._writing: dict[RecordKey, bool] = {}
        self._controller: Controller[RecordKey] = Controller("records", self.reconcile, meter=meter)
        add = self._controller.queue.add
        self._departures = departures
        departures.subscribe(add)
        self._arrivals = Arrivals(host, again=add)
        self._probes = Probes(
            edge=edge,
            resolver=resolver,
            localities=Localities(host, again=add),
            changed=add,
            meter=meter,
        )
        Triggers(
            host,
            add=add,
            moved=lambda key: journeys.seen(endpoint_key(key)),
            edited=self._edited,
            later=lambda key: self._controller.queue.add_after(key, UNHURRIED),
            bulk=lambda key: add(key, bulk=True),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for each in (self._controller, self._probes):
                group.create_task(each.run())

    async def reconcile(self, key: RecordKey) -> float | None:
        """Make the record's status what the members show; in how many seconds time changes it."""
        if not self._host.filled(*RECORDS, CLUSTERS, DOMAINS, ENDPOINTS):
            raise errors.Retry("records and clusters are not listed yet", after=0.2)
        obj = self._host.get(key.resource, key.key)
        if obj is None or deleting(obj):
            self._metrics.record_gone(key.resource.kind, key.key)
            self._sights.forget(key.key)
            self._probes.forget(key)
            self._journeys.forget(endpoint_key(key))
            return None
        try:
            record = records_api.parse(obj, key.resource)
        except errors.Terminal as error:
            await self._refuse(key, obj, report.not_accepted("InvalidName", str(error)))
            return None
        if record.health is not None and not self._host.filled(PROVIDERS, NAMESPACES):
            raise errors.Retry("it is not known yet what may be probed", after=0.2)
        return await self._weigh(key, obj, record)

    async def _weigh(self, key: RecordKey, obj: Obj, record: Record) -> float | None:
        await self._sights.confirm_unjoined(record)
        joined = self._sights.joined()
        wanted = self._sights.looked_at(record, self._sights.wanted(record))
        if wanted is None:
            raise errors.Retry("some clusters have not been looked at yet", after=0.5)
        domain, problem = await self._domain(record)
        record = replace(record, status=replace(record.status, domain=domain))
        clusters = [joined[name] for name in sorted(wanted) if name in joined]
        judged, again = await self._judged(key, record, clusters)
        entries = routes.told(
            record,
            judged.verdict.entries,
            labels={name: each.labels for name, each in joined.items()},
            places={name: each.place for name, each in joined.items()},
        )
        status = replace(
            record.status,
            entries=entries,
            observed_generation=record.generation,
            summary=report.summary(entries, wanted=record.clusters.names or wanted),
        )
        more = (
            report.held(judged.verdict, cut_off=judged.cut_off),
            report.placement(sights.unknown(record.clusters, joined)),
            report.probed(record, judged.sights),
        )
        record = replace(record, status=status)
        await self._write(key, obj, record, problem or report.check(record), *more)
        return again

    async def _judged(
        self, key: RecordKey, record: Record, clusters: Sequence[Joined]
    ) -> tuple[_Judged, float | None]:
        """What the clusters come to, and in how many seconds time changes it."""
        delay = self._config().unavailable_delay
        cut_off = self._sights.cut_off(record, delay=delay)

        def judge(unsure: Collection[str] = ()) -> _Judged:
            found = [self._sights.of(record, each) for each in clusters]
            found = [self._sights.unsure(s) if s.cluster in unsure else s for s in found]
            found = self._arrivals.seen(key, record, self._departures.seen(key, found))
            found = self._probes.seen(key, record, found)
            now = self._host.now()
            verdict = evidence.weigh(record, found, now=now, delay=delay, cut_off=cut_off)
            return _Judged(verdict, found, cut_off)

        judged = judge()
        answers = await self._confirmed(record, judged.verdict.entries)
        unsure = {name for name, answer in answers.items() if answer == Answer.UNSURE}
        if unsure or Answer.THERE in answers.values():
            judged = judge(unsure)
        self._probes.only(key, record, judged.sights)
        again = [DOUBT] if unsure else []
        if judged.verdict.again is not None:
            wait = (judged.verdict.again - self._host.now()).total_seconds()
            again.append(max(0.0, wait) + 0.01)
        return judged, min(again, default=None)

    async def _domain(self, record: Record) -> tuple[str, Condition | None]:
        """The domain's name as the status is to have it, and what is wrong with it.

        Only where the API server itself says that there is no such Domain is the
        name given up, and the record's names with it.
        """
        if not record.of_services:
            return "", None
        key = Key(self._host.namespace, record.domain_ref)
        obj = self._host.get(DOMAINS, key)
        if obj is None and await self._host.confirm_absent(DOMAINS, key):
            message = (
                f"spec.domainRef: there is no Domain {record.domain_ref!r} in namespace"
                f" {key.namespace}; create it, or name another"
            )
            return "", report.not_accepted("DomainNotFound", message)
        try:
            return domains_api.parse(obj or self._host.get(DOMAINS, key) or {}).domain, None
        except errors.Terminal as error:
            said = report.not_accepted("InvalidName", f"Domain {record.domain_ref!r}: {error}")
            return record.status.domain, said

    async def _confirmed(self, record: Record, entries: Iterable[Entry]) -> dict[str, Answer]:
        """Ask the members that seem to have lost what they served whether that is so.

        After a restart a false empty listing would else look like the truth.
        """
        before = {entry.cluster for entry in record.status.entries if entry.ingress}
        doubtful = [e.cluster for e in entries if e.cluster in before and e.reason in GONE]
        answers = await asyncio.gather(*(self._sights.confirm(record, each) for each in doubtful))
        return dict(zip(doubtful, answers, strict=True))

    async def _write(
        self,
        key: RecordKey,
        obj: Obj,
        record: Record,
        problem: Condition | None,
        *more: Condition | None,
    ) -> None:
        """`problem` is what is wrong with the record itself, `more` what else there is to say."""
        before = status_api.parse(obj.get("status"))
        endpoint = self._host.get(ENDPOINTS, endpoint_key(key))
        shown = outcome.conditions_of(
            endpoint, state=state_of(record), problem=problem, before=before.conditions
        )
        shown = outcome.without_targets(shown, record.status.entries)
        routed = outcome.routed(endpoint, record, state=state_of(record), before=before.conditions)
        extra = [*routed, *filter(None, more)]
        present = {condition.type for condition in extra}
        kept = tuple(
            each
            for each in before.conditions
            if each.type not in outcome.OCCASIONAL or each.type in present
        )
        status = replace(
            record.status,
            conditions=self._dated(
                replace(before, conditions=kept), (*shown, *extra), record.generation
            ),
        )
        for said in outcome.news(before, status):
            self._host.recorder.event(
                obj,
                resource=key.resource,
                reason=said.reason,
                message=said.message,
                warning=said.warning,
            )
        await self._set_status(key, obj, status)
        if outcome.moved(before, status):
            self._journeys.reached(endpoint_key(key), "status")
        else:
            self._journeys.unmoved(endpoint_key(key))
        count = sum(bool(entry.ingress) for entry in status.entries)
        self._metrics.targets(key.resource.kind, key.key, count)

    async def _refuse(self, key: RecordKey, obj: Obj, problem: Condition) -> None:
        """Say what is wrong with the spec; what was published before stays."""
        before = status_api.parse(obj.get("status"))
        number = generation(obj)
        status = replace(
            before,
            observed_generation=number,
            conditions=self._dated(before, (problem,), number),
        )
        if (said := conditions.get(before.conditions, problem.type)) is None or (
            said.message != problem.message
        ):
            self._host.recorder.event(
                obj,
                resource=key.resource,
                reason=problem.reason,
                message=problem.message,
                warning=True,
            )
        await self._set_status(key, obj, status)

    def _edited(self, key: RecordKey) -> None:
        """The object has changed: look at it, unless it was ourselves who wrote it."""
        if key in self._writing:
            self._writing[key] = True
        else:
            self._controller.queue.add(key)

    async def _set_status(self, key: RecordKey, obj: Obj, status: RecordStatus) -> None:
        """Write it; what comes of our own write is no reason to look again."""
        self._writing[key] = False
        written: Obj | None = None
        try:
            written = await self._host.set_status(key.resource, obj, status_api.dump(status))
        finally:
            if self._writing.pop(key) and version(written) != version(
                self._host.get(key.resource, key.key)
            ):
                self._controller.queue.add(key)

    def _dated(
        self, before: RecordStatus, shown: Iterable[Condition], number: int
    ) -> tuple[Condition, ...]:
        found = before.conditions
        for condition in shown:
            found = conditions.set_condition(
                found, replace(condition, observed_generation=number), now=self._host.now()
            )
        return found
