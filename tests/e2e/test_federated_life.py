"""Federated objects on real control planes: a host that is a member too, and two more."""

import pytest
from hub import SYSTEM, Resolver, until
from job import GROUP as DNS
from kinds import CONFIG_MAPS, DEPLOYMENTS, KINDS, SERVICES, WIDGETS, Kind, dig
from plane import MANAGED, NAMES, Plane, only

pytestmark = pytest.mark.timeout(180)
BLUE = {"data": {"color": "blue"}}
HUGE = {"requests": {"cpu": "1000"}}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_life_of_a_type(fed: Plane, kind: Kind) -> None:
    fed.federate(kind)
    fed.well(kind, *NAMES)
    assert {fed.managed(kind, name) for name in NAMES} == {"true"}

    before = fed.everywhere(kind)
    fed.federate(kind, overrides=[{"clusterName": "eu", "clusterOverrides": [kind.change]}])
    wanted = kind.change["value"]
    until(lambda: dig(fed.there(kind, "eu"), *kind.changed), lambda found: found == wanted)
    fed.well(kind, *NAMES)
    for name in ("host", "us"):
        assert dig(fed.there(kind, name), *kind.changed) == dig(before[name], *kind.changed)
    assert dig(fed.there(kind, "eu"), "metadata", "uid") == dig(before["eu"], "metadata", "uid")

    fed.federate(kind, placement=only("eu"))
    fed.well(kind, "eu")

    whole = dig(fed.there(kind, "eu"), *kind.drifted)
    fed.change(kind, "eu", kind.drift)
    until(lambda: dig(fed.there(kind, "eu"), *kind.drifted), lambda found: found == whole)
    fed.remove(kind, "eu")
    until(lambda: fed.there(kind, "eu"))
    fed.well(kind, "eu")

    fed.annotate(kind, "kubefed.io/orphan=true")
    fed.delete(kind)
    fed.gone(kind)
    until(lambda: fed.managed(kind, "eu"), lambda found: found == "")
    assert fed.there(kind, "eu")

    fed.federate(kind)
    fed.well(kind, *NAMES)
    fed.delete(kind)
    fed.gone(kind)
    assert fed.everywhere(kind) == {}
    until(lambda: fed.versions(kind), lambda found: found == {})


def test_a_workload_says_whether_it_is_up_everywhere(fed: Plane) -> None:
    fed.federate(DEPLOYMENTS)
    fed.well(DEPLOYMENTS, *NAMES)
    until(lambda: fed.condition(DEPLOYMENTS, "Ready"), lambda found: found == ("True", ""))
    shown = fed.host.kubectl("-n", fed.namespace, "get", "fdeploy", "web")
    header, row = shown.splitlines()
    assert header.split() == ["NAME", "CLUSTERS", "READY", "PROPAGATED", "REASON", "AGE"]
    assert row.split()[:4] == ["web", "3/3", "3/3", "True"]
    many = [{"path": "/spec/template/spec/containers/0/resources", "value": HUGE}]
    fed.federate(DEPLOYMENTS, overrides=[{"clusterName": "us", "clusterOverrides": many}])
    until(lambda: fed.condition(DEPLOYMENTS, "Ready"), lambda found: found[0] == "False")
    fed.well(DEPLOYMENTS, *NAMES)
    entries = fed.status(DEPLOYMENTS)["clusters"]
    assert {each["name"]: each["ready"] for each in entries} == {
        "eu": "True",
        "host": "True",
        "us": "False",
    }


def test_a_namespace_says_where_what_is_in_it_may_go(fed: Plane) -> None:
    fed.federate(CONFIG_MAPS)
    fed.well(CONFIG_MAPS, *NAMES)
    own = fed.host.kubectl.json("get", "namespace", fed.namespace)["metadata"]["uid"]
    fed.federate_namespace(fed.namespace, placement=only("eu"))
    fed.well(CONFIG_MAPS, "eu")
    until(
        lambda: fed.clusters.us.kubectl("get", "namespace", fed.namespace, fine=False),
        lambda said: "not found" in said,
    )
    kept = fed.host.kubectl.json("get", "namespace", fed.namespace)["metadata"]
    assert kept["uid"] == own, "the host's own namespace is never removed"
    assert MANAGED not in kept.get("labels", {})
    labels = {"metadata": {"labels": {"team": "a"}}}
    fed.federate_namespace(fed.namespace, template=labels)
    fed.well(CONFIG_MAPS, *NAMES)
    for member in fed.members.values():
        made = member.kubectl.json("get", "namespace", fed.namespace)["metadata"]["labels"]
        assert {"team": "a", MANAGED: "true"}.items() <= made.items()


