"""What is written of the host's own objects."""

from datetime import UTC, datetime

import pytest
from world import World

from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host

pytestmark = pytest.mark.looptime
EU = Key("sys", "eu")


@pytest.fixture
async def host():
    world = World("host")
    world["host"].put(
        CLUSTERS, {"metadata": {"namespace": "sys", "name": "eu"}, "spec": {"apiEndpoint": "x"}}
    )
    fleet = Fleet(connect=world.connect)
    await fleet.engage(HOST, Access("https://host"), [Interest(CLUSTERS)])
    yield Host(fleet=fleet, recorder=None, namespace="sys", now=lambda: datetime.now(UTC))
    await fleet.close()


async def test_a_status_is_written_without_the_rest_of_the_object(host):
    sent = []
    obj = await host.client.get(CLUSTERS, EU)
    replace = host.client.replace

    async def remember(resource, body, **options):
        sent.append(body)
        return await replace(resource, body, **options)

    host.client.replace = remember
    made = await host.set_status(CLUSTERS, obj, {"region": "r"})
    assert (made["spec"], made["status"]) == (obj["spec"], {"region": "r"})
    (body,) = sent
    assert "spec" not in body
    assert body["metadata"].keys() == {"namespace", "name", "uid", "resourceVersion"}
    assert await host.set_status(CLUSTERS, made, {"region": "r"}) is made
    assert len(sent) == 1, "what is so already is not written"
