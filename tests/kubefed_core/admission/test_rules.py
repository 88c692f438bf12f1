"""The rules of the core kinds with what they ask for: type configs, fields, rights."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from world import World

from kubefed_core import errors
from kubefed_core.admission import rules
from kubefed_core.admission.rules import REVIEWS, Verdict
from kubefed_core.admission.schemas import AGE, RECENT
from kubefed_core.api.review import Kind, Review, User
from kubefed_core.api.types import TypeConfig, dump, federated_of
from kubefed_core.resources import (
    CLUSTERS,
    CONFIGS,
    DEPLOYMENTS,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    TYPE_CONFIGS,
)
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder

pytestmark = pytest.mark.looptime
NS = "kf"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
JANE = User("jane")
SCHEMAS = {
    "components": {
        "schemas": {
            "d": {
                "x-kubernetes-group-version-kind": [
                    {"group": "apps", "version": "v1", "kind": "Deployment"}
                ],
                "properties": {"spec": {"properties": {"replicas": {"type": "integer"}}}},
            }
        }
    }
}


class Story:
    """A host that has type configs, answers who may what, and tells what fields there are."""

    def __init__(self):
        self.world = World("host")
        self.server = self.world["host"]
        self.allowed = set()
        self.asked = []
        self.documents = []
        self.schemas = SCHEMAS
        for target in (NAMESPACES, DEPLOYMENTS, ROLES, ROLE_BINDINGS):
            self.enable(target)

    def enable(self, target, **options):
        config = TypeConfig(str(target), target, options.get("federated") or federated_of(target))
        self.server.put(TYPE_CONFIGS, dump(config, namespace=NS))

    def connect(self, access):
        client = self.world.connect(access)
        create = client.create

        async def ask(resource, obj, **options):
            if resource != REVIEWS:
                return await create(resource, obj, **options)
            await self.server.answer(resource, "create")
            wanted = obj["spec"]["resourceAttributes"]
            self.asked.append((obj["spec"]["user"], wanted["verb"], wanted["name"]))
            return {"status": {"allowed": wanted["name"] in self.allowed}}

        async def fetch(path, *, timeout):
            self.documents.append(path)
            await self.server.answer(path, "fetch")
            return 200, json.dumps(self.schemas)

        client.create, client.fetch = ask, fetch
        return client

    @asynccontextmanager
    async def rules(self):
        fleet = Fleet(connect=self.connect)
        await fleet.engage(HOST, Access("https://host"), (Interest(TYPE_CONFIGS, NS),))
        recorder = Recorder(fleet.client(HOST), component="c", namespace=NS, now=lambda: NOW)
        host = Host(fleet=fleet, recorder=recorder, namespace=NS, now=lambda: NOW)
        await asyncio.sleep(0.1)
        try:
            yield {rule.path: rule for rule in rules.core(host)}
        finally:
            await fleet.close()


def review(target=DEPLOYMENTS, *, old=None, operation="CREATE", kind=None, **spec):
    federated = federated_of(target)
    obj = {"metadata": {"namespace": "shop", "name": "x"}, "spec": spec}
    kind = kind or Kind(federated.group, federated.version, federated.plural)
    return Review("u", operation, kind, obj, old, "", JANE)


def override(path):
    return [{"clusterName": "eu", "clusterOverrides": [{"path": path, "value": 1}]}]


async def test_paths_are_upstreams_and_ours():
    async with Story().rules() as found:
        assert list(found) == [
            "validate-federatedtypeconfigs",
            "validate-kubefedcluster",
            "validate-kubefedconfig",
            "default-kubefedconfig",
            "validate-replicaschedulingpreference",
            "validate-clusterplacementpolicy",
            "validate-federated",
            "authorize-federatedrbac",
        ]
        rule = found["validate-kubefedcluster"]
    kind = Kind(CLUSTERS.group, "v9", CLUSTERS.plural)
    assert rule.concerns(review(kind=kind))
    assert not rule.concerns(review(kind=kind, operation="DELETE"))
    assert not rule.concerns(review(kind=kind._replace(plural="others")))
    assert not found["default-kubefedconfig"].concerns(
        review(kind=Kind(CONFIGS.group, "v1", CONFIGS.plural), operation="UPDATE")
    )


async def test_a_config_is_filled_in_and_left_alone_when_it_is_full():
    async with Story().rules() as found:
        judge = found["default-kubefedconfig"].judge
        verdict = await judge(review(scope="Cluster"))
        assert verdict.spec["controllerDuration"]["availableDelay"] == "20s"
        assert (await judge(review(**verdict.spec))).spec is None
        checked = await found["validate-kubefedconfig"].judge(review(**verdict.spec))
    assert checked == Verdict()


async def test_an_override_of_a_field_that_there_is_not():
    async with (story := Story()).rules() as found:
        judge = found["validate-federated"].judge
        assert (await judge(review(overrides=override("/spec/replicas")))).faults == ()
        (told,) = (await judge(review(overrides=override("/spec/replicaz")))).faults
        assert 'no field "replicaz" in spec' in told
        assert story.documents == ["/openapi/v3/apis/apps/v1"], "it is recent enough"
        await asyncio.sleep(RECENT + 1)
        story.schemas = json.loads(json.dumps(SCHEMAS))
        fields = story.schemas["components"]["schemas"]["d"]["properties"]["spec"]["properties"]
        fields["replicaz"] = {"type": "integer"}
        assert (await judge(review(overrides=override("/spec/replicaz")))).faults == ()
        assert len(story.documents) == 2, "what is refused is looked up again"


async def test_fields_that_cannot_be_looked_up_are_there():
    async with (story := Story()).rules() as found:
        story.server.faults["/openapi/v3/apis/apps/v1"] = errors.ApiError("no", status=500)
        judge = found["validate-federated"].judge
        assert (await judge(review(overrides=override("/spec/replicaz")))).faults == ()
        story.server.faults.clear()
        await asyncio.sleep(AGE + 1)
        assert len((await judge(review(overrides=override("/spec/replicaz")))).faults) == 1


async def test_what_is_left_out_is_warned_of():
    async with Story().rules() as found:
        template = {"metadata": {"annotations": {"a": "b"}}}
        verdict = await found["validate-federated"].judge(review(template=template))
    assert verdict == Verdict((), ("spec.template.metadata.annotations is left out",))


BINDING = {"template": {"roleRef": {"kind": "ClusterRole", "name": "admin"}}}


@pytest.mark.parametrize(
    ("reason", "asked", "rights"),
    [
        ("A binding gives the role.", review(ROLE_BINDINGS, **BINDING), [("bind", "admin")]),
        ("A role gives rights.", review(ROLES, template={}), [("escalate", "x")]),
        ("Others give none.", review(template={}), []),
        (
            "What was so before is not asked again.",
            review(ROLE_BINDINGS, operation="UPDATE", old={"spec": BINDING}, **BINDING),
            [],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_who_gives_rights_is_asked_whether_he_may(reason, asked, rights):
    async with (story := Story()).rules() as found:
        verdict = await found["authorize-federatedrbac"].judge(asked)
        assert story.asked == [("jane", *right) for right in rights], reason
        assert len(verdict.faults) == len(rights)
        story.allowed = {"admin", "x"}
        assert await found["authorize-federatedrbac"].judge(asked) == Verdict()


async def test_rights_under_another_name_are_rights_and_so_is_what_no_type_config_names():
    async with (story := Story()).rules() as found:
        judge = found["authorize-federatedrbac"].judge
        other = federated_of(DEPLOYMENTS, group="acme.io")
        story.enable(ROLES, federated=other)
        await asyncio.sleep(1)
        kind = Kind("acme.io", "v1beta1", "federateddeployments")
        assert len((await judge(review(kind=kind, template={}))).faults) == 1
        for obj in list(story.server.objects[TYPE_CONFIGS]):
            story.server.remove(TYPE_CONFIGS, obj)
        await asyncio.sleep(1)
        assert len((await judge(review(ROLES, template={}))).faults) == 1
        assert (await judge(review(kind=kind, template={}))).faults == ()


async def test_type_configs_that_are_out_of_sight_are_asked_for_and_not_remembered():
    async with (story := Story()).rules() as found:
        judge = found["validate-federated"].judge
        assert len((await judge(review(template={"kind": "Job"}))).faults) == 1
        story.server.down()
        await asyncio.sleep(60)
        with pytest.raises(ConnectionRefusedError):
            await judge(review(template={"kind": "Job"}))


async def test_what_cannot_be_asked_is_no_answer():
    async with (story := Story()).rules() as found:
        story.server.faults[REVIEWS] = errors.ApiError("no", status=500)
        with pytest.raises(errors.ApiError):
            await found["authorize-federatedrbac"].judge(review(ROLES, template={}))