def test_without_a_federated_namespace_nothing_goes_anywhere(fed: Plane) -> None:
    fed.host.kubectl("-n", fed.namespace, "delete", "federatednamespace", fed.namespace)
    fed.federate(CONFIG_MAPS)
    until(
        lambda: fed.condition(CONFIG_MAPS), lambda seen: seen == ("False", "NamespaceNotFederated")
    )
    assert fed.everywhere(CONFIG_MAPS) == {}
    fed.federate_namespace(fed.namespace)
    fed.well(CONFIG_MAPS, *NAMES)


def test_what_is_there_already_is_taken_over_unless_it_says_no(fed: Plane) -> None:
    meta = {"name": "web", "namespace": fed.namespace}
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"old": "1"}}
    for name in ("eu", "us"):
        member = fed.members[name]
        until(lambda m=member: m.kubectl("get", "ns", fed.namespace, fine=False).count("Active"))
        member.kubectl("create", "-f", "-", stdin=theirs)
    fed.members["us"].kubectl("-n", fed.namespace, "label", "configmap", "web", f"{MANAGED}=false")
    fed.federate(CONFIG_MAPS)
    want = {"eu": "", "host": "", "us": "ManagedLabelFalse"}
    until(lambda: fed.outcomes(CONFIG_MAPS), lambda seen: seen == want)
    found = fed.everywhere(CONFIG_MAPS)
    assert found["eu"]["data"] == CONFIG_MAPS.template["data"]
    assert found["us"]["data"] == {"old": "1"}
    fed.delete(CONFIG_MAPS)
    fed.gone(CONFIG_MAPS)
    assert set(fed.everywhere(CONFIG_MAPS)) == {"us"}


def test_a_type_is_switched_off_and_on(fed: Plane) -> None:
    fed.federate(WIDGETS)
    fed.well(WIDGETS, *NAMES)
    said = fed.ctl("disable", WIDGETS.name)
    assert "deleted" in said
    fed.change(WIDGETS, "eu", WIDGETS.drift)
    fed.federate(WIDGETS, placement=only("us"))
    fed.enable(WIDGETS.name)
    fed.well(WIDGETS, "us")
    fed.delete(WIDGETS)
    fed.gone(WIDGETS)
    fed.disable(WIDGETS.name)
    assert "not found" in fed.host.kubectl("get", "crd", WIDGETS.federated, fine=False)
    fed.enable(WIDGETS.name)


def test_a_service_that_is_propagated_comes_into_dns(fed: Plane) -> None:
    domain = f"{fed.namespace}.test"
    meta = {"name": fed.namespace, "namespace": SYSTEM}
    fed.host.kubectl(
        "apply",
        "-f",
        "-",
        stdin={"apiVersion": DNS, "kind": "Domain", "metadata": meta} | {"domain": domain},
    )
    record = {"apiVersion": DNS, "kind": "ServiceDNSRecord"}
    record |= {"metadata": {"name": "web", "namespace": fed.namespace}}
    record |= {"spec": {"domainRef": fed.namespace, "allowServiceWithoutEndpoints": True}}
    fed.host.kubectl("apply", "-f", "-", stdin=record)
    fed.federate(SERVICES)
    fed.well(SERVICES, *NAMES)
    resolver = Resolver(fed.hub.dns_port)
    name = f"web.{fed.namespace}.{fed.namespace}.svc.{domain}"
    until(lambda: resolver.values(name), lambda found: len(found) == 3)
    fed.federate(SERVICES, placement=only("eu"))
    until(lambda: resolver.values(name), lambda found: len(found) == 1)
    fed.host.kubectl("-n", SYSTEM, "delete", "domain", fed.namespace)
    fed.host.kubectl("-n", fed.namespace, "delete", "servicednsrecord", "web")


def test_the_statuses_of_services_are_collected_where_that_is_asked_for(fed: Plane) -> None:
    fed.federate(SERVICES)
    fed.well(SERVICES, *NAMES)
    collected = {
        "statusCollection": "Enabled",
        "statusType": {
            "group": "core.kubefed.io",
            "version": "v1alpha1",
            "kind": "FederatedServiceStatus",
            "pluralName": "federatedservicestatuses",
            "scope": "Namespaced",
        },
    }
    fed.configure(SERVICES, collected)
    try:
        until(
            lambda: fed.addresses(),
            lambda found: set(found) == set(NAMES) and all(found.values()),
        )
        fed.federate(SERVICES, placement=only("eu"))
        until(
            lambda: {name for name, points in fed.addresses().items() if points},
            lambda found: found == {"eu"},
        )
    finally:
        fed.configure(SERVICES, dict.fromkeys(collected))
    fed.delete(SERVICES)
    fed.gone(SERVICES)
    until(fed.addresses, lambda found: found == {})
