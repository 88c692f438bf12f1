"""The host cluster, as every command of this group reaches it."""

from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings
from kubefed_core.runtime import contexts


def host(settings: Settings) -> Api:
    """By the context that the flags name; a context manager."""
    book = contexts.load(settings.kubeconfig)
    return Api(book.context(settings.host_context, flag="--host-cluster-context"), label="host")
