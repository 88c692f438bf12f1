"""What propagation tells Prometheus, under KubeFed's names."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from propagation_story import CONFIG_MAPS, FEDERATED, WEB, Story

from kubefed_core.runtime.metrics import Metrics

pytestmark = pytest.mark.looptime


async def test_operations_are_measured_where_they_succeed():
    registry = CollectorRegistry()
    story = Story("eu", "us")
    story.meter = Metrics(registry)
    story.world["us"].faults["create", CONFIG_MAPS] = ConnectionResetError("cut")

    def count(name, **labels):
        return registry.get_sample_value(f"{name}_count", labels) or 0

    def dispatched(action):
        return count("dispatch_operation_duration_seconds", action=action)

    async with story.hub():
        await asyncio.sleep(1)
        before = dispatched("create")
        story.federate({"data": {"k": "1"}})
        await asyncio.sleep(0.5)
        assert dispatched("create") == before + 1, "one succeeded, one failed"
        story.world["us"].faults.clear()
        await asyncio.sleep(5)
        assert dispatched("create") == before + 2
        story.federate({"data": {"k": "2"}})
        await asyncio.sleep(1)
        assert dispatched("update") == 2
        story.delete()
        await asyncio.sleep(1)
        assert dispatched("delete") == 2
    assert story.host.get(FEDERATED, WEB) is None
    assert count("reconcile_federated_resources_duration_seconds") > 4
    assert count("cluster_client_connection_duration_seconds") >= 2
