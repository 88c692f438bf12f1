"""What Prometheus is told of DNS, first of all how long a change takes to become an answer."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from kubefed_core.objects import Key

BUCKETS = (
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
)  # fmt: skip
STAGES = ("status", "endpoint", "published", "verified")
"""In order: the record's status is written, the DNSEndpoint is, a provider has it, it answers."""
FORGET = 900.0


class Metrics:
    """In a registry that is passed in, so that no two share a global."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stage = Histogram(
            "kubefed_dns_change_stage_seconds",
            "Time from the end of the stage before (first: the change seen in a member).",
            ["stage"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._total = Histogram(
            "kubefed_dns_change_total_seconds",
            "Time from a change seen in a member to the end of the stage.",
            ["stage"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._writes = Counter(
            "kubefed_dns_provider_changes_total",
            "Names that a provider was asked to change, by result: taken, lost, refused or error.",
            ["provider", "zone", "result"],
            registry=registry,
        )
        self._zone_records = Gauge(
            "kubefed_dns_zone_records",
            "Record sets of a zone: those there are, and those we own.",
            ["provider", "zone", "which"],
            registry=registry,
        )
        self._targets = Gauge(
            "kubefed_dns_record_targets",
            "Clusters whose addresses a record publishes.",
            ["kind", "namespace", "name"],
            registry=registry,
        )

    def stage(self, stage: str, *, seconds: float, total: float) -> None:
        self._stage.labels(stage).observe(seconds)
        self._total.labels(stage).observe(total)

    def wrote(self, provider: str, zone: str, *, result: str, count: int = 1) -> None:
        self._writes.labels(provider, zone, result).inc(count)

    def zone(self, provider: str, zone: str, *, records: int, owned: int) -> None:
        self._zone_records.labels(provider, zone, "all").set(records)
        self._zone_records.labels(provider, zone, "owned").set(owned)

    def targets(self, kind: str, key: Key, count: int) -> None:
        self._targets.labels(kind, key.namespace, key.name).set(count)

    def record_gone(self, kind: str, key: Key) -> None:
        if (kind, key.namespace, key.name) in self._targets._metrics:
            self._targets.remove(kind, key.namespace, key.name)


class Queries(Collector):
    """What the embedded server counts while it answers, read only when Prometheus asks."""

    def __init__(self, counts: Mapping[tuple[str, str], int]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "kubefed_dns_queries",
            "Questions that the embedded server has answered; no zone where none was asked.",
            labels=["zone", "rcode"],
        )
        for labels, count in tuple(self._counts.items()):
            family.add_metric(labels, count)
        yield family


class Journeys:
    """Follows changes from the member to the answer, one for each DNSEndpoint at a time.

    `clock` is the loop's time. A change that arrives while one is under way
    joins it, so that the time measured is that of the oldest not yet served.
    """

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._under_way: dict[Key, tuple[float, float, int]] = {}

    def seen(self, endpoint: Key) -> None:
        """A member has changed something that this DNSEndpoint may show."""
        now = self._clock()
        started, _, _ = self._under_way.get(endpoint, (-FORGET, 0.0, 0))
        if now - started >= FORGET:
            self._under_way[endpoint] = (now, now, 0)

    def reached(self, endpoint: Key, stage: str) -> None:
        """A stage is over; one that comes out of order is not counted."""
        started, last, step = self._under_way.get(endpoint, (0.0, 0.0, len(STAGES)))
        if step >= len(STAGES) or STAGES[step] != stage:
            return
        now = self._clock()
        self._metrics.stage(stage, seconds=now - last, total=now - started)
        if step + 1 == len(STAGES):
            del self._under_way[endpoint]
        else:
            self._under_way[endpoint] = (started, now, step + 1)

    def unmoved(self, endpoint: Key) -> None:
        """What was seen made no difference: there is no way to follow."""
        if endpoint in self._under_way and self._under_way[endpoint][2] == 0:
            del self._under_way[endpoint]

    def forget(self, endpoint: Key) -> None:
        """The DNSEndpoint's record is gone, and with it all ways."""
        self._under_way.pop(endpoint, None)
