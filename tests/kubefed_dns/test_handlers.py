"""The admission rules of DNS kinds, by what their controllers read them by."""

import asyncio
from datetime import UTC, datetime

import pytest
from world import World

from kubefed_core.api.review import Kind, Review
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import handlers
from kubefed_dns.resources import (
    DOMAINS,
    ENDPOINTS,
    INGRESS_RECORDS,
    PROVIDERS,
    SERVICE_RECORDS,
)

pytestmark = pytest.mark.looptime
NS = "kf"
META = {"namespace": "shop", "name": "web"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOMAIN = {"metadata": {"namespace": NS, "name": "acme"}, "domain": "example.com"}


@pytest.fixture
async def host():
    world = World("host")
    world["host"].put(DOMAINS, DOMAIN)
    fleet = Fleet(connect=world.connect)
    await fleet.engage(HOST, Access("https://host"), (Interest(DOMAINS, NS),))
    recorder = Recorder(fleet.client(HOST), component="c", namespace=NS, now=lambda: NOW)
    await asyncio.sleep(0.1)
    yield Host(fleet=fleet, recorder=recorder, namespace=NS, now=lambda: NOW)
    await fleet.close()


async def judge(host, resource, obj, *, old=None, subresource=""):
    rules = {each.resource: each for each in handlers.every(host) if each.resource}
    kind = Kind(resource.group, resource.version, resource.plural)
    review = Review("u", "UPDATE" if old else "CREATE", kind, obj, old, subresource)
    assert rules[resource].concerns(review)
    verdict = await rules[resource].judge(review)
    return list(verdict.faults)


def made(**content):
    return {"metadata": META, **content}


def spec(**content):
    return made(spec=content)


def endpoint(**content):
    item = {"dnsName": "a.test", "recordType": "A", "targets": ["192.0.2.1"], **content}
    return spec(endpoints=[{"dnsName": "b.test", "recordType": "A", "targets": []}, item])


async def test_every_path_is_of_one_rule(host):
    paths = [rule.path for rule in handlers.every(host)]
    assert len(paths) == len(set(paths)) == 13
    assert {
        "validate-domain",
        "validate-dnsprovider",
        "validate-dnsendpoint",
        "validate-servicednsrecord",
        "validate-ingressdnsrecord",
    } < set(paths)


@pytest.mark.parametrize(
    ("reason", "resource", "obj", "message"),
    [
        ("A domain is a name.", DOMAINS, made(domain="a..b"), "domain: Invalid value"),
        ("A domain ends in letters.", DOMAINS, made(domain="a.1"), "domain: 'a.1' is no DNS name"),
        ("A server has one too.", DOMAINS, made(domain="a.b", nameServer="-"), "nameServer: "),
        ("A domain is needed.", DOMAINS, made(), "domain: Required value"),
        (
            "A selector can be read.",
            DOMAINS,
            made(domain="a.b", allowedNamespaces={"matchExpressions": [{"key": "a"}]}),
            "allowedNamespaces.matchExpressions[0].operator: Required value",
        ),
        (
            "external-dns's owner is not ours.",
            PROVIDERS,
            spec(type="embedded", ownerID="default"),
            'spec.ownerID: Invalid value: "default": it is the owner id of external-dns',
        ),
        ("A type is needed.", PROVIDERS, spec(), "spec.type: Required value"),
        (
            "rfc2136 needs servers.",
            PROVIDERS,
            spec(type="rfc2136", zones=["a.test"]),
            "spec.rfc2136.servers: name at least one",
        ),
        (
            "It cannot list its zones.",
            PROVIDERS,
            spec(type="rfc2136", rfc2136={"servers": ["192.0.2.1"]}),
            "spec.zones: name the zones",
        ),
        (
            "A key needs a Secret.",
            PROVIDERS,
            spec(
                type="rfc2136",
                zones=["a.test"],
                rfc2136={"servers": ["192.0.2.1"], "tsig": {"keyName": "k."}},
            ),
            "the Secret of spec.credentialsRef has no key",
        ),
        (
            "Zones of Route 53 are of two kinds.",
            PROVIDERS,
            spec(type="route53", route53={"zoneType": "secret"}),
            'spec.route53.zoneType: Invalid value: "secret"',
        ),
        (
            "So are Google's.",
            PROVIDERS,
            spec(type="google", google={"visibility": "secret"}),
            'spec.google.visibility: Invalid value: "secret"',
        ),
        (
            "A webhook is somewhere.",
            PROVIDERS,
            spec(type="webhook", webhook={"url": "ftp://a"}),
            "spec.webhook.url",
        ),
        (
            "octoDNS has a class.",
            PROVIDERS,
            spec(type="octodns", octodns={}),
            "spec.octodns.class: Required value",
        ),
        (
            "A secret is said by reference.",
            PROVIDERS,
            spec(type="octodns", octodns={"class": "octodns_x.P", "settings": {"token": "t"}}),
            "spec.octodns.settings.token: Invalid value: a secret does not stand in the object",
        ),
        (
            "A record of a Service has a Domain.",
            SERVICE_RECORDS,
            spec(),
            "spec.domainRef: Required value",
        ),
        (
            "A prefix is not a name that the record makes.",
            SERVICE_RECORDS,
            spec(domainRef="acme", dnsPrefix="web.shop.acme.svc"),
            "spec.dnsPrefix: 'web.shop.acme.svc.example.com' is a name that the record makes",
        ),
        (
            "Failover has tiers.",
            SERVICE_RECORDS,
            spec(domainRef="acme", routing={"policy": "Failover"}),
            "spec.routing.tiers: Required value",
        ),
        (
            "A probe needs a port.",
            SERVICE_RECORDS,
            spec(domainRef="acme", health={"protocol": "TCP"}),
            "spec.health.port: Required value",
        ),
        (
            "A host is a name.",
            INGRESS_RECORDS,
            spec(hosts=["a.test", "not a host"]),
            "spec.hosts[1]: 'not a host' is no DNS name",
        ),
        (
            "Hosts are bounded.",
            INGRESS_RECORDS,
            spec(hosts=[f"h{number}.test" for number in range(257)]),
            "257 hosts are more than 256",
        ),
        (
            "heritage= is for ownership.",
            ENDPOINTS,
            endpoint(recordType="TXT", targets=['"heritage=external-dns,x"']),
            'spec.endpoints[1]: Invalid value: "a.test TXT": ',
        ),
        (
            "An address is one.",
            ENDPOINTS,
            endpoint(targets=["a.test"]),
            'spec.endpoints[1]: Invalid value: "a.test A": ',
        ),
        (
            "An alias has one target.",
            ENDPOINTS,
            endpoint(recordType="CNAME", targets=["b.test", "c.test"]),
            "it can have one target, not 2",
        ),
        ("A name is needed.", ENDPOINTS, endpoint(dnsName=""), "dnsName: Required value"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_refuses(host, reason, resource, obj, message):
    (told,) = await judge(host, resource, obj)
    assert message in told, reason
    assert await judge(host, resource, obj, old=obj) == [], "what was so before may stay"


@pytest.mark.parametrize(
    ("reason", "resource", "obj"),
    [
        ("A Domain.", DOMAINS, made(domain="example.com")),
        ("A Domain with a server.", DOMAINS, made(domain="Example.com.", nameServer="ns.a.test")),
        ("The embedded server.", PROVIDERS, spec(type="embedded")),
        (
            "What the Secret holds is its own matter.",
            PROVIDERS,
            spec(
                type="rfc2136",
                zones=["a.test"],
                credentialsRef={"name": "s"},
                rfc2136={"servers": ["192.0.2.1"], "tsig": {"keyName": "k."}},
            ),
        ),
        ("A cloud's.", PROVIDERS, spec(type="route53", credentialsRef={"name": "s"})),
        ("Another cloud's.", PROVIDERS, spec(type="google", credentialsRef={"name": "s"})),
        ("A webhook.", PROVIDERS, spec(type="webhook", webhook={"url": "http://127.0.0.1:8888"})),
        ("A plug-in's settings are its own.", PROVIDERS, spec(type="acme", settings={"x": [1]})),
        ("A record.", SERVICE_RECORDS, spec(domainRef="acme", dnsPrefix="www")),
        ("A record of a Domain to come.", SERVICE_RECORDS, spec(domainRef="later")),
        ("Hosts come from rules.", INGRESS_RECORDS, spec()),
        ("A wildcard.", INGRESS_RECORDS, spec(hosts=["*.a.test"])),
        ("A TXT.", ENDPOINTS, endpoint(recordType="TXT", targets=["v=spf1 -all"])),
        ("Nothing to publish.", ENDPOINTS, spec()),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_takes(host, reason, resource, obj):
    assert await judge(host, resource, obj) == [], reason


@pytest.mark.parametrize("before", [{}, {"ownerID": "hub"}])
async def test_an_owner_stays(host, before):
    old = spec(type="embedded", **before)
    (told,) = await judge(host, PROVIDERS, spec(type="embedded", ownerID="other"), old=old)
    assert told.startswith('spec.ownerID: Invalid value: "other": the owner id cannot be added')
    other = spec(type="embedded", dryRun=True, **before)
    assert await judge(host, PROVIDERS, other, old=old) == []


async def test_what_a_record_was_made_into_is_not_looked_at(host):
    owner = {"kind": "ServiceDNSRecord", "name": "web", "controller": True}
    obj = endpoint(targets=["a.test"])
    obj["metadata"] = META | {"ownerReferences": [owner]}
    assert await judge(host, ENDPOINTS, obj) == []


async def test_a_status_is_not_looked_at(host):
    for resource in (PROVIDERS, SERVICE_RECORDS):
        assert await judge(host, resource, spec(), subresource="status") == []
