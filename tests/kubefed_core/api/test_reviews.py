import pytest

from kubefed_core.api.review import Kind, Review, Undecodable, User, parse

RESOURCE = {"group": "a.b", "version": "v1", "resource": "things"}


def asked(**request):
    return parse({"request": {"uid": "u", "operation": "UPDATE", "resource": RESOURCE, **request}})


def test_a_request_is_read():
    info = {"username": "jane", "uid": "1", "groups": ["g"], "extra": {"scopes": ["s"]}}
    found = asked(
        object={"spec": {}}, oldObject={"spec": None}, subResource="status", userInfo=info
    )
    assert found == Review(
        "u",
        "UPDATE",
        Kind("a.b", "v1", "things"),
        {"spec": {}},
        {"spec": None},
        "status",
        User("jane", "1", ("g",), {"scopes": ["s"]}),
    )


def test_what_is_missing_is_empty():
    assert parse({"request": {}}) == Review("", "", Kind("", "", ""), {})
    assert asked(operation="DELETE", oldObject={}).obj == {}


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("It is a review.", []),
        ("A review has a request.", {}),
        ("An update has an object.", {"request": {"operation": "UPDATE"}}),
        ("An object is one.", {"request": {"operation": "CREATE", "object": "x"}}),
        ("A spec is one.", {"request": {"operation": "CREATE", "object": {"spec": 5}}}),
        ("So is what was.", {"request": {"object": {}, "oldObject": {"metadata": []}}}),
    ],
)
def test_what_cannot_be_decoded_is_refused(reason, data):
    with pytest.raises(Undecodable):
        parse(data)


@pytest.mark.parametrize(
    ("reason", "request_", "settled"),
    [
        ("A new spec is looked at.", {"object": {"spec": {"a": 1}}}, False),
        (
            "Another one too.",
            {"object": {"spec": {"a": 1}}, "oldObject": {"spec": {"a": 2}}},
            False,
        ),
        ("The same is not.", {"object": {"spec": {"a": 1}}, "oldObject": {"spec": {"a": 1}}}, True),
        (
            "What is being deleted must be able to go.",
            {
                "object": {"spec": {"a": 1}},
                "oldObject": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
            },
            True,
        ),
    ],
)
def test_what_is_said_already_needs_no_saying(reason, request_, settled):
    assert asked(**request_).settled is settled, reason
