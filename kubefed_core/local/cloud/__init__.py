"""The cloud provider and the kubelets of a local cluster, steered by annotations."""

from kubefed_core.local.cloud.balancers import ADDRESS
from kubefed_core.local.cloud.pods import READY

__all__ = ["ADDRESS", "READY"]
