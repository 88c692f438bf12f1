"""Configurations of admission webhooks: where each leads."""

from collections.abc import Mapping
from typing import Any

from kubefed_core.api.loose import text
from kubefed_core.objects import dig
from kubefed_core.resources import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, Resource

NAMES: Mapping[Resource, str] = {
    VALIDATING_WEBHOOKS: "validations.core.kubefed.io",
    MUTATING_WEBHOOKS: "mutation.core.kubefed.io",
}
"""What ours are called; in scope Namespaced with a hyphen and the namespace behind."""


def names(resource: Resource, namespace: str) -> tuple[str, ...]:
    """What ours of a resource may be called."""
    return NAMES[resource], f"{NAMES[resource]}-{namespace}"


def path(webhook: Mapping[str, Any]) -> str:
    """What is asked for, without what stands before it."""
    config = webhook.get("clientConfig") or {}
    return (text(dig(config, "service", "path")) or text(config.get("url"))).rpartition("/")[2]
