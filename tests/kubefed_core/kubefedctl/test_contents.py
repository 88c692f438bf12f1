"""What other clusters need not be given."""

import pytest

from kubefed_core.kubefedctl import contents
from kubefed_core.resources import (
    CONFIGS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)

MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SET = {"kind": "ReplicaSet", "name": "web-1", "controller": True}
SLICED = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}

ROWS = [
    ("A user's.", MAPS, {"name": "web"}, {}, ""),
    ("One of another.", PODS, {"ownerReferences": [SET]}, {}, "it is made by ReplicaSet web-1"),
    ("One that only goes with another.", MAPS, {"ownerReferences": [SET | {"controller": False}]},
     {}, ""),
    ("One that goes.", MAPS, {"deletionTimestamp": "x"}, {}, "it is being deleted"),
    ("A copy.", DEPLOYMENTS, {"labels": {"kubefed.io/managed": "true"}}, {}, "propagated already"),
    ("One that shall not be managed.", DEPLOYMENTS, {"labels": {"kubefed.io/managed": "false"}},
     {}, ""),
    ("The cluster's own CA.", MAPS, {"name": "kube-root-ca.crt"}, {}, "has its own"),
    ("The account of all.", SERVICE_ACCOUNTS, {"name": "default"}, {}, "has its own"),
    ("Another kind of that name.", DEPLOYMENTS, {"name": "default"}, {}, ""),
    ("A token.", SECRETS, {}, {"type": "kubernetes.io/service-account-token"}, "this cluster"),
    ("A release's record.", SECRETS, {}, {"type": "helm.sh/release.v1"}, "this cluster"),
    ("A password.", SECRETS, {}, {"type": "Opaque"}, ""),
    ("A slice of a service.", ENDPOINT_SLICES, {"labels": SLICED}, {}, "endpointslice-controller"),
    ("A user's slice.", ENDPOINT_SLICES, {}, {}, ""),
    ("Nonsense.", CONFIGS, {"ownerReferences": "x"}, {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "resource", "metadata", "content", "why"), ROWS, ids=[row[0] for row in ROWS]
)
def test_what_is_generated_is_said_to_be(reason, resource, metadata, content, why):
    obj = {"metadata": {"name": "x"} | metadata} | content
    found = contents.generated(obj, resource)
    assert why in found if why else found == "", reason
