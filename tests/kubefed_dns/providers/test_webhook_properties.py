"""Properties and set identifiers, through the webhook protocol and back."""

from dataclasses import replace

import pytest

from kubefed_dns.records import Create, Group, Update, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])
WEIGHTS = tuple(
    rrset(A.name, "A", 300, [f"192.0.2.{number}"], set_identifier=word,
          properties={"aws/weight": str(number), "webhook/x": "y"})
    for number, word in enumerate(("eu", "us"), 1)
)  # fmt: skip
BOTH = Group(A.name, tuple(map(Create, WEIGHTS)))
SAID = {"name": "aws/weight", "value": "1"}, {"name": "webhook/x", "value": "y"}


@pytest.fixture
def provider(webhook, at):
    return at(webhook.url)


def without(endpoint, *names):
    left = [each for each in endpoint.get("providerSpecific", ()) if each["name"] not in names]
    return {**endpoint, "providerSpecific": left}


def test_properties_and_set_identifiers_go_through_both_ways(webhook, provider):
    assert not provider.write(ZONE, [BOTH])
    said = webhook.held["www.example.org", "A", "eu"]
    assert (said["setIdentifier"], tuple(said["providerSpecific"])) == ("eu", SAID)
    assert set(provider.read(ZONE)) == {*WEIGHTS}
    assert not provider.write(ZONE, [Group(A.name, (Update(WEIGHTS[0], bare(WEIGHTS[0])),))])
    assert "providerSpecific" not in webhook.held["www.example.org", "A", "eu"]


def bare(made):
    return replace(made, properties=())


@pytest.mark.parametrize(
    ("reason", "adjust", "show"),
    [
        ("Dropped when asked.", lambda each: without(each, "webhook/x"), None),
        ("Dropped silently.", None, lambda each: without(each, "webhook/x")),
        ("All of them.", None, lambda each: without(each, "aws/weight", "webhook/x")),
        ("And the TTL, too.", None, lambda each: {**without(each, "webhook/x"), "recordTTL": 0}),
        (
            "Written otherwise.",
            None,
            lambda each: (
                without(each, "aws/weight")
                | {"providerSpecific": [{"name": "aws/weight", "value": "007"}]}
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("first", [WEIGHTS, tuple(map(bare, WEIGHTS))])
def test_properties_that_do_not_stay_are_read_as_they_were_wanted(
    webhook, provider, first, reason, adjust, show
):
    assert not provider.write(ZONE, [Group(A.name, tuple(map(Create, first)))])
    webhook.adjust, webhook.show = adjust or webhook.adjust, show or webhook.show
    held = {each.key: each for each in provider.read(ZONE)}
    changed = [Update(held[each.key], each) for each in WEIGHTS if held[each.key] != each]
    provider.write(ZONE, [Group(A.name, tuple(changed))])
    for _ in range(3):
        assert set(provider.read(ZONE)) == {*WEIGHTS}, reason


def test_others_changes_of_properties_are_seen(webhook, provider):
    assert not provider.write(ZONE, [BOTH])
    assert set(provider.read(ZONE)) == {*WEIGHTS}
    webhook.show = lambda each: without(each, "aws/weight")
    assert not set(provider.read(ZONE)) & {*WEIGHTS}


@pytest.mark.parametrize(
    ("reason", "said", "identifier", "want"),
    [
        ("Those of others go through.", {"aws/weight": "7"}, "eu", {"aws/weight": "7"}),
        ("A plain set can have some.", {"x/proxied": "true"}, "", {"x/proxied": "true"}),
        ("Our words mean nothing there.", {"weight": "7", "alias": "true"}, "eu", {}),
        ("What nothing chooses cannot be one of many.", {}, "eu", None),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_spelled(provider, reason, said, identifier, want):
    made = rrset(A.name, "A", 300, A.values, set_identifier=identifier, properties=said)
    (found,) = provider.spelled([made])
    if want is None:
        assert "no property says" in found, reason
    else:
        assert found == replace(made, properties=tuple(want.items())), reason
