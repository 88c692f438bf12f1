"""kopf serves the rules: with a scripted API server for itself, over real connections."""

import asyncio
import base64
import contextlib
import io
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509

from kubefed_core.admission.endpoint import LARGEST, Endpoint
from kubefed_core.admission.operator import Operator
from kubefed_core.admission.rules import Rule, Verdict
from kubefed_core.errors import Terminal
from kubefed_core.resources import CONFIGS
from kubefed_core.runtime.certificates import Authority
from kubefed_core.runtime.credentials import Access

NOW = datetime.now(UTC)
HOST = "127.0.0.1"
OURS = {"group": CONFIGS.group, "version": CONFIGS.version, "resource": CONFIGS.plural}


@pytest.fixture(scope="module")
def authority():
    return Authority("test", now=NOW)


@pytest.fixture
async def api():
    """What kopf asks of an API server: which kinds there are. Gives its URL."""
    namespaces = {"name": "namespaces", "kind": "Namespace", "singularName": "namespace"}
    answers = {
        "/api": {"versions": ["v1"]},
        "/apis": {"groups": []},
        "/api/v1": {"resources": [{**namespaces, "namespaced": False, "verbs": ["list"]}]},
    }
    asked = []

    async def answer(request):
        asked.append((request.method, request.path))
        return web.json_response(answers[request.path])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    yield f"http://{HOST}:{runner.addresses[0][1]}", asked
    await runner.cleanup()


class Served:
    """An operator at work; `ask` posts a review."""

    def __init__(self, endpoint, session):
        self.endpoint = endpoint
        self.session = session

    def url(self, path):
        return f"https://{HOST}:{self.endpoint.bound}/{path}"

    async def post(self, path, data):
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        async with self.session.post(self.url(path), data=io.BytesIO(body)) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else text

    async def ask(self, path, obj=None, *, resource=OURS, operation="CREATE", **more):
        request = {
            "uid": "u-1",
            "operation": operation,
            "resource": resource,
            "object": {"spec": {}} if obj is None else obj,
            "userInfo": {"username": "jane"},
            **more,
        }
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
        status, answer = await self.post(path, {**review, "request": request})
        if status != 200:
            return status, answer
        assert answer["apiVersion"] == "admission.k8s.io/v1"
        assert answer["response"]["uid"] == "u-1"
        return status, answer["response"]


