from datetime import UTC, datetime, timedelta

import pytest

from kubefed_core.api import selectors
from kubefed_core.objects import Key
from kubefed_dns.api.routing import Clusters
from kubefed_dns.api.status import Address
from kubefed_dns.decide import sights
from kubefed_dns.decide.sights import Cache, Place, Probe, Pulse, Sight, State

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EU = Place("eu", "eu-west", ("a",))
LIVE = Cache(State.LIVE)
NEW = Cache(State.UNKNOWN, filled=False)
FORBIDDEN = Cache(State.LOST, NOW, filled=False)


def lost(seconds=0):
    return Cache(State.LOST, NOW + timedelta(seconds=seconds))


def balanced(*ingress, **spec):
    return {"spec": spec, "status": {"loadBalancer": {"ingress": list(ingress)}}}


SERVICE = balanced({"ip": "192.0.2.1", "ipMode": "VIP"})
FOUND = (Address("192.0.2.1"),)


def piece(*endpoints, name="nginx"):
    labels = {"kubernetes.io/service-name": name} if name else {}
    meta = {"namespace": "test", "name": "nginx-x", "labels": labels}
    return {"metadata": meta, "endpoints": list(endpoints)}


def ready(value):
    return {"addresses": ["10.0.0.1"], "conditions": {"ready": value}}


