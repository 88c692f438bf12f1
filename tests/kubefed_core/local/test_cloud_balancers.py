"""What a load balancer asks for, and what is written into its status."""

import pytest

from kubefed_core.errors import Terminal
from kubefed_core.local.cloud import ADDRESS, balancers
from kubefed_core.local.cloud.balancers import Wish

V4, V6, NAMED = Wish("ipv4"), Wish("ipv6"), Wish("hostname")


def service(*families, address=None, kind="LoadBalancer"):
    notes = {} if address is None else {ADDRESS: address}
    return {
        "kind": "Service",
        "metadata": {"namespace": "shop", "name": "web", "annotations": notes},
        "spec": {"type": kind, **({"ipFamilies": list(families)} if families else {})},
    }


INGRESS = {"kind": "Ingress", "metadata": {"namespace": "shop", "name": "web"}, "spec": {}}


@pytest.mark.parametrize(
    ("reason", "obj", "want"),
    [
        ("IPv4 is the default.", service(), (V4,)),
        ("An Ingress has no families.", INGRESS, (V4,)),
        ("The families of a Service count, in their order.", service("IPv6", "IPv4"), (V6, V4)),
        ("Other types have no load balancer.", service("IPv4", kind="NodePort"), ()),
        ("Nor have they with an annotation.", service(address="ipv4", kind="ClusterIP"), ()),
        ("The annotation outdoes the families.", service("IPv4", address="ipv6"), (V6,)),
        ("An empty one is none.", service(address=" "), (V4,)),
        ("Dual is both.", service(address="dual"), (V4, V6)),
        ("A host name is made up.", service(address="hostname"), (NAMED,)),
        ("None is nothing.", service(address="none"), ()),
        ("A literal stays.", service(address="192.0.2.9"), (Wish("", "192.0.2.9"),)),
        ("IPv6 is written shortly.", service(address="2001:DB8:0::1"), (Wish("", "2001:db8::1"),)),
        (
            "So does a host name.",
            service(address="lb.Example.org"),
            (Wish("hostname", "lb.example.org"),),
        ),
        ("Several go by commas.", service(address="ipv4, a.b"), (V4, Wish("hostname", "a.b"))),
        ("Twice the same is once.", service(address="dual,ipv4"), (V4, V6)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wishes(reason, obj, want):
    assert balancers.wishes(obj) == want, reason


@pytest.mark.parametrize("address", ["ipv5", "256.1.1.1,", "-a.example.org", "a..b", "x y.z"])
def test_what_cannot_be_read_is_named(address):
    with pytest.raises(Terminal, match=ADDRESS):
        balancers.wishes(service(address=address))


def test_a_made_up_host_name_says_what_it_is_of():
    assert balancers.hostname(service(), "eu") == "web.shop.service.eu.cloud.test"


def test_the_status_is_read_as_it_is_written():
    points = [{"ip": "192.0.2.1"}, {"hostname": "a.b"}]
    written = {"status": {"loadBalancer": {"ingress": [{**p, "ipMode": "VIP"} for p in points]}}}
    assert balancers.present(written) == points
    assert balancers.present(service()) == []
    assert balancers.status(points) == {"status": {"loadBalancer": {"ingress": points}}}


def test_no_address_removes_the_list():
    assert balancers.status([]) == {"status": {"loadBalancer": {"ingress": None}}}
