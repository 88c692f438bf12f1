"""What the planner makes of what Cloud DNS gives back: nothing, once it is as wanted."""

from cloud import address, cycle, writes
from routed_sets import routed

NAMES = (
    [address("plain")],
    [
        routed("a", name="weight", ttl=30, weight="80"),
        routed("b", "192.0.2.2", name="weight", weight="0"),
    ],
    [
        routed("a", name="near", region="europe-west1"),
        routed("b", "192.0.2.2", name="near", region="us-east1"),
        routed("c", "192.0.2.3", name="near", region="us-east1"),
    ],
    [routed("a", name="tier", tier="0"), routed("b", "192.0.2.2", name="tier", tier="1")],
    [routed("a", name="geo", geo="EU"), routed("b", "192.0.2.2", name="geo", geo="*")],
)


def test_ten_idle_cycles_write_nothing_and_a_restart_neither(google, hosted, provider_of):
    provider = provider_of()
    assert cycle(provider, *NAMES) == len(NAMES)
    google.requests.clear()
    assert not any(cycle(provider, *NAMES) for _ in range(10))
    assert not cycle(provider_of(), *NAMES)
    assert not writes(google)


def test_nothing_is_left_of_what_is_wanted_no_more(google, hosted, provider):
    cycle(provider, *NAMES)
    changed = [NAMES[0], NAMES[1][:1], [address("near")]]
    assert cycle(provider, *changed) == 4
    assert not cycle(provider, *changed)
    assert cycle(provider) == 3
    assert {rrtype for _, rrtype in hosted.sets} == {"NS", "SOA"}
