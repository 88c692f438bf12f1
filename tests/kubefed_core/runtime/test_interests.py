from kubefed_core.resources import NODES, PODS, SERVICES
from kubefed_core.runtime.fleet import Interest
from kubefed_core.runtime.interests import Interests

LABEL = "kubefed.io/managed=true"


def test_each_resource_is_followed_once_and_as_wide_as_anyone_wants():
    def index(obj):
        return None

    interests = Interests([Interest(SERVICES, "shop"), Interest(NODES)])
    interests.want(
        "type", [Interest(SERVICES, labels=LABEL, index=index), Interest(PODS, labels=LABEL)]
    )
    assert interests.all() == (
        Interest(SERVICES, index=index),
        Interest(NODES),
        Interest(PODS, labels=LABEL),
    )


def test_only_a_change_is_told():
    told = []
    interests = Interests([Interest(SERVICES)])
    interests.subscribe(lambda: told.append(interests.all()))
    assert not interests.want("type", [Interest(SERVICES, labels=LABEL)])
    assert interests.want("type", [Interest(PODS)])
    assert interests.want("type")
    assert not interests.want("never there")
    assert told == [(Interest(SERVICES), Interest(PODS)), (Interest(SERVICES),)]


def test_an_interest_selects_by_all_its_labels():
    interest = Interest(PODS, labels="a=1,b=2")
    assert interest.selects({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}})
    assert not interest.selects({"metadata": {"labels": {"a": "1"}}})
    assert Interest(PODS).selects({"metadata": {}})
