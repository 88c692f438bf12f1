import pytest

from kubefed_core.decide.drift import needs_update


def obj(version="7", generation=0, labels=None, **rest):
    meta = {"resourceVersion": version, "labels": labels or {"a": "b"}}
    return {"metadata": meta | ({"generation": generation} if generation else {}), **rest}


WANTED = {"kind": "X", "metadata": {"labels": {"a": "b"}}, "data": {"k": "v"}}


@pytest.mark.parametrize(
    ("reason", "desired", "member", "recorded", "want"),
    [
        (
            "What was never propagated of this wish is written.",
            WANTED,
            obj(data={"k": "v"}),
            "",
            True,
        ),
        ("At the recorded version nothing is compared.", WANTED, obj(data={}), "rv:7", False),
        ("At another it is: the same is left.", WANTED, obj("8", data={"k": "v"}), "rv:7", False),
        ("A changed value is put right.", WANTED, obj("8", data={"k": "w"}), "rv:7", True),
        (
            "Data beyond the wish is put right.",
            WANTED,
            obj("8", data={"k": "v", "x": "y"}),
            "rv:7",
            True,
        ),
        ("A lost field is put right.", WANTED, obj("8"), "rv:7", True),
        (
            "Labels of others stay.",
            WANTED,
            obj("8", labels={"a": "b", "theirs": "1"}, data={"k": "v"}),
            "rv:7",
            False,
        ),
        (
            "A lost label is put right at the same generation.",
            WANTED,
            obj(generation=3, labels={"c": "d"}),
            "gen:3",
            True,
        ),
        (
            "A spec at its generation is as it was written.",
            {"spec": {"cpu": 0.5}},
            obj(generation=3, spec={"cpu": "500m"}),
            "gen:3",
            False,
        ),
        (
            "What the API server fills in is not ours.",
            {"spec": {"ports": [{"port": 80}], "none": None, "empty": {}, "no": []}},
            obj(
                generation=4, spec={"ports": [{"port": 80, "protocol": "TCP"}], "type": "ClusterIP"}
            ),
            "gen:3",
            False,
        ),
        (
            "A list of another length is put right.",
            {"spec": {"l": [1]}},
            obj(generation=4, spec={"l": [1, 2]}),
            "gen:3",
            True,
        ),
        (
            "So is a value of another type.",
            {"spec": {"l": [1], "m": {"a": 1}}},
            obj(generation=4, spec={"l": 1, "m": 2}),
            "gen:3",
            True,
        ),
        (
            "And an object in the place of a value.",
            {"spec": {"m": {"a": 1}}},
            obj(generation=4, spec={"m": 2}),
            "gen:3",
            True,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_needs_update(reason, desired, member, recorded, want):
    assert needs_update(desired, member, recorded=recorded) is want, reason
