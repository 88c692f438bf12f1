"""Sets with identifiers, and what tests do with them."""

from cloud import ZONE, at, group

from kubefed_dns.records import Create, rrset

NOTES = f"_kubefed-sets.www.{ZONE}"


def routed(identifier, value="192.0.2.1", kind="A", *, name="www", ttl=300, **said):
    return rrset(at(name), kind, ttl, [value], set_identifier=identifier, properties=said)


def together(*sets):
    return group(*map(Create, sets))


WEIGHTED = routed("eu", weight="80"), routed("us", "192.0.2.2", weight="20")
PLACED = routed("a b", region="europe-west1"), routed("ü", "192.0.2.2", region="us-east1")
OWNED = (
    routed("eu", '"heritage=external-dns"', "TXT", name="a-www"),
    routed("us", '"heritage=external-dns"', "TXT", name="a-www"),
)
