import pytest

from kubefed_dns.errors import Denied, ProviderError, ZoneGone
from kubefed_dns.providers.directory import Directory, Hosted

PUBLIC = Hosted("example.org.", "1", "public")
PRIVATE = Hosted("example.org.", "2", "private")
OTHER = Hosted("example.com.", "3", "public")
BELOW = Hosted("sub.example.org.", "4", "public")


def directory_of(*listed, zones=(), ids=(), known=None):
    known = {each.id: each for each in listed} if known is None else known

    def fetch(key):
        if key not in known:
            raise ZoneGone(f"there is no {key}")
        return known[key]

    return Directory(zones=zones, ids=ids, fetch=fetch, listing=lambda: listed, remedy="choose")


@pytest.mark.parametrize(
    ("reason", "zones", "ids", "served"),
    [
        ("All that have a name of their own.", [], [], [OTHER, BELOW]),
        ("Those named, and what is below.", ["example.org."], [], [BELOW]),
        ("An id settles a name, and leaves out the rest.", [], ["2"], [PRIVATE]),
        ("A name that no id stands for is looked for.", ["example.org.", "example.com."], ["1"],
         [PUBLIC, OTHER, BELOW]),
        ("An id of a zone that is not named is no use.", ["example.com."], ["1"], [OTHER]),
        ("Of several ids those count that are there.", [], ["2", "9"], [PRIVATE]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_names_and_ids_choose(reason, zones, ids, served):
    directory = directory_of(PUBLIC, PRIVATE, OTHER, BELOW, zones=zones, ids=ids)
    assert set(directory.refresh()) == {each.name for each in served}, reason
    assert [directory.find(each.name) for each in served] == served


def test_an_ambiguous_name_is_an_error_that_tells_the_ids():
    directory = directory_of(PUBLIC, PRIVATE, OTHER)
    with pytest.raises(ProviderError, match=r"1 \(public\), 2 \(private\); .* or choose"):
        directory.find("example.org.")
    assert directory.find("example.com.") == OTHER


def test_where_nothing_is_left_the_reason_is_raised():
    with pytest.raises(ProviderError, match="several zones"):
        directory_of(PUBLIC, PRIVATE).refresh()
    with pytest.raises(ZoneGone, match="there is no 9"):
        directory_of(PUBLIC, ids=["9"]).refresh()
    assert directory_of().refresh() == ()


def test_a_name_that_is_not_there_is_gone():
    with pytest.raises(ZoneGone, match=r"spec\.zones"):
        directory_of(PUBLIC).find("example.com.")
    with pytest.raises(ZoneGone, match=r"spec\.zones"):
        directory_of(PUBLIC, ids=["9"]).find("example.org.")


def test_a_zone_that_was_forgotten_is_looked_for_again():
    listed = [PUBLIC]
    directory = Directory(
        zones=(), ids=(), fetch=lambda _: PUBLIC, listing=lambda: listed, remedy=""
    )
    assert directory.find("example.org.") == PUBLIC
    listed[:] = [PRIVATE]
    assert directory.find("example.org.") == PUBLIC
    directory.forget("example.org.")
    assert directory.find("example.org.") == PRIVATE


def test_a_denial_is_not_taken_for_a_zone_that_is_gone():
    def listing():
        raise Denied("no")

    directory = Directory(zones=(), ids=(), fetch=lambda _: PUBLIC, listing=listing, remedy="")
    with pytest.raises(Denied):
        directory.find("example.org.")
