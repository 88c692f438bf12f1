"""What the process tells Prometheus of itself, under the names that KubeFed gave it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

KUBEFED_BUCKETS = (
    0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5, 25, 27.5, 30, 50, 75, 100,
    1000,
)  # fmt: skip
STATES = ("ready", "notready", "offline")


class Metrics:
    """The core's metrics, in a registry that is passed in so that no two share a global."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._reconcile = Histogram(
            "controller_runtime_reconcile_duration_seconds",
            "How long one reconcile took.",
            ["controller"],
            buckets=KUBEFED_BUCKETS,
            registry=registry,
        )
        self._reconciles = Counter(
            "controller_runtime_reconcile_total",
            "Reconciles by how they ended: success, retry, terminal or error.",
            ["controller", "result"],
            registry=registry,
        )
        self._restarts = Counter(
            "kubefed_controller_restarts_total",
            "How often a controller ended in a fault and was started again.",
            ["controller"],
            registry=registry,
        )
        self._clusters = Gauge(
            "kubefedcluster_total",
            "1 for the state that the last probe of a cluster found, 0 for the others.",
            ["state", "cluster"],
            registry=registry,
        )
        self._health = Histogram(
            "cluster_health_status_duration_seconds",
            "How long the probe of a cluster and the write of its status took.",
            buckets=KUBEFED_BUCKETS,
            registry=registry,
        )
        self._propagation = Histogram(
            "reconcile_federated_resources_duration_seconds",
            "How long one reconcile of a federated object took.",
            buckets=KUBEFED_BUCKETS,
            registry=registry,
        )
        self._dispatch = Histogram(
            "dispatch_operation_duration_seconds",
            "How long it took to create, update or delete an object in a member.",
            ["action"],
            buckets=KUBEFED_BUCKETS,
            registry=registry,
        )
        self._connection = Histogram(
            "cluster_client_connection_duration_seconds",
            "How long it took to get a client of a member.",
            buckets=KUBEFED_BUCKETS,
            registry=registry,
        )
        self._sight = Gauge(
            "kubefed_feed_live",
            "1 while a resource of a cluster is followed, 0 while it is out of sight.",
            ["cluster", "resource"],
            registry=registry,
        )

    def reconciled(self, controller: str, *, result: str, seconds: float) -> None:
        self._reconcile.labels(controller).observe(seconds)
        self._reconciles.labels(controller, result).inc()

    def restarted(self, controller: str) -> None:
        self._restarts.labels(controller).inc()

    def cluster_state(self, cluster: str, state: str) -> None:
        """`state` is one of STATES."""
        for each in STATES:
            self._clusters.labels(each, cluster).set(each == state)

    def cluster_gone(self, cluster: str) -> None:
        for each in STATES:
            self._clusters.remove(each, cluster)

    def cluster_probed(self, seconds: float) -> None:
        self._health.observe(seconds)

    def propagated(self, seconds: float) -> None:
        self._propagation.observe(seconds)

    def dispatched(self, action: str, seconds: float) -> None:
        """`action` is create, update or delete."""
        self._dispatch.labels(action).observe(seconds)

    def cluster_connected(self, seconds: float) -> None:
        self._connection.observe(seconds)

    def feed(self, cluster: str, resource: str, *, live: bool) -> None:
        self._sight.labels(cluster or "host", resource).set(live)

    def feed_gone(self, cluster: str, resource: str) -> None:
        self._sight.labels(cluster or "host", resource)
        self._sight.remove(cluster or "host", resource)
