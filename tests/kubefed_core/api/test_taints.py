import pytest

from kubefed_core.api.fields import Fields
from kubefed_core.api.taints import Taint, Toleration, parse_taints, parse_tolerations, untolerated
from kubefed_core.errors import Terminal

LOST = Taint("lost", "NoExecute")
GPU = Taint("gpu", "NoSchedule", "a100")


@pytest.mark.parametrize(
    ("reason", "toleration", "taint", "want"),
    [
        ("Key, value and effect are the same.", Toleration("gpu", "Equal", "a100"), GPU, True),
        ("Another value is another taint.", Toleration("gpu", "Equal", "v100"), GPU, False),
        ("Exists asks for no value.", Toleration("gpu", "Exists"), GPU, True),
        ("Another key is another taint.", Toleration("cpu", "Exists"), GPU, False),
        ("No key and Exists tolerate everything.", Toleration("", "Exists"), GPU, True),
        ("An effect narrows it.", Toleration("gpu", "Exists", effect="NoExecute"), GPU, False),
    ],
)
def test_a_toleration_is_as_that_of_a_pod(reason, toleration, taint, want):
    assert toleration.tolerates(taint) is want, reason


@pytest.mark.parametrize(
    ("reason", "taints", "tolerations", "present", "want"),
    [
        ("No taint forbids nothing.", [], [], False, None),
        ("NoSchedule keeps a new object out.", [GPU], [], False, GPU),
        ("NoSchedule leaves what is there.", [GPU], [], True, None),
        ("NoExecute removes what is there.", [LOST], [], True, LOST),
        (
            "Each taint has to be tolerated.",
            [GPU, LOST],
            [Toleration("gpu", "Exists")],
            False,
            LOST,
        ),
    ],
)
def test_what_taints_forbid(reason, taints, tolerations, present, want):
    assert untolerated(taints, tolerations, present=present) == want, reason


def test_taints_are_read_as_far_as_they_can_be():
    items = [
        {"key": "gpu", "value": "a100", "effect": "NoSchedule"},
        {"key": "bad", "effect": "PreferNoSchedule"},
        {"effect": "NoExecute"},
        "none",
    ]
    assert parse_taints({"spec": {"taints": items}}) == (GPU,)
    assert str(GPU) == "gpu=a100:NoSchedule"
    assert str(LOST) == "lost:NoExecute"


def test_tolerations_are_parsed():
    item = {"key": "gpu", "value": "a100", "effect": "NoSchedule"}
    found = parse_tolerations(Fields({"tolerations": [item, {"operator": "Exists"}]}))
    assert found == (Toleration("gpu", "Equal", "a100", "NoSchedule"), Toleration("", "Exists"))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"operator": "Equal"}, "must be Exists when `key` is empty"),
        ({"key": "a", "operator": "Exists", "value": "x"}, "must be empty when"),
        ({"key": "a", "operator": "In"}, "tolerations[0].operator: Unsupported value"),
        ({"key": "a", "effect": "Soon"}, "tolerations[0].effect: Unsupported value"),
    ],
)
def test_a_toleration_that_cannot_be_meant_so_is_refused(item, message):
    with pytest.raises(Terminal) as caught:
        parse_tolerations(Fields({"tolerations": [item]}))
    assert message in str(caught.value)
