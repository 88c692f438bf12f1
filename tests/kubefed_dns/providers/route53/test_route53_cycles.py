"""What the planner makes of what Route 53 gives back: nothing, once it is as wanted."""

from cloud import ZONE, address, at, cycle, writes

from kubefed_dns.records import rrset

ELB = "web-1.us-east-1.elb.amazonaws.com."


def routed(name, number, **said):
    value = f"192.0.2.{number}"
    return rrset(at(name), "A", 30, [value], set_identifier=f"c{number}", properties=said)


NAMES = (
    [address("plain")],
    [routed("weight", 1, weight="80"), routed("weight", 2, weight="0")],
    [routed("tier", number, tier=str(number)) for number in (1, 2, 3)],
    [routed("geo", 1, geo="EU"), routed("geo", 2, geo="US-CA"), routed("geo", 3, geo="*")],
    [routed("near", n, region=region) for n, region in enumerate(("eu-west-1", "us-east-1") * 2)],
    [rrset(at("alias"), "CNAME", 30, [ELB])],
    [rrset(ZONE, "CNAME", 30, [ELB], properties={"alias": "true"})],
)


def test_ten_idle_cycles_write_nothing_and_a_restart_neither(route53, zone_id, provider_of):
    provider = provider_of()
    assert cycle(provider, *NAMES) == len(NAMES)
    route53.requests.clear()
    assert not any(cycle(provider, *NAMES) for _ in range(10))
    assert not cycle(provider_of(), *NAMES)
    assert not writes(route53)


def test_a_tier_that_is_gone_is_followed_by_the_next(route53, zone_id, provider):
    cycle(provider, *NAMES)
    first, second, third = NAMES[2]
    left = [*NAMES[:2], [second, third], *NAMES[3:]]
    assert cycle(provider, *left) == 1
    tiers = {
        raw["SetIdentifier"]: raw["Failover"]
        for raw in route53.held(zone_id).values()
        if raw["Name"] == first.name
    }
    assert tiers == {"c2": "PRIMARY", "c3": "SECONDARY"}
    assert not cycle(provider, *left)


def test_nothing_is_left_of_what_is_wanted_no_more(route53, zone_id, provider):
    cycle(provider, *NAMES)
    assert cycle(provider) == len(NAMES)
    assert {key[1] for key in route53.held(zone_id)} == {"NS", "SOA"}
