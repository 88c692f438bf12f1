import pytest

from kubefed_dns.api.providers import Safety
from kubefed_dns.decide import brake
from kubefed_dns.decide.brake import Window

USUAL = Safety()


def names(count, start=0):
    return {f"{n}.example.org." for n in range(start, start + count)}


@pytest.mark.parametrize(
    ("reason", "vanishing", "before", "owned", "safety", "holds"),
    [
        ("Nothing vanishes.", 0, 0, 100, USUAL, False),
        ("Thirty of a hundred may.", 30, 0, 100, USUAL, False),
        ("One more may not.", 31, 0, 100, USUAL, True),
        ("Ten may in any case.", 10, 0, 10, USUAL, False),
        ("Eleven of eleven may not.", 11, 0, 11, USUAL, True),
        ("What vanished before counts too.", 11, 20, 80, USUAL, True),
        ("And against the number at the start.", 10, 20, 80, USUAL, False),
        ("Everything may.", 100, 0, 100, Safety(max_delete_percent=100), False),
        ("Nothing may.", 1, 0, 100, Safety(max_delete_percent=0, min_names=0), True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_held(reason, vanishing, before, owned, safety, holds):
    window = Window().after(vanished=names(before, start=1000), now=0)
    found = brake.held(names(vanishing), window=window, owned=owned, safety=safety, now=1)
    assert found == (names(vanishing) if holds else set()), reason


def test_the_window_slides():
    window = Window().after(vanished=names(30), now=0)
    more = names(10, start=50)
    assert brake.held(more, window=window, owned=70, safety=USUAL, now=599) == more
    assert brake.held(more, window=window, owned=70, safety=USUAL, now=600) == set()


def test_names_that_are_back_have_not_vanished():
    window = Window().after(vanished=names(30), now=0).after(came=names(30), now=1)
    more = names(30, start=50)
    assert brake.held(more, window=window, owned=100, safety=USUAL, now=2) == set()


def test_a_name_that_came_and_went_counts_once():
    window = Window().after(came=names(5), now=0).after(vanished=names(5), now=1)
    assert window == Window(dict.fromkeys(names(5), 1))


@pytest.mark.parametrize(
    ("reason", "annotation", "want"),
    [
        ("As it is written.", "example.org={digest}", True),
        ("With the dot.", "example.org.={digest}", True),
        ("In any case.", " Example.ORG = {digest} ", True),
        ("Among others.", "example.com=abc, example.org={digest}", True),
        ("Another zone.", "example.com={digest}", False),
        ("Other names.", "example.org=0123456789ab", False),
        ("Nothing.", "", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_approval(reason, annotation, want):
    text = annotation.format(digest=brake.digest(names(3)))
    assert brake.approved(text, "example.org.", names(3)) is want, reason


def test_an_approval_is_for_this_very_set():
    assert brake.digest(names(3)) == brake.digest(sorted(names(3), reverse=True))
    assert brake.digest(names(3)) != brake.digest(names(4))
