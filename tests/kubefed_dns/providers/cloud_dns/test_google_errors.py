import pytest
from google.api_core import exceptions as api

from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import google_errors as errors

PLACES = {("additions", "0"): 3, ("deletions", "www.example.org. A"): 5}


@pytest.mark.parametrize(
    ("reason", "error", "lost"),
    [
        (
            "There is one already.",
            api.Conflict("The resource 'entity.change.additions[0]' named 'x' already exists"),
            {3: True},
        ),
        (
            "There is none.",
            api.NotFound(
                "The 'entity.change.deletions[www.example.org.][A]' resource does not exist."
            ),
            {5: True},
        ),
        (
            "It is wrong.",
            api.BadRequest("Invalid value for 'entity.change.additions[0].name': 'x'"),
            {3: False},
        ),
        (
            "It is none of ours.",
            api.BadRequest("Invalid value for 'entity.change.additions[7].name': 'x'"),
            {},
        ),
        ("Nothing is named.", api.Conflict("Something changed meanwhile"), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_without_details_is_understood_too(reason, error, lost):
    found = errors.blame(error, PLACES)
    assert {at: refused.lost for at, refused in found.items()} == lost, reason


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (api.Conflict("Something changed meanwhile"), True),
        (api.PreconditionFailed("Precondition not met"), True),
        (api.BadRequest("Something is wrong"), False),
    ],
)
def test_a_change_is_refused_where_nothing_is_named(error, lost):
    refused = errors.refusal(error)
    assert refused is not None
    assert (refused.lost, refused.whole) == (lost, None)


@pytest.mark.parametrize(
    "error", [api.NotFound("No such zone"), api.Forbidden("no"), api.Unauthorized("no")]
)
def test_what_is_not_about_the_change_does_not_refuse_it(error):
    assert errors.refusal(error) is None


def test_what_else_goes_wrong_is_handed_on():
    fault = errors.fault(ValueError("strange"))
    assert type(fault) is ProviderError
    assert "strange" in str(fault)
