"""The cloud provider and the kubelets of a local cluster."""