@pytest.mark.parametrize(
    ("reason", "obj", "want"),
    [
        ("No object.", None, ()),
        ("No status yet.", {"spec": {}}, ()),
        ("A Service of another type has no balancer.", {"status": {"loadBalancer": {}}}, ()),
        ("Only ip and hostname count.", SERVICE, FOUND),
        (
            "Sorted, an empty ip first.",
            balanced({"hostname": "b"}, {"ip": "9.9.9.9"}, {"hostname": "a"}),
            (Address("", "a"), Address("", "b"), Address("9.9.9.9")),
        ),
        ("An empty item is none.", balanced({}), ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_load_balancer(reason, obj, want):
    assert sights.load_balancer(obj) == want, reason


@pytest.mark.parametrize(
    ("reason", "slices", "want"),
    [
        ("No slice.", [], False),
        ("A slice without endpoints.", [piece()], False),
        ("Endpoints that are null.", [{"metadata": {}, "endpoints": None}], False),
        ("A ready endpoint.", [piece(ready(True))], True),
        ("One that is not.", [piece(ready(False))], False),
        ("Not to say so means ready.", [piece(ready(None))], True),
        ("No conditions at all, as in some mirrored slices.", [piece({"addresses": ["a"]})], True),
        ("Ready without an address is none.", [piece({"conditions": {"ready": True}})], False),
        ("One of several.", [piece(ready(False)), piece(ready(False), ready(True))], True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_has_ready(reason, slices, want):
    assert sights.has_ready(slices) is want, reason


def test_a_slice_says_whose_it_is():
    assert sights.service_of(piece()) == Key("test", "nginx")
    assert sights.service_of(piece(name="")) is None


@pytest.mark.parametrize(
    ("reason", "spec", "want"),
    [
        ("No rules.", {}, ()),
        (
            "Hosts in lower case, sorted.",
            {"rules": [{"host": "B.test"}, {"host": "a.test"}]},
            ("a.test", "b.test"),
        ),
        ("A rule without a host is for all.", {"rules": [{"http": {}}]}, ("",)),
        ("So is a default backend.", {"defaultBackend": {"service": {}}}, ("",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule_hosts(reason, spec, want):
    assert sights.rule_hosts({"spec": spec}) == want, reason
    assert sights.rule_hosts(None) == ()


@pytest.mark.parametrize(
    ("reason", "rules", "want"),
    [
        ("The host itself.", ["a.b.test"], True),
        ("A wildcard for one label.", ["*.b.test"], True),
        ("But not for two.", ["*.test"], False),
        ("A rule for all hosts.", [""], True),
        ("Another host.", ["c.b.test"], False),
        ("No rule.", [], False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_covers(reason, rules, want):
    assert sights.covers(rules, "a.b.test") is want, reason


def test_hosts_without_a_rule_are_those_of_no_ingress_in_sight():
    seen = Sight(EU, present=True, hosts=("a.test",))
    gone = Sight(EU, present=False)
    away = Sight(EU, State.LOST, present=True, hosts=("b.test",))
    hosts = ("A.test", "b.test", "c.test")
    assert sights.without_rule(hosts, [seen, gone, away]) == ("b.test", "c.test")
    assert sights.without_rule(hosts, [gone, away]) == ()


@pytest.mark.parametrize(
    ("reason", "annotations", "want"),
    [
        ("Not annotated.", {}, False),
        ("Annotated.", {sights.DRAINED: "true"}, True),
        ("Any value will do.", {sights.DRAINED: ""}, True),
        ("But false.", {sights.DRAINED: "False"}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_place_says_whether_the_cluster_is_drained(reason, annotations, want):
    meta = {"namespace": "kf", "name": "eu", "annotations": annotations}
    found = sights.place({"metadata": meta, "status": {"region": "eu-west", "zones": ["a"]}})
    assert found == Place("eu", "eu-west", ("a",), want), reason


JOINED = {"eu": {"tier": "gold"}, "us": {}}


@pytest.mark.parametrize(
    ("reason", "clusters", "want"),
    [
        ("Neither selects all.", Clusters(), {"eu", "us"}),
        ("A list selects what has joined of it.", Clusters(frozenset({"eu", "mars"})), {"eu"}),
        ("An empty list selects none.", Clusters(frozenset()), set()),
        (
            "A selector goes by labels.",
            Clusters(selector=selectors.parse({"matchLabels": {"tier": "gold"}}, "s")),
            {"eu"},
        ),
        ("A list wins.", Clusters(frozenset({"us"}), selectors.parse({}, "s")), {"us"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wanted(reason, clusters, want):
    assert sights.wanted(clusters, JOINED) == want, reason


def test_unknown_clusters_are_those_wanted_by_name_that_have_not_joined():
    assert sights.unknown(Clusters(frozenset({"eu", "venus", "mars"})), JOINED) == ("mars", "venus")
    assert sights.unknown(Clusters(), JOINED) == ()


def test_a_cluster_in_sight():
    assert sights.sight(
        EU, SERVICE, cache=LIVE, endpoints=LIVE, slices=[piece(ready(True))]
    ) == Sight(EU, State.LIVE, None, True, FOUND, True)


def test_the_first_cause_that_is_known_is_told():
    refused = Cache(State.LOST, NOW, cause="refused")
    found = sights.sight(EU, SERVICE, alive=[lost()], cache=LIVE, endpoints=refused)
    assert (found.state, found.cause) == (State.LOST, "refused")


def test_a_target_without_a_pulse_is_not_probed():
    found = Sight(EU, probes={"192.0.2.1": Pulse(Probe.FAILING, "refused")})
    assert found.pulse("192.0.2.1").state is Probe.FAILING
    assert found.pulse("192.0.2.2") == Pulse(Probe.NONE)


def test_an_ingress_is_asked_for_no_endpoints():
    obj = balanced({"ip": "192.0.2.1"}, rules=[{"host": "a.test"}])
    assert sights.sight(EU, obj, cache=LIVE) == Sight(
        EU, State.LIVE, None, True, FOUND, True, ("a.test",)
    )


@pytest.mark.parametrize(
    ("reason", "obj", "options", "want"),
    [
        (
            "No object is believed though the slices are out of sight.",
            None,
            {"cache": LIVE, "endpoints": lost()},
            (State.LIVE, None, False),
        ),
        (
            "So is no address.",
            balanced(),
            {"cache": LIVE, "endpoints": NEW},
            (State.LIVE, None, True),
        ),
        (
            "An address needs the slices.",
            SERVICE,
            {"cache": LIVE, "endpoints": lost()},
            (State.LOST, NOW, True),
        ),
        (
            "Slices that were never listed leave only the status.",
            SERVICE,
            {"cache": LIVE, "endpoints": FORBIDDEN},
            (State.LOST, NOW, None),
        ),
        (
            "Not yet filled is not lost.",
            SERVICE,
            {"cache": LIVE, "endpoints": NEW},
            (State.UNKNOWN, None, None),
        ),
        (
            "What was never listed was never seen.",
            None,
            {"cache": FORBIDDEN},
            (State.LOST, NOW, None),
        ),
        (
            "A cluster that fails its health check is lost, whatever its caches say.",
            None,
            {"cache": LIVE, "alive": [lost()]},
            (State.LOST, NOW, False),
        ),
        (
            "Lost since the first sign.",
            SERVICE,
            {"cache": lost(5), "endpoints": lost(9), "alive": [lost(7)]},
            (State.LOST, NOW + timedelta(seconds=5), True),
        ),
        (
            "Since nobody knows when.",
            SERVICE,
            {"cache": Cache(State.LOST)},
            (State.LOST, None, True),
        ),
        (
            "Lost outweighs not yet filled.",
            SERVICE,
            {"cache": NEW, "alive": [lost()]},
            (State.LOST, NOW, None),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_signs_are_put_together(reason, obj, options, want):
    found = sights.sight(EU, obj, **options)
    assert (found.state, found.lost_since, found.present) == want, reason
