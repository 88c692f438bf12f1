"""How much is looked at because of one event."""

import pytest
from propagation_story import CONFIG_MAPS, FEDERATED, SPACES

from kubefed_core.api.config import Config
from kubefed_core.api.types import TypeConfig, federated_of
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import Doubts, FedKey
from kubefed_core.controllers.sync_pace import Pace
from kubefed_core.controllers.sync_triggers import Triggers
from kubefed_core.resources import (
    CLUSTERS,
    DEPLOYMENTS,
    NAMESPACES,
    PROPAGATED_VERSIONS,
    REPLICA_PREFERENCES,
    SECRETS,
)
from kubefed_core.runtime import backoff
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.queue import KeyQueue

OTHERS = federated_of(DEPLOYMENTS)
ONE = {"metadata": {"namespace": "shop", "name": "web"}}


class Host:
    """One object of each federated kind; what is listed is noted."""

    namespace = "kube-federation-system"

    def __init__(self):
        self.fleet = Fleet()

    def list(self, resource):
        return [ONE] if resource in (FEDERATED, OTHERS) else []

    def get(self, resource, key):
        return None


@pytest.mark.parametrize(
    ("reason", "resource", "looked_at"),
    [
        ("A federated kind concerns its own objects.", FEDERATED, {FEDERATED}),
        ("The clusters concern everything.", CLUSTERS, {FEDERATED, OTHERS}),
        ("What was propagated does so too.", PROPAGATED_VERSIONS, {FEDERATED, OTHERS}),
        ("So do the federated namespaces.", SPACES, {FEDERATED, OTHERS}),
        ("Secrets are the business of others.", SECRETS, set()),
        ("So are preferences.", REPLICA_PREFERENCES, set()),
    ],
)
async def test_a_listing_of_the_host_is_a_reason_to_look_at(reason, resource, looked_at):
    kinds = (CONFIG_MAPS, DEPLOYMENTS)
    types = {federated_of(t): TypeConfig(str(t), t, federated_of(t)) for t in kinds}
    spaces = TypeConfig("namespaces", NAMESPACES, SPACES)
    queue, retry = KeyQueue[FedKey](), backoff.exponential()
    host = Host()
    triggers = Triggers(
        host,
        types=types,
        namespaces=lambda: spaces,
        queue=queue,
        pace=Pace(retry=retry, contest=retry),
        doubts=Doubts(),
        echoes=Echoes(host.fleet),
        config=Config,
    )
    triggers._sight(HOST, resource)
    found = {(await queue.get()).resource for _ in range(len(queue))}
    assert found == looked_at, reason
