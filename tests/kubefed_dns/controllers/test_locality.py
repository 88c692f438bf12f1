"""Where local targets may be probed, and who is told when that changes."""

import pytest
from hub_story import SYSTEM, WEB, Story, settle

from kubefed_core.objects import Key
from kubefed_core.resources import NAMESPACES
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.controllers.locality import Localities
from kubefed_dns.resources import DOMAINS, PROVIDERS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime

KEY = RecordKey(SERVICE_RECORDS, WEB)
NAME = "web.example.com"
LAB = {"matchLabels": {"team": "lab"}}
LOCAL = {"allowLocalTargets": True}


def provider(story, name, *zones, **spec):
    meta = {"namespace": SYSTEM, "name": name}
    status = {"zones": [{"name": zone} for zone in zones]}
    story.put(PROVIDERS, {"metadata": meta, "spec": {"type": "rfc2136"} | spec, "status": status})


def domain(story, name, text, **fields):
    meta = {"namespace": SYSTEM, "name": name}
    story.put(DOMAINS, {"metadata": meta, "domain": text} | fields)


def only_for_the_lab(story):
    domain(story, "acme", "example.com", allowedNamespaces=LAB)


def unreadable(story):
    domain(story, "acme", "example.com", allowedNamespaces={"matchLabels": {"team": 1}})


def of_another(story):
    domain(story, "acme", "example.com", providers=["strict"])
    provider(story, "strict", "example.com")


def of_several(story):
    domain(story, "acme", "example.com", providers=["strict", "near"])
    provider(story, "strict", "example.com")


def outside_of_domains(story):
    domain(story, "acme", "example.org")


def for_the_lab_outside_of_domains(story):
    outside_of_domains(story)
    provider(story, "near", "example.com", allowedNamespaces=LAB, **LOCAL)


@pytest.mark.parametrize(
    ("reason", "change", "want"),
    [
        ("The provider of the name lets them in.", lambda story: None, True),
        ("But the Domain not the namespace.", only_for_the_lab, False),
        ("Nor one that cannot be read.", unreadable, False),
        ("The name goes to another one.", of_another, False),
        ("The name goes to several.", of_several, True),
        ("Without a Domain it is up to the provider.", outside_of_domains, True),
        ("Which lets the namespace in or not.", for_the_lab_outside_of_domains, False),
        ("It does not say so.", lambda story: provider(story, "near", "example.com"), False),
        (
            "It cannot be read.",
            lambda story: provider(story, "near", "example.com", policy="?", **LOCAL),
            False,
        ),
        ("It serves other zones.", lambda story: provider(story, "near", "a.test", **LOCAL), False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_who_may_and_who_is_told(reason, change, want):
    story, told = Story(), []
    provider(story, "near", "example.com", **LOCAL)
    async with story.hub():
        await settle()
        found = Localities(story.on, again=told.append)
        assert found.allowed(KEY, [NAME])
        assert not found.allowed(KEY, [])
        assert found.allowed(KEY, ["other.test", NAME])
        change(story)
        await settle()
        assert set(told) == (set() if want else {KEY}), reason
        assert found.allowed(KEY, [NAME]) is want
        found.forget(KEY)
        told.clear()
        provider(story, "near", "example.com", **LOCAL)
        domain(story, "acme", "example.com")
        await settle()
        assert told == []


async def test_a_namespace_that_gets_its_label_is_told_of():
    story, told = Story(), []
    provider(story, "near", "example.com", **LOCAL)
    only_for_the_lab(story)
    async with story.hub():
        await settle()
        found = Localities(story.on, again=told.append)
        assert not found.allowed(KEY, [NAME])
        shop = story.host.get(NAMESPACES, Key("", "shop"))
        story.put(NAMESPACES, {"metadata": {"name": "else", "labels": {"team": "lab"}}})
        story.put(NAMESPACES, {"metadata": {**shop["metadata"], "labels": {"team": "lab"}}})
        await settle()
        assert told == [KEY]
