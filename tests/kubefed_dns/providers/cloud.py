"""What the tests of cloud providers share: a zone, sets in it, and the contract over a stand-in."""

import pytest

from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.ownership import Naming, Registry
from kubefed_dns.decide.plan import plan
from kubefed_dns.decide.reduction import Skills, fitted
from kubefed_dns.decide.terms import Terms
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.records import Create, Group, rrset

ZONE = "example.org."


class CloudContract(ProviderContract):
    """Derive from it where fixture `cloud` is the stand-in, and `provider_of` makes a provider."""

    @pytest.fixture(scope="class")
    def provider(self, cloud, provider_of):
        cloud.clear()
        cloud.add_zone(ZONE)
        provider = provider_of()
        yield provider
        provider.close()

    @pytest.fixture
    def zone(self):
        return ZONE


def at(name):
    return f"{name}.{ZONE}" if name else ZONE


def address(name, value="192.0.2.1", **options):
    return rrset(at(name), "A", 300, [value], **options)


def group(*changes):
    return Group("", changes)


def created(*sets):
    """Each in a group of its own."""
    return [group(Create(each)) for each in sets]


def writes(cloud):
    """The changes that were asked for."""
    return [line for line in cloud.requests if line.startswith("POST")]


TERMS = Terms(ZONE, Registry("hub", Naming(prefix="own-%{record_type}.")))


def cycle(provider, *names):
    """One look at the zone: read it, plan each name that is wanted or held, write what differs.

    Of each name, its wanted sets. Returns how many names were written; all have to be taken.
    """
    claims = provider.capabilities
    skills = Skills(claims.routing, claims.aliases, provider.spelled)
    wanted = {
        sets[0].name: [Want(each, "crd/ns/n") for each in fitted(sets, skills)[0]] for sets in names
    }
    held = {}
    for found in provider.read(ZONE):
        held.setdefault(found.name, []).append(found)
    planned = [plan(name, wanted=wanted, held=held, terms=TERMS) for name in wanted.keys() | held]
    groups = [each.group for each in planned if each.group]
    assert not provider.write(ZONE, groups)
    return len(groups)
