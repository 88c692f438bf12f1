"""What the controllers follow: on the host, and in every member."""

from kubefed_core.api.config import Config
from kubefed_core.controllers import types
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
from kubefed_core.runtime.interests import Interests
from kubefed_dns.decide.sights import service_of
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

MANAGED = "kubefed.io/managed=true"


def on_host(config: Config, namespace: str) -> Interests:
    """What is followed there from the start; types that are propagated add their own."""
    propagation = types.base_interests(config, namespace) if config.pushes else ()
    return Interests([*of_host(config, namespace), *propagation])


def in_members(config: Config, namespace: str) -> Interests:
    """The same of the members."""
    return Interests(of_member(config, namespace))


def of_host(config: Config, namespace: str) -> tuple[Interest, ...]:
    """The kinds of DNS and what they name; all namespaces only where the scope is Cluster."""
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