@contextlib.asynccontextmanager
async def served(rules, api, authority):
    endpoint = Endpoint(host=HOST, port=0)
    endpoint.take(authority.serving("w", [HOST]))
    operator = Operator(rules, access=Access(api[0]), endpoint=endpoint)
    running = asyncio.create_task(operator.run())
    trust = ssl.create_default_context(cadata=authority.certificate.decode())
    connector = aiohttp.TCPConnector(ssl=trust, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        while endpoint.bound is None:
            assert not running.done(), running.exception()
            await asyncio.sleep(0.02)
        try:
            yield Served(endpoint, session)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def rule(path, judge, **options):
    return Rule(path, judge, CONFIGS, **options)


async def refuse(review):
    return Verdict(("spec.a: Required value", "spec.b: Required value"), ("mind the gap",))


async def allow(review):
    return Verdict(warnings=("mind the gap",))


async def fill(review):
    return Verdict(spec={"deep": {}, "list": [1]})


async def test_answers_are_those_of_the_api(api, authority):
    seen = []

    async def look(review):
        seen.append((review.user.name, review.subresource, threading.current_thread()))
        raise Terminal("spec: Invalid value")

    async def fail(review):
        raise OSError("the API server is away")

    found = [
        rule("refuse", refuse),
        rule("allow", allow),
        rule("fill", fill, mutates=True),
        rule("look", look),
        rule("fail", fail),
    ]
    async with served(found, api, authority) as webhook:
        _, refused = await webhook.ask("refuse")
        assert refused == {
            "uid": "u-1",
            "allowed": False,
            "status": {
                "code": 403,
                "reason": "Forbidden",
                "message": "[spec.a: Required value, spec.b: Required value]",
            },
            "warnings": ["mind the gap"],
        }
        _, allowed = await webhook.ask("allow")
        assert (allowed["allowed"], allowed["warnings"]) == (True, ["mind the gap"])
        _, filled = await webhook.ask("fill")
        assert (filled["allowed"], filled["patchType"]) == (True, "JSONPatch")
        assert json.loads(base64.b64decode(filled["patch"])) == [
            {"op": "replace", "path": "/spec", "value": {"deep": {}, "list": [1]}}
        ]
        _, filled = await webhook.ask("fill", {})
        assert json.loads(base64.b64decode(filled["patch"]))[0]["op"] == "add"
        _, looked = await webhook.ask("look", subResource="status")
        assert looked["status"]["message"] == "spec: Invalid value"
        assert seen == [("jane", "status", threading.main_thread())], "judged in our own loop"
        status, text = await webhook.ask("fail")
        assert (status, text) == (500, "fail cannot tell now: the API server is away")
        never = Operator(found, access=Access(""), endpoint=webhook.endpoint)

        async def nobody(request, **_):
            return {"response": {"allowed": True}}

        review = {"request": {"operation": "CREATE", "resource": OURS, "object": {}}}
        status, _ = await never.answer(nobody, "allow", review)
        assert status == 500, "what nobody has judged is not let in"
    assert {method for method, _ in api[1]} == {"GET"}, "kopf writes nothing"


async def test_what_is_not_ours_is_allowed_and_what_is_no_review_is_said_to_be_none(api, authority):
    async with served([rule("refuse", refuse)], api, authority) as webhook:
        other = {"group": "", "version": "v1", "resource": "pods"}
        assert (await webhook.ask("refuse", resource=other))[1]["allowed"]
        assert (await webhook.ask("refuse", operation="DELETE", oldObject={}))[1]["allowed"]
        _, undecodable = await webhook.ask("refuse", "a text")
        assert not undecodable["allowed"]
        assert undecodable["status"] == {
            "code": 400,
            "reason": "BadRequest",
            "message": "object: must be an object",
        }
        assert (await webhook.post("nowhere", {}))[0] == 404
        assert (await webhook.post("refuse", b"{"))[0] == 400
        for path in ("readyz/", "readyz", "healthz"):
            async with webhook.session.get(webhook.url(path)) as response:
                assert response.status == 200


async def test_objects_may_be_as_large_as_the_api_server_takes_them(api, authority):
    async with served([rule("allow", allow)], api, authority) as webhook:
        large = {"spec": {"text": "x" * (LARGEST // 3)}}
        status, answer = await webhook.ask("allow", large, oldObject=large)
        assert (status, answer["allowed"]) == (200, True)


async def test_another_certificate_is_served_without_a_pause(api, authority):
    async with served([rule("allow", allow)], api, authority) as webhook:

        async def serial():
            place = (HOST, webhook.endpoint.bound)
            pem = await asyncio.to_thread(ssl.get_server_certificate, place)
            return x509.load_pem_x509_certificate(pem.encode()).serial_number

        before = await serial()
        other = authority.serving("w", [HOST], lifetime=timedelta(days=1))
        webhook.endpoint.take(other)
        async with webhook.session.get(webhook.url("readyz")) as response:
            assert response.status == 200
        wanted = x509.load_pem_x509_certificate(other.certificate).serial_number
        assert await serial() == wanted != before


async def test_many_reviews_at_once_do_not_meet(api, authority):
    async def echo(review):
        await asyncio.sleep(0.01 if review.obj["spec"]["n"] % 2 else 0)
        return Verdict((f"n is {review.obj['spec']['n']}",))

    async with served([rule("echo", echo)], api, authority) as webhook:
        asked = (webhook.ask("echo", {"spec": {"n": n}}) for n in range(30))
        answers = await asyncio.gather(*asked)
        told = [answer["status"]["message"] for _, answer in answers]
        assert told == [f"n is {n}" for n in range(30)]


async def test_when_it_ends_it_leaves_the_other_tasks_alone_and_can_begin_again(api, authority):
    other = asyncio.create_task(asyncio.Event().wait())
    for _ in range(2):
        async with served([rule("allow", allow)], api, authority) as webhook:
            later = asyncio.create_task(asyncio.Event().wait())
            assert (await webhook.ask("allow"))[0] == 200
        assert not later.done()
        later.cancel()
    assert not other.done()
    other.cancel()


async def test_a_port_that_is_taken_is_a_fault_of_its_own_work_only(api, authority):
    endpoint = Endpoint(host=HOST, port=0)
    endpoint.take(authority.serving("w", [HOST]))
    with contextlib.closing(await asyncio.start_server(lambda *_: None, HOST, 0)) as taken:
        busy = Endpoint(host=HOST, port=taken.sockets[0].getsockname()[1])
        busy.take(authority.serving("w", [HOST]))
        operator = Operator([rule("a", allow)], access=Access(api[0]), endpoint=busy)
        with pytest.raises(OSError, match="address"):
            await operator.run()
        await asyncio.sleep(0)


async def test_without_a_certificate_nothing_is_served():
    endpoint = Endpoint(host=HOST, port=0)
    with pytest.raises(ValueError, match="certificate"):
        await anext(endpoint.open(lambda path, data: None))
