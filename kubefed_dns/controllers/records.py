"""From what the members hold to a record's status: gather, weigh, write."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from kubefed_core import errors
from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.config import Config
from kubefed_core.objects import Key, Obj, deleting, generation, version
from kubefed_core.resources import CLUSTERS
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import records as records_api
from kubefed_dns.api import status as status_api
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, Reason, RecordStatus
from kubefed_dns.controllers import outcome
from kubefed_dns.controllers.keys import RECORDS, RecordKey, endpoint_key, state_of
from kubefed_dns.controllers.sight import DOUBT, Answer, Sights
from kubefed_dns.controllers.triggers import Triggers
from kubefed_dns.decide import evidence, report, routes
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.resources import DOMAINS, ENDPOINTS

log = logging.getLogger(__name__)

UNHURRIED = 0.1
"""Seconds until a record is looked at whose DNSEndpoint has changed but was not worked on yet."""
GONE = frozenset({Reason.NOT_FOUND, Reason.NO_READY_ENDPOINTS})


class Records:
    """Keys are records of both kinds."""

    def __init__(
        self,
        *,
        host: Host,
        config: Callable[[], Config],
        metrics: Metrics,
        journeys: Journeys,
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._config = config
        self._metrics = metrics
        self._journeys = journeys
        self._sights = Sights(host)
        self._writing: dict[RecordKey, bool] = {}
        self._controller: Controller[RecordKey] = Controller("records", self.reconcile, meter=meter)
        Triggers(
            host,
            add=self._controller.queue.add,
            moved=lambda key: journeys.seen(endpoint_key(key)),
            edited=self._edited,
            later=lambda key: self._controller.queue.add_after(key, UNHURRIED),
            bulk=lambda key: self._controller.queue.add(key, bulk=True),
        )

    async def run(self) -> None:
        await self._controller.run()

    async def reconcile(self, key: RecordKey) -> float | None:
        """Make the record's status what the members show; in how many seconds time changes it."""
        if not self._host.filled(*RECORDS, CLUSTERS, DOMAINS, ENDPOINTS):
            raise errors.Retry("records and clusters are not listed yet", after=0.2)
        obj = self._host.get(key.resource, key.key)
        if obj is None or deleting(obj):
            self._metrics.record_gone(key.resource.kind, key.key)
            self._sights.forget(key.key)
            self._journeys.forget(endpoint_key(key))
            return None
        try:
            record = records_api.parse(obj, key.resource)
        except errors.Terminal as error:
            await self._refuse(key, obj, report.not_accepted("InvalidName", str(error)))
            return None
        return await self._weigh(key, obj, record)

    async def _weigh(self, key: RecordKey, obj: Obj, record: Record) -> float | None:
        await self._sights.confirm_unjoined(record)
        joined = self._sights.joined()
        wanted = self._sights.looked_at(record, self._sights.wanted(record))
        if wanted is None:
            raise errors.Retry("some clusters have not been looked at yet", after=0.5)
        domain, problem = await self._domain(record)
        delay = self._config().unavailable_delay
        cut_off = self._sights.cut_off(record, delay=delay)

        def weigh(unsure: Collection[str] = ()) -> evidence.Verdict:
            found = [self._sights.of(record, joined[name]) for name in wanted if name in joined]
            found = [self._sights.unsure(s) if s.cluster in unsure else s for s in found]
            now = self._host.now()
            return evidence.weigh(record, found, now=now, delay=delay, cut_off=cut_off)

        verdict = weigh()
        answers = await self._confirmed(record, verdict.entries)
        unsure = {name for name, answer in answers.items() if answer == Answer.UNSURE}
        if unsure or Answer.THERE in answers.values():
            verdict = weigh(unsure)
        status = replace(
            record.status,
            domain=domain,
            entries=routes.told(
                record,
                verdict.entries,
                labels={name: each.labels for name, each in joined.items()},
                places={name: each.place for name, each in joined.items()},
            ),
            observed_generation=record.generation,
            summary=report.summary(verdict.entries, wanted=record.clusters.names or wanted),
        )
        record = replace(record, status=status)
        own = (problem or report.check(record), report.held(verdict, cut_off=cut_off))
        await self._write(key, obj, record, own)
        again = [DOUBT] if unsure else []
        if verdict.again is not None:
            again.append(max(0.0, (verdict.again - self._host.now()).total_seconds()) + 0.01)
        return min(again, default=None)

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
        self, key: RecordKey, obj: Obj, record: Record, own: tuple[Condition | None, ...]
    ) -> None:
        before = status_api.parse(obj.get("status"))
        endpoint = self._host.get(ENDPOINTS, endpoint_key(key))
        problem, held = own
        shown = outcome.conditions_of(
            endpoint, state=state_of(record), problem=problem, before=before.conditions
        )
        shown = outcome.without_targets(shown, record.status.entries)
        routed = outcome.routed(endpoint, record, state=state_of(record), before=before.conditions)
        extra = [*outcome.unheeded(record), *routed, *([held] if held else [])]
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
