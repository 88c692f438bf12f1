"""The client against a small HTTP server that misbehaves on request."""

import asyncio
import json

import pytest
from aiohttp import web

from kubefed_core import errors
from kubefed_core.objects import Key
from kubefed_core.resources import SERVICES
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.reflector import OPENED

ONE = Key("ns", "one")


@pytest.fixture
async def server():
    """A function that serves one handler for every path, and gives its address."""
    runners = []

    async def serve(handler):
        made = web.Application()
        made.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(made)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def client(server):
    made = []

    async def connect(handler, **access):
        client = Client(Access(await server(handler), **access), timeout=0.5)
        made.append(client)
        return client

    yield connect
    for client in made:
        await client.close()


def status(code, reason):
    body = {"kind": "Status", "message": "no", "reason": reason, "code": code}
    return web.json_response(body, status=code)


@pytest.mark.parametrize(
    ("reason", "code", "error"),
    [
        ("Unauthorized", 401, errors.Unauthorized),
        ("Forbidden", 403, errors.Forbidden),
        ("NotFound", 404, errors.NotFound),
        ("AlreadyExists", 409, errors.Conflict),
        ("Expired", 410, errors.Expired),
        ("InternalError", 500, errors.ApiError),
    ],
)
async def test_a_refusal_is_classed_by_its_status(client, reason, code, error):
    async def handler(request):
        return status(code, reason)

    made = await client(handler)
    with pytest.raises(error) as caught:
        await made.get(SERVICES, ONE)
    assert (caught.value.status, caught.value.reason) == (code, reason)


async def half_json(request):
    return web.Response(text='{"kind": "Serv', content_type="application/json")


async def no_object(request):
    return web.json_response([1])


async def cut_short(request):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"{")
    request.transport.close()
    return response


async def hang_up(request):
    request.transport.close()
    return web.Response()


async def redirect(request):
    raise web.HTTPFound("/elsewhere/and/again")


async def html(request):
    return web.Response(status=502, text="<html>Bad gateway")


@pytest.mark.parametrize(
    "handler", [half_json, no_object, cut_short, hang_up, html], ids=lambda each: each.__name__
)
async def test_only_api_errors_and_os_errors_come_out_of_it(client, handler):
    made = await client(handler)
    with pytest.raises((errors.ApiError, OSError)):
        await made.get(SERVICES, ONE)
    with pytest.raises((errors.ApiError, OSError)):
        await made.list(SERVICES)


async def test_a_server_that_is_not_there_is_an_os_error():
    made = Client(Access("http://127.0.0.1:1"))
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
        await made.get(SERVICES, ONE)
    await made.close()


async def test_pages_are_put_together(client):
    async def handler(request):
        more = "continue" not in request.query
        page = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": str(more)}}]}
        if more:
            page["metadata"]["continue"] = "next"
        return web.json_response(page)

    items, since = await (await client(handler)).list(SERVICES, namespace="ns", labels="a=b")
    assert [item["metadata"]["name"] for item in items] == ["True", "False"]
    assert items[0]["kind"] == "Service"
    assert since == "7"


async def test_a_watch_yields_lines_however_they_are_cut(client):
    lines = [{"type": "ADDED", "object": {"metadata": {"name": "n" * 200_000}}}, {"type": "X"}]

    async def handler(request):
        assert request.query["resourceVersion"] == "5"
        response = web.StreamResponse()
        await response.prepare(request)
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        for at in range(0, len(text), 70_000):
            await response.write(text[at : at + 70_000])
        return response

    made = await client(handler)
    seen = [raw async for raw in made.watch(SERVICES, since="5")]
    assert seen == [{"type": "OPENED", "object": {}}, *lines]


