import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.objects import Key
from kubefed_dns.api import status
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.records import Record, Unreachable
from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus
from kubefed_dns.decide import evidence
from kubefed_dns.decide.sights import Place, Probe, Pulse, Sight, State
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DELAY = 60.0
CLUSTERS = ("a", "b", "c")
AGES = (0, 30, 59, 60, 200)
MOMENTS = tuple(NOW - timedelta(seconds=age) for age in AGES)
HOSTS = ((), ("x.test",), ("y.test",), ("x.test", "y.test"))
IN_DNS = (Reason.PUBLISHED, Reason.HELD)
TCP = Health(Protocol.TCP, 80)
BEGUN, LAST = st.sampled_from((-math.inf, 1.0, 2.0)), st.sampled_from((2.0, 3.0, math.inf))
PULSES = st.builds(Pulse, st.sampled_from(Probe), st.just("why"), BEGUN, LAST)


def address(cluster):
    return tuple(Address(f"{net}.{ord(cluster)}") for net in ("192.0.2", "198.51.100"))


def subsets(items):
    return st.lists(st.sampled_from(items), unique=True).map(lambda found: tuple(sorted(found)))


def texts(cluster):
    return [each.ip for each in address(cluster)]


@st.composite
def living(draw, cluster):
    present = draw(st.booleans())
    return Sight(
        Place(cluster, "r", ("z",), draw(st.booleans())),
        State.LIVE,
        None,
        present,
        draw(subsets(address(cluster))) if present else (),
        draw(st.booleans()),
        draw(st.sampled_from(HOSTS)),
        probes={text: draw(PULSES) for text in texts(cluster)},
    )


@st.composite
def not_living(draw, cluster):
    sight, since = draw(living(cluster)), draw(st.sampled_from((None, *MOMENTS)))
    lost = replace(sight, state=State.LOST, lost_since=since)
    seen = lost if sight.present else replace(lost, present=draw(st.sampled_from((False, None))))
    unknown = Sight(Place(cluster, "r", ("z",)), State.UNKNOWN, probes=sight.probes)
    return draw(st.sampled_from((seen, seen, unknown)))


@st.composite
def entries(draw, cluster):
    reason = draw(st.sampled_from(Reason))
    found = draw(subsets(address(cluster)).filter(bool)) if reason in IN_DNS else ()
    since, hosts = draw(st.sampled_from(MOMENTS)), draw(st.sampled_from(HOSTS))
    unwell = draw(subsets(texts(cluster)))
    return Entry(cluster, "r", ("z",), found, reason, "m", since, hosts, unhealthy=unwell)


def sights_of(cluster):
    return st.one_of(living(cluster), not_living(cluster))


SIGHTS = st.tuples(*map(sights_of, CLUSTERS))
ENTRIES = st.tuples(*(st.none() | entries(each) for each in CLUSTERS))


@st.composite
def records(draw, *resources):
    resource = draw(st.sampled_from(resources or (SERVICE_RECORDS, INGRESS_RECORDS)))
    found = tuple(filter(None, draw(ENTRIES)))
    if resource == SERVICE_RECORDS:
        found = tuple(replace(entry, hosts=()) for entry in found)
    return Record(
        resource,
        Key("test", "nginx"),
        domain_ref="g",
        unreachable=draw(st.sampled_from(Unreachable)),
        health=TCP,
        status=RecordStatus("example.com", found),
    )


def weigh(record, sights, **options):
    return evidence.weigh(record, sights, **{"now": NOW, "delay": DELAY, **options})


def served(sight, entry, record):
    """Whether the cluster had what it takes when somebody last saw it."""
    if sight.present is None:
        return bool(entry.ingress)
    return bool(sight.addresses) and (sight.ready or not record.needs_endpoints)


@given(records(SERVICE_RECORDS), SIGHTS, st.booleans())
def test_no_name_is_emptied_but_by_what_an_api_said(record, sights, cut_off):
    good = {entry.cluster: entry for entry in record.status.entries if entry.ingress}
    known = [each for each in sights if each.cluster in good]
    verdict = weigh(record, sights, cut_off=cut_off)
    if any(served(each, good[each.cluster], record) for each in known):
        assert any(entry.ingress for entry in verdict.entries)


@given(records(INGRESS_RECORDS), SIGHTS, st.booleans())
def test_no_host_is_emptied_but_by_what_an_api_said(record, sights, cut_off):
    verdict = weigh(record, sights, cut_off=cut_off)
    found = {host for entry in verdict.entries if entry.ingress for host in entry.hosts}
    for sight in sights:
        entry = record.status.entry(sight.cluster)
        if entry is not None and entry.ingress and sight.present is None:
            assert found >= set(entry.hosts)


@given(records(), SIGHTS, st.permutations(range(3)), st.booleans())
def test_the_order_of_the_clusters_does_not_matter(record, sights, order, cut_off):
    turned = [sights[index] for index in order]
    assert weigh(record, turned, cut_off=cut_off) == weigh(record, sights, cut_off=cut_off)


@given(records(), SIGHTS, st.booleans())
def test_weighing_again_changes_nothing(record, sights, cut_off):
    once = weigh(record, sights, cut_off=cut_off)
    again = replace(record, status=replace(record.status, entries=once.entries))
    assert weigh(again, sights, cut_off=cut_off) == once


@given(records(), SIGHTS, st.integers(0, 300))
def test_time_alone_changes_nothing_before_the_moment_to_look_again(record, sights, seconds):
    once = weigh(record, sights)
    later = NOW + timedelta(seconds=seconds)
    again = replace(record, status=replace(record.status, entries=once.entries))
    if once.again is None or later < once.again:
        assert weigh(again, sights, now=later).entries == once.entries


@given(SIGHTS, st.integers(0, 59))
def test_the_moment_to_look_again_is_when_a_lost_cluster_has_been_held_long_enough(sights, age):
    since = NOW - timedelta(seconds=age)
    lost = Sight(Place("a"), State.LOST, since, True, address("a"))
    living = Sight(Place("b"), present=True, addresses=address("b"))
    record = Record(SERVICE_RECORDS, Key("test", "nginx"))
    once = weigh(record, [lost, living, sights[2]])
    assert NOW < once.again <= since + timedelta(seconds=DELAY)
    record = replace(record, status=RecordStatus("", once.entries))
    assert weigh(record, [lost, living, sights[2]], now=once.again).entries != once.entries


@given(records(), SIGHTS, st.booleans())
def test_an_entry_is_in_dns_only_as_published_or_held(record, sights, cut_off):
    for entry in weigh(record, sights, cut_off=cut_off).entries:
        assert bool(entry.ingress) == (entry.reason in IN_DNS)


@given(records(), SIGHTS)
def test_the_result_survives_being_written_and_read(record, sights):
    found = RecordStatus("example.com", weigh(record, sights).entries)
    assert status.parse(status.dump(found)) == found
