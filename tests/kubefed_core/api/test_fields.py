from enum import StrEnum

import pytest

from kubefed_core.api.fields import Fields
from kubefed_core.errors import Terminal


class Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Wrong(Terminal):
    pass


@pytest.mark.parametrize(
    ("reason", "read", "obj", "want"),
    [
        ("A string.", lambda f: f.text("a"), {"a": "x"}, "x"),
        ("A missing string is the default.", lambda f: f.text("a", default="d"), {}, "d"),
        ("Null is missing.", lambda f: f.text("a", default="d"), {"a": None}, "d"),
        ("A word.", lambda f: f.choice("a", "x", "y"), {"a": "y"}, "y"),
        ("A missing word is the default.", lambda f: f.choice("a", "x", default="x"), {}, "x"),
        ("A word of an enumeration.", lambda f: f.one_of("a", Colour), {"a": "Red"}, Colour.RED),
        (
            "A missing word of an enumeration.",
            lambda f: f.one_of("a", Colour, default=Colour.BLUE),
            {},
            Colour.BLUE,
        ),
        ("Strings keep their order.", lambda f: f.texts("a"), {"a": ["y", "x"]}, ("y", "x")),
        ("No list is an empty one.", lambda f: f.texts("a"), {}, ()),
        (
            "A map, by key.",
            lambda f: f.pairs("a"),
            {"a": {"y": "1", "x": "2"}},
            (("x", "2"), ("y", "1")),
        ),
        ("A switch.", lambda f: f.flag("a"), {"a": True}, True),
        ("A missing switch.", lambda f: f.flag("a", default=True), {}, True),
        ("A whole number.", lambda f: f.whole("a", default=1), {"a": 0}, 0),
        ("A missing whole number.", lambda f: f.whole("a", default=7), {}, 7),
        ("A count.", lambda f: f.count("a", default=1), {"a": 2}, 2),
        ("A number.", lambda f: f.number("a", default=1), {"a": 0.5}, 0.5),
        ("A missing number.", lambda f: f.number("a", default=1.5), {}, 1.5),
        ("A duration.", lambda f: f.seconds("a", default=1), {"a": "2m"}, 120.0),
        ("A missing duration.", lambda f: f.seconds("a", default=1.0), {}, 1.0),
        ("An inner object.", lambda f: f.at("a").text("b"), {"a": {"b": "x"}}, "x"),
        ("A missing inner object.", lambda f: f.at("a").text("b"), {}, ""),
        (
            "The objects of a list.",
            lambda f: [i.path for i in f.each("a")],
            {"a": [{}]},
            ["s.a[0]"],
        ),
        ("It is there.", lambda f: "a" in f, {"a": 0}, True),
        ("Null is not there.", lambda f: "a" in f, {"a": None}, False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_fields_are_read(reason, read, obj, want):
    assert read(Fields(obj, "s")) == want, reason


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda f: f.text("a"), 1, "s.a: Invalid value: 1: must be a string"),
        (lambda f: f.text("a", required=True), None, "s.a: Required value"),
        (lambda f: f.text("a", required=True), "", "s.a: Required value"),
        (lambda f: f.choice("a", "x"), None, "s.a: Required value"),
        (
            lambda f: f.choice("a", "x", "y"),
            "z",
            's.a: Unsupported value: "z": supported values: "x", "y"',
        ),
        (
            lambda f: f.one_of("a", Colour),
            "Green",
            's.a: Unsupported value: "Green": supported values: "Red", "Blue"',
        ),
        (lambda f: f.texts("a"), "x", 's.a: Invalid value: "x": must be a list'),
        (lambda f: f.texts("a"), {}, "s.a: Invalid value: {}: must be a list"),
        (lambda f: f.texts("a"), ["x", 1], "s.a[1]: Invalid value: 1: must be a string"),
        (lambda f: f.pairs("a"), {"x": 1}, "s.a.x: Invalid value: 1: must be a string"),
        (lambda f: list(f.each("a")), [1], "s.a[0]: Invalid value: 1: must be an object"),
        (lambda f: f.at("a"), [], "s.a: Invalid value: []: must be an object"),
        (lambda f: f.flag("a"), "yes", 's.a: Invalid value: "yes": must be true or false'),
        (
            lambda f: f.whole("a", default=0),
            True,
            "s.a: Invalid value: true: must be a whole number",
        ),
        (lambda f: f.whole("a", default=0), 1.5, "s.a: Invalid value: 1.5: must be a whole number"),
        (
            lambda f: f.whole("a", default=0, most=9),
            10,
            "s.a: Invalid value: 10: must be between 0 and 9, inclusive",
        ),
        (lambda f: f.count("a", default=1), 0, "s.a: Invalid value: 0: should be greater than 0"),
        (lambda f: f.number("a", default=1), "1", 's.a: Invalid value: "1": must be a number'),
        (lambda f: f.number("a", default=1), 0, "s.a: Invalid value: 0: should be greater than 0"),
        (
            lambda f: f.seconds("a", default=1),
            "soon",
            's.a: Invalid value: "soon": must be a duration such as 10s or 1m30s',
        ),
        (
            lambda f: f.seconds("a", default=1),
            "0s",
            's.a: Invalid value: "0s": should be greater than 0',
        ),
    ],
)
def test_a_complaint_names_the_field_and_its_value(read, value, message):
    with pytest.raises(Wrong) as caught:
        read(Fields({"a": value}, "s", error=Wrong))
    assert str(caught.value) == message


def test_the_outermost_object_needs_no_path():
    assert Fields({}).where("domain") == "domain"
    with pytest.raises(Terminal, match="object: Invalid value: 1: must be an object"):
        Fields(1)


def test_a_long_value_is_shortened_in_a_complaint():
    with pytest.raises(Terminal) as caught:
        Fields({"a": ["x" * 500]}, "s").text("a")
    assert len(str(caught.value)) < 200


def test_a_missing_field_can_say_what_is_missing():
    assert str(Fields({}, "s").missing("a", "give it")) == "s.a: Required value: give it"