async def test_a_token_is_renewed_when_it_is_refused(client):
    tokens = iter(["old", "new"])

    async def handler(request):
        if request.headers["Authorization"] == "Bearer new":
            return web.json_response({"ok": True})
        return status(401, "Unauthorized")

    made = await client(handler, token="old", renew=lambda: next(tokens))
    with pytest.raises(errors.Unauthorized):
        await made.get(SERVICES, ONE)
    assert await made.get(SERVICES, ONE) == {"ok": True}


async def test_it_is_known_whether_the_credentials_were_taken_last(client):
    codes = iter((200, 401, 403))

    async def handler(request):
        return status(next(codes), "Said")

    made = await client(handler)
    found = [made.unauthorized]
    for _ in range(3):
        await made.fetch("/healthz", timeout=1)
        found.append(made.unauthorized)
    assert found == [False, False, True, False]


async def test_writes_carry_what_the_api_server_needs(client):
    seen = []

    async def handler(request):
        seen.append((request.method, request.path_qs, request.content_type, await request.json()))
        return web.json_response({})

    made = await client(handler)
    obj = {"metadata": {"namespace": "ns", "name": "one"}}
    await made.create(SERVICES, obj)
    await made.replace(SERVICES, obj, subresource="status")
    await made.patch(SERVICES, ONE, {"a": 1}, kind="apply", field_manager="m")
    await made.delete(SERVICES, ONE, uid="u", propagation="Orphan")
    options = {"apiVersion": "v1", "kind": "DeleteOptions"}
    assert seen == [
        ("POST", "/api/v1/namespaces/ns/services", "application/json", obj),
        ("PUT", "/api/v1/namespaces/ns/services/one/status", "application/json", obj),
        (
            "PATCH",
            "/api/v1/namespaces/ns/services/one?fieldManager=m&force=true",
            "application/apply-patch+yaml",
            {"a": 1},
        ),
        (
            "DELETE",
            "/api/v1/namespaces/ns/services/one",
            "application/json",
            options | {"preconditions": {"uid": "u"}, "propagationPolicy": "Orphan"},
        ),
    ]


async def test_unusable_trust_is_an_os_error():
    made = Client(Access("https://127.0.0.1:1", ca=b"-----BEGIN CERTIFICATE-----\nx\n"))
    with pytest.raises(OSError, match="TLS"):
        await made.get(SERVICES, ONE)
    await made.close()


async def test_secrets_are_not_in_what_is_printed():
    access = Access("https://c", token="s3cret", private_key=b"s3cret")
    assert "s3cret" not in repr(access)


async def test_a_server_on_this_machine_is_asked_past_any_proxy(client, monkeypatch):
    async def handler(request):
        return web.Response(text="ok")

    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    made = await client(handler)
    assert await made.fetch("/readyz", timeout=5.0) == (200, "ok")


async def test_a_watch_that_falls_silent_ends_in_an_os_error(server):
    asked, over = [], asyncio.Event()

    async def silent(request):
        asked.append(request.query["timeoutSeconds"])
        response = web.StreamResponse()
        await response.prepare(request)
        await over.wait()
        return response

    client = Client(Access(await server(silent)), timeout=0.1, watch_age=0.1)
    lines = client.watch(SERVICES, since="1")
    assert (await anext(lines))["type"] == OPENED
    with pytest.raises(OSError, match="no answer in time"):
        await anext(lines)
    over.set()
    assert asked == ["1"]
    await client.close()


async def test_a_token_that_cannot_be_renewed_is_an_os_error(server):
    def renew():
        raise KeyError("expirationTimestamp")

    client = Client(Access(await server(echo), token="old", renew=renew))
    with pytest.raises(OSError, match="no token"):
        await client.get(SERVICES, ONE)
    await client.close()


async def test_a_closed_client_stays_closed(client):
    made = await client(echo)
    await made.get(SERVICES, ONE)
    await made.close()
    with pytest.raises(OSError, match="closed"):
        await made.get(SERVICES, ONE)


async def echo(request):
    return web.json_response({"metadata": {"name": "one"}})
