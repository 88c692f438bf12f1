"""Probes judge targets one by one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from evidence_cases import (
    GONE,
    NONE,
    NOW,
    OTHER,
    A,
    B,
    entry,
    live,
    lost,
    record,
    shown,
    unknown,
    unseen,
    weigh,
)

from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.status import Address, Reason
from kubefed_dns.decide.sights import Probe, Pulse

TWO = (Address("192.0.2.1"), Address("192.0.2.3"))
TCP = Health(Protocol.TCP, 80)


def pulsed(first, second, make=live, **fields):
    """A cluster with two addresses, and what is said of each by its probes."""
    probes = {
        "192.0.2.1": Pulse(first, "refused"),
        "192.0.2.3": Pulse(second, "refused"),
    }
    return make(addresses=TWO, probes=probes, **fields)


RECOVERED_AND_RECOVERING = {
    "192.0.2.2": Pulse(Probe.PASSING, "", 0.0, 25.0),
    "192.0.2.4": Pulse(Probe.RECOVERING, "", 41.0, 42.0),
}


def failing(*, begun, also=None):
    """With `also` a second address fails, since that moment."""
    found = {"192.0.2.1": Pulse(F, "refused", begun, 40.0)}
    if also is None:
        return live(probes=found)
    return live(addresses=TWO, probes=found | {"192.0.2.3": Pulse(F, "refused", also, 40.0)})


def passing(*, last, **fields):
    return live("us", B, probes={"192.0.2.2": Pulse(P, "", 0.0, last)}, **fields)


P, R, F, U, N = Probe.PASSING, Probe.RECOVERING, Probe.FAILING, Probe.PENDING, Probe.NONE


@pytest.mark.parametrize(
    ("reason", "before", "sight", "want", "unhealthy"),
    [
        ("Only what fails is out.", entry(ingress=TWO), pulsed(P, F), (Reason.PUBLISHED, A), "3"),
        ("All fail.", entry(ingress=TWO), pulsed(F, F), (Reason.UNHEALTHY, NONE), "13"),
        (
            "What recovers is out until it has.",
            entry(unhealthy=["3"]),
            pulsed(P, R),
            (Reason.PUBLISHED, A),
            "3",
        ),
        (
            "Also where all do.",
            entry(reason=Reason.UNHEALTHY, ingress=NONE, unhealthy=["1", "3"]),
            pulsed(R, R),
            (Reason.UNHEALTHY, NONE),
            "13",
        ),
        (
            "But not what never left.",
            entry(ingress=TWO, unhealthy=["1", "3"]),
            pulsed(R, P),
            (Reason.PUBLISHED, TWO),
            "1",
        ),
        ("What is new is in before it is probed.", None, pulsed(U, U), (Reason.PUBLISHED, TWO), ""),
        (
            "Without ready endpoints probes say nothing.",
            entry(ingress=TWO),
            pulsed(P, F, ready=False),
            (Reason.NO_READY_ENDPOINTS, NONE),
            "3",
        ),
        (
            "Out of sight, what passes is held.",
            entry(ingress=TWO),
            pulsed(P, F, lost, since=999),
            (Reason.HELD, A),
            "3",
        ),
        (
            "Out of sight, what is not decided waits for it.",
            entry(ingress=TWO),
            pulsed(U, F, lost, since=999),
            (Reason.HELD, A),
            "3",
        ),
        (
            "Unless it is withdrawn already.",
            GONE,
            pulsed(U, U, lost, since=600),
            (Reason.UNREACHABLE, NONE),
            "",
        ),
        (
            "Out of sight, what cannot be probed is held for the delay.",
            entry(ingress=TWO),
            pulsed(N, F, lost, since=59),
            (Reason.HELD, A),
            "3",
        ),
        (
            "And no longer.",
            entry(ingress=TWO),
            pulsed(N, F, lost, since=60),
            (Reason.UNREACHABLE, NONE),
            "3",
        ),
        (
            "Never seen since the start, what the status has out for its probes can come back.",
            entry(reason=Reason.UNHEALTHY, ingress=NONE, unhealthy=["1"]),
            unseen(probes={"192.0.2.1": Pulse(P)}),
            (Reason.HELD, A),
            "",
        ),
        (
            "But not what its API had out.",
            entry(reason=Reason.NO_READY_ENDPOINTS, ingress=NONE, unhealthy=["1"]),
            unseen(probes={"192.0.2.1": Pulse(P)}),
            (Reason.UNREACHABLE, NONE),
            "",
        ),
        (
            "Not looked at since the start, what passes is kept in mind for when it can come back.",
            entry(reason=Reason.UNHEALTHY, ingress=NONE, unhealthy=["1", "3"]),
            replace(unknown(), probes={"192.0.2.1": Pulse(P), "192.0.2.3": Pulse(R)}),
            (Reason.UNHEALTHY, NONE),
            "13",
        ),
        (
            "But not as failing what is in DNS.",
            entry(reason=Reason.HELD, ingress=TWO, unhealthy=["1"]),
            replace(unknown(), probes={"192.0.2.1": Pulse(P), "192.0.2.3": Pulse(F)}),
            (Reason.HELD, TWO),
            "3",
        ),
        (
            "Out for probes, and nothing else is known.",
            entry(reason=Reason.UNHEALTHY, ingress=NONE),
            unseen(),
            (Reason.UNHEALTHY, NONE),
            "",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_probed_targets(reason, before, sight, want, unhealthy):
    found = [before] if before is not None else []
    verdict = weigh(record(*found, entry("us", ingress=B), health=TCP), sight, OTHER)
    assert shown(verdict)["eu"] == want, reason
    assert verdict.entries[0].unhealthy == tuple(f"192.0.2.{each}" for each in unhealthy), reason


def test_what_is_out_for_its_probes_is_named_with_the_cause():
    (found, _) = weigh(record(entry(ingress=TWO), health=TCP), pulsed(P, F), OTHER).entries
    assert "left out by its probes: 192.0.2.3: refused" in found.message
    (found, _) = weigh(record(entry(ingress=TWO), health=TCP), pulsed(F, F), OTHER).entries
    assert "fail (192.0.2.1: refused, 192.0.2.3: refused)" in found.message
    before = entry(reason=Reason.UNHEALTHY, ingress=NONE, unhealthy=["1", "3"])
    (found, _) = weigh(record(before, health=TCP), pulsed(R, R), OTHER).entries
    assert "back in DNS after 60s" in found.message


def test_what_was_said_of_a_failure_stays_until_its_cause_is_known_again():
    before = entry(reason=Reason.UNHEALTHY, ingress=NONE, unhealthy=["1"])
    for probe, want in ((Pulse(F), "m"), (Pulse(F, "refused"), "refused")):
        sight = live(probes={"192.0.2.1": probe})
        (found, _) = weigh(record(before, health=TCP), sight, OTHER).entries
        assert want in found.message


def test_of_a_name_whose_targets_all_fail_the_last_good_set_stays():
    before = record(entry(unhealthy=["3"]), entry("us", ingress=NONE), health=TCP)
    verdict = weigh(before, pulsed(F, F), live("us", B, probe=Probe.FAILING))
    assert shown(verdict) == {"eu": (Reason.HELD, A), "us": (Reason.UNHEALTHY, NONE)}


def test_what_passes_again_is_better_than_what_fails():
    before = record(entry(), entry("us", Reason.UNHEALTHY, NONE), health=TCP)
    verdict = weigh(before, live(probe=Probe.FAILING), live("us", B, probe=Probe.RECOVERING))
    assert shown(verdict) == {"eu": (Reason.UNHEALTHY, NONE), "us": (Reason.PUBLISHED, B)}


def test_a_failure_that_may_be_everybodys_is_looked_at_again_after_the_next_probes():
    passed = {"192.0.2.2": Pulse(P, "", 0.0, 15.0)}
    failed = {"192.0.2.1": Pulse(F, "refused", 20.0, 40.0)}
    before = record(entry(), entry("us", ingress=B), health=TCP)
    verdict = weigh(before, live(probes=failed), live("us", B, probes=passed))
    assert shown(verdict) == {"eu": (Reason.HELD, A), "us": (Reason.PUBLISHED, B)}
    assert verdict.spared == {"eu"}
    assert verdict.again == NOW + timedelta(seconds=TCP.interval + TCP.timeout)
    passed = {"192.0.2.2": Pulse(P, "", 0.0, 25.0)}
    verdict = weigh(before, live(probes=failed), live("us", B, probes=passed))
    assert shown(verdict) == {"eu": (Reason.UNHEALTHY, NONE), "us": (Reason.PUBLISHED, B)}
    assert verdict.again is None


@pytest.mark.parametrize(
    ("reason", "before", "sights", "again"),
    [
        (
            "What is in since nothing else is left may be in doubt from now on.",
            (),
            (failing(begun=20.0), passing(last=15.0, drained=True)),
            True,
        ),
        (
            "Of what fails, that comes in which will stay.",
            (),
            (failing(begun=20.0, also=4.0), passing(last=15.0, drained=True)),
            True,
        ),
        (
            "It fails while another passes, which leaves no doubt.",
            (),
            (failing(begun=20.0), passing(last=25.0, drained=True)),
            False,
        ),
        (
            "What passes is no less known for its cluster not being looked at yet.",
            (entry("us", Reason.UNHEALTHY, NONE, unhealthy=["2", "4"]),),
            (failing(begun=20.0), replace(unknown("us"), probes=RECOVERED_AND_RECOVERING)),
            False,
        ),
        (
            "What has gone leaves nothing to be in doubt.",
            (entry(),),
            (replace(failing(begun=20.0), leaving=True), passing(last=15.0)),
            False,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_when_to_look_again_is_said_of_what_is_in_dns_by_now(reason, before, sights, again):
    once = weigh(record(*before, health=TCP), *sights)
    want = NOW + timedelta(seconds=TCP.interval + TCP.timeout) if again else None
    assert once.again == want, reason
    assert weigh(record(*once.entries, health=TCP), *sights) == once, reason
