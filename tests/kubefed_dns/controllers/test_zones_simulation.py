"""Everything at once, at random but repeatable: whatever happens, these things hold."""

import asyncio
import random

import pytest
from zones_backend import Slow
from zones_story import OWNER, ZONE, Story, a, owned

from kubefed_core.errors import ApiError
from kubefed_core.objects import Key
from kubefed_dns.decide.ownership import parse, text_of
from kubefed_dns.errors import Throttled, Unreachable
from kubefed_dns.records import rrset
from kubefed_dns.resources import ENDPOINTS

pytestmark = pytest.mark.looptime

HOSTS = [f"n{n}" for n in range(8)]
SPACES = ("shop", "other")


class Simulation:
    """One world, and a list of what is known to be there that is not ours."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.story = Story()
        self.story.provider(safety={"maxDeletePercent": 100, "minNames": 1000})
        self.foreign = {}
        self.story.executor = Slow(0.02)

    def step(self):
        self.random.choice(
            [
                self.want,
                self.want,
                self.want,
                self.drop,
                self.interfere,
                self.squat,
                self.vandalise,
                self.race,
                self.fault,
                self.refuse,
                self.api,
            ]
        )()

    def want(self):
        chance, space = self.random, self.random.choice(SPACES)
        hosts = chance.sample(HOSTS, chance.randint(0, 4))
        endpoints = []
        for host in hosts:
            if chance.random() < 0.3:
                endpoints.append((f"{host}.example.org", "CNAME", "lb.example.net"))
            else:
                address = f"192.0.2.{chance.randint(1, 200)}"
                endpoints.append((f"{host}.example.org", "A", address))
        created = f"2026-01-0{chance.randint(1, 3)}T00:00:00Z"
        self.story.want(
            *endpoints, name=f"e{chance.randint(0, 3)}", namespace=space, created=created
        )

    def drop(self):
        keys = sorted(self.story.host.objects[ENDPOINTS])
        if keys:
            key = self.random.choice(keys)
            self.story.drop(key.name, key.namespace)

    def interfere(self):
        """Somebody else has a record, with an owner or without, and changes it."""
        made = a(f"foreign{self.random.randint(0, 3)}", f"203.0.113.{self.random.randint(1, 200)}")
        self.story.backend.foreign(made)
        self.foreign[made.key] = made

    def squat(self):
        """Somebody else takes a name that we may want, if nobody has it."""
        made = a(self.random.choice(HOSTS), "203.0.113.7")
        txt = owned(made, owner="stranger")
        held = self.story.backend.sets
        if not held(made.name) and not held(txt.name):
            sets = [made, txt] if self.random.random() < 0.5 else [made]
            self.story.backend.foreign(*sets)
            self.foreign |= {each.key: each for each in sets}

    def vandalise(self):
        """Somebody else changes what is ours, or deletes it."""
        name = f"{self.random.choice(HOSTS)}.{ZONE}"
        here = self.story.backend.sets(name)
        ours = self.story.backend.sets(f"a-{name}").values()
        if (name, "A") not in here or not any(OWNER in value for (value, *_) in ours):
            return
        if self.random.random() < 0.5:
            self.story.backend.foreign(rrset(name, "A", 7, ["203.0.113.66"]))
        else:
            self.story.backend.foreign(delete=[name])

    def race(self):
        """Somebody else is there between our plan and our write."""
        self.story.backend.before = self.random.choice([self.interfere, self.squat, self.vandalise])

    def fault(self):
        self.story.backend.fault = self.random.choice(
            [None, None, Unreachable("down"), Throttled("slow", after=3.0), KeyError("bug")]
        )

    def refuse(self):
        self.story.backend.bad = {f"{host}.{ZONE}" for host in self.random.sample(HOSTS, 1)}

    def api(self):
        """The API server fails for a while, or loses its watches."""
        choice = self.random.randint(0, 3)
        self.story.host.faults.clear()
        if choice == 0:
            self.story.host.faults["replace", ENDPOINTS] = ApiError("busy", status=500)
        elif choice == 1:
            self.story.host.expire()
        elif choice == 2:
            self.story.host.cut()

    async def run(self):
        for _ in range(self.random.randint(5, 40)):
            self.step()
            await asyncio.sleep(self.random.choice([0.001, 0.01, 0.05, 1.0, 20.0]))
            self.check()

    def calm(self):
        self.story.backend.before = None
        self.story.backend.fault, self.story.backend.bad = None, set()
        self.story.host.faults.clear()

    # What always holds.

    def check(self):
        held = {each.key: each for each in self.story.backend.memory.read(ZONE)}
        for key, made in self.foreign.items():
            assert held.get(key) == made, "what is another's was touched"

    # What holds in the end.

    def wanted(self):
        found = {}
        for obj in self.story.host.objects[ENDPOINTS].values():
            for each in obj["spec"]["endpoints"]:
                found.setdefault(f"{each['dnsName']}.", []).append(each)
        return found

    def check_calm(self):
        self.check()
        wanted = self.wanted()
        held = self.story.backend.sets()
        taken = {key.name for key in self.foreign}
        for host in HOSTS:
            name = f"{host}.{ZONE}"
            here = {kind: values for (each, kind), values in held.items() if each == name}
            if name in taken:
                assert here.keys() <= {"A"}
            elif name in wanted:
                assert here, f"{name} is wanted and not there"
                offered = {f"{t}" for each in wanted[name] for t in each["targets"]}
                offered |= {f"{t}." for t in offered}
                assert all(set(values) <= offered for values in here.values())
            else:
                assert not here, f"{name} is not wanted and there"
        for (place, kind), values in held.items():
            said = parse(text_of(values[0])) if kind == "TXT" else None
            if said is not None and said.owner == OWNER:
                rrtype, _, name = place.partition("-")
                assert (name, rrtype.upper()) in held, f"{place} owns nothing"
                key = Key(*said.resource.split("/")[1:])
                assert key in self.story.host.objects[ENDPOINTS], f"{place} names nobody"


@pytest.mark.parametrize("seed", range(16))
async def test_whatever_happens(seed):
    simulation = Simulation(seed)
    for _ in range(3):
        async with simulation.story.hub():
            await simulation.run()
    async with simulation.story.hub():
        await simulation.run()
        simulation.calm()
        await asyncio.sleep(2000)
        simulation.check_calm()
        writes = simulation.story.backend.writes
        told = len(simulation.story.host.writes)
        await asyncio.sleep(2000)
        assert simulation.story.backend.writes == writes, "idle means idle"
        assert len(simulation.story.host.writes) == told
