"""What the controllers follow: on the host, and in every member."""

from kubefed_core.api.config import Config
from kubefed_core.resources import (
    CLUSTERS,
    CONFIGS,
    ENDPOINT_SLICES,
    INGRESSES,
    NAMESPACES,
    NODES,
    SECRETS,
    SERVICES,
)
from kubefed_core.runtime.fleet import Interest
from kubefed_dns.decide.sights import service_of
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

MANAGED = "kubefed.io/managed=true"


def of_host(config: Config, namespace: str) -> tuple[Interest, ...]:
    """Our own kinds and what they name; all namespaces only where the scope is Cluster."""
    where = "" if config.scope == "Cluster" else namespace
    return (
        *(
            Interest(resource, namespace)
            for resource in (CONFIGS, CLUSTERS, SECRETS, DOMAINS, PROVIDERS)
        ),
        *(Interest(resource, where) for resource in (SERVICE_RECORDS, INGRESS_RECORDS, ENDPOINTS)),
        Interest(NAMESPACES, fields="" if not where else f"metadata.name={where}"),
    )


def of_member(config: Config, namespace: str) -> tuple[Interest, ...]:
    """Without KubeFed's label unless the settings ask for it: DNS works without propagation."""
    where = "" if config.scope == "Cluster" else namespace
    only = MANAGED if config.dns.only_managed else ""
    return (
        Interest(SERVICES, where, labels=only),
        Interest(ENDPOINT_SLICES, where, labels=only, index=service_of),
        Interest(INGRESSES, where, labels=only),
        Interest(NODES),
    )
