from prometheus_client import CollectorRegistry

from kubefed_core.objects import Key
from kubefed_dns.metrics import FORGET, STAGES, Journeys, Metrics, Queries

WEB = Key("ns", "service-web")


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def make():
    registry, clock = CollectorRegistry(), Clock()
    journeys = Journeys(Metrics(registry), clock=clock)

    def total(stage):
        return registry.get_sample_value("kubefed_dns_change_total_seconds_sum", {"stage": stage})

    def count(stage):
        return registry.get_sample_value("kubefed_dns_change_total_seconds_count", {"stage": stage})

    return journeys, clock, total, count


def test_a_journey_is_timed_stage_by_stage():
    journeys, clock, total, count = make()
    journeys.seen(WEB)
    for stage in STAGES:
        clock.now += 1
        journeys.reached(WEB, stage)
    assert [total(stage) for stage in STAGES] == [1, 2, 3, 4]
    journeys.reached(WEB, "status")
    assert count("status") == 1


def test_a_change_under_way_is_joined_by_later_ones():
    journeys, clock, total, _ = make()
    journeys.seen(WEB)
    clock.now += 5
    journeys.seen(WEB)
    journeys.reached(WEB, "status")
    assert total("status") == 5


def test_the_way_of_a_record_that_is_gone_is_forgotten():
    journeys, _, _, count = make()
    journeys.seen(WEB)
    journeys.forget(WEB)
    journeys.forget(WEB)
    journeys.reached(WEB, "status")
    assert count("status") is None


def test_a_stage_out_of_order_is_not_counted():
    journeys, _, _, count = make()
    journeys.reached(WEB, "published")
    journeys.seen(WEB)
    journeys.reached(WEB, "published")
    assert count("published") is None


def test_a_change_without_consequence_is_forgotten_but_not_one_on_its_way():
    journeys, clock, total, _ = make()
    journeys.seen(WEB)
    journeys.unmoved(WEB)
    clock.now += 50
    journeys.seen(WEB)
    clock.now += 1
    journeys.reached(WEB, "status")
    journeys.unmoved(WEB)
    clock.now += 1
    journeys.reached(WEB, "endpoint")
    assert total("endpoint") == 2


def test_a_journey_that_never_ended_does_not_stand_for_the_next():
    journeys, clock, total, _ = make()
    journeys.seen(WEB)
    clock.now += FORGET
    journeys.seen(WEB)
    clock.now += 1
    journeys.reached(WEB, "status")
    assert total("status") == 1


def test_gauges_of_what_is_gone_are_removed():
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.targets("ServiceDNSRecord", Key("ns", "web"), 2)
    metrics.record_gone("ServiceDNSRecord", Key("ns", "web"))
    metrics.record_gone("ServiceDNSRecord", Key("ns", "never"))
    labels = {"kind": "ServiceDNSRecord", "namespace": "ns", "name": "web"}
    assert registry.get_sample_value("kubefed_dns_record_targets", labels) is None


def test_the_servers_own_counts_are_read_when_asked():
    registry, counts = CollectorRegistry(), {("example.com.", "NOERROR"): 3}
    registry.register(Queries(counts))
    counts["", "REFUSED"] = 1
    value = registry.get_sample_value
    assert value("kubefed_dns_queries_total", {"zone": "example.com.", "rcode": "NOERROR"}) == 3
    assert value("kubefed_dns_queries_total", {"zone": "", "rcode": "REFUSED"}) == 1
