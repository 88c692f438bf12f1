"""What publishing costs the provider, in calls: held to numbers, whatever the provider."""

import asyncio
import math
from collections import Counter
from dataclasses import replace

import pytest
from zones_story import OWNER, ZONE, Story

from kubefed_dns.decide.ownership import Registry
from kubefed_dns.providers.batch import Refused, deliver
from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.protocol import Context, Refusal
from kubefed_dns.records import Create, Group, rrset

pytestmark = pytest.mark.looptime

ONE, TWO = "192.0.2.1", "192.0.2.2"
MANY, OURS = 10_000, 100


class Alone(Memory):
    """Counts what it is asked, and refuses bad names one by one."""

    def __init__(self, context, bad=()):
        self.calls = Counter()
        self.bad = bad
        super().__init__(replace(context, take=lambda: self.calls.update(["all"])))

    def fill(self, count):
        """With names of others, and no calls."""
        made = rrset(f"x.{ZONE}", "A", 60, [TWO])
        sets = (replace(made, name=f"x{number}.{ZONE}") for number in range(count))
        self._zones[ZONE] |= {each.name: {each.key: each} for each in sets}

    def write(self, zone, groups):
        self.calls.update(["write"])
        good = [group for group in groups if group.name not in self.bad]
        told = [Refusal(group, "bad") for group in groups if group.name in self.bad]
        return [*super().write(zone, good), *told]


class Whole(Alone):
    """Refuses a request as a whole, as clouds do, so that it is halved; has no marker."""

    def write(self, zone, groups):
        def send(batch):
            if any(group.name in self.bad for group in batch):
                self.calls.update(["all"])
                raise Refused("bad")
            assert not Memory.write(self, zone, batch)

        self.calls.update(["write"])
        failed = deliver(groups, send=send, fit=len)
        return [Refusal(group, error.reason) for group, error in failed]

    def marker(self, zone):
        return None


PROVIDERS = pytest.mark.parametrize("made", [Alone, Whole])


class Costs:
    """A hub with one provider; `calls` counts what that was asked."""

    def __init__(self, made, bad=(), **spec):
        self.story = Story()
        self.story.secret("keys", key="k" * 32)
        self.story.provider(**spec)
        self.provider = None
        self._made, self._bad = made, bad
        self.story.backend.made = self._connect

    def _connect(self, context):
        self.provider = self.provider or self._made(replace(context, zones=(ZONE,)), self._bad)
        return self.provider

    @property
    def calls(self):
        return self.provider.calls["all"]


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


def endpoints(numbers, address=ONE):
    return [(f"h{number}.example.org", "A", address) for number in numbers]


@PROVIDERS
async def test_one_change_among_ten_thousand_names_costs_three_calls_at_most(made):
    costs = Costs(made)
    costs.provider = made(Context("cloud", zones=(ZONE,)))
    costs.provider.fill(MANY)
    costs.story.want(*endpoints(range(OURS)))
    async with costs.story.hub():
        await settle(5)
        assert costs.story.zone()["records"] == MANY + 2 * OURS
        before, writes = costs.calls, costs.provider.calls["write"]
        costs.story.want(("h0.example.org", "A", TWO), *endpoints(range(1, OURS)))
        await settle(5)
        assert costs.calls - before <= 3
        assert costs.provider.calls["write"] - writes == 1
        assert costs.story.condition("Published")[0] == "True"
        assert TWO in costs.provider.read(ZONE, ["h0.example.org."])[0].values


@PROVIDERS
async def test_one_bad_record_among_a_thousand_costs_twenty_calls_more_and_only_itself(made):
    counted = []
    # Good names cost no less where there are more of them, so that ten will do.
    for names, bad in ((10, ()), (1000, ("h617.example.org.",))):
        costs = Costs(made, bad)
        costs.story.want(*endpoints(range(names)))
        async with costs.story.hub():
            await settle(5)
            held = {each.name for each in costs.provider.read(ZONE) if each.type == "A"}
            assert held == {f"h{number}.example.org." for number in range(names)} - {*bad}
            counted.append(costs.calls)
            told = costs.story.condition("Published")
            assert told[1] == ("Refused" if bad else "Published")
    assert counted[1] - counted[0] <= 2 * math.log2(1000)


@PROVIDERS
@pytest.mark.parametrize(
    ("reason", "ttl", "spec"),
    [
        ("A TTL.", 60, {}),
        ("None, so that there is a default.", 0, {}),
        ("One below the floor.", 60, {"minTTL": 3600}),
        ("The longest.", 2**31 - 1, {}),
        (
            "Ownership that is sealed.",
            60,
            {"txt": {"encryptionKeyRef": {"name": "keys", "key": "key"}}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_ten_idle_cycles_write_nothing(made, reason, ttl, spec):
    costs = Costs(made, **spec)
    costs.story.want(
        {"dnsName": "a.example.org", "recordType": "A", "targets": [ONE], "recordTTL": ttl},
        {"dnsName": "b.example.org", "recordType": "CNAME", "targets": ["x."], "recordTTL": ttl},
        {
            "dnsName": "c.example.org",
            "recordType": "A",
            "targets": [ONE],
            "recordTTL": ttl,
            "setIdentifier": "eu",
            "routing": {"weight": 3},
        },
    )
    async with costs.story.hub():
        await settle(5)
        assert costs.story.condition("Published")[0] == "True", reason
        writes, told = costs.provider.calls["write"], list(costs.story.host.writes)
        await settle(10 * 600 + 60)
        assert costs.provider.calls["write"] == writes, reason
        assert costs.story.host.writes == told, reason


@PROVIDERS
async def test_a_start_with_nothing_to_do_writes_nothing(made):
    costs = Costs(made)
    registry = Registry(OWNER)
    costs.provider = made(Context("cloud", zones=(ZONE,)))
    for number in range(100):
        name = f"h{number}.example.org."
        data = rrset(name, "A", 60, [ONE])
        owner = rrset(registry.naming.of(name, "A"), "TXT", 300, [registry.write("crd/shop/web")])
        assert not costs.provider.write(ZONE, [Group(name, (Create(data), Create(owner)))])
    writes = costs.provider.calls["write"]
    costs.story.want(*endpoints(range(100)))
    async with costs.story.hub():
        await settle(5)
        assert costs.story.condition("Published")[0] == "True"
        assert costs.provider.calls["write"] == writes
