"""kopf, which answers the API server's questions, in a thread and an event loop of its own.

Its own, because kopf takes every task of its loop for one of its own when it ends, and the signals
of the process when it begins. Rules are judged in our loop, where caches and clients are.

kopf serves kinds that it has discovered, remembers each object that it was asked about, and diffs
a changed object field by field. So that none of this matters it is told of each review as if it
were about one and the same thing; the review itself goes beside it to the handler of its path.
"""

import asyncio
import base64
import concurrent.futures
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import kopf

from kubefed_core.admission.endpoint import Endpoint
from kubefed_core.admission.rules import Rule, Verdict
from kubefed_core.api import checks
from kubefed_core.api import review as api
from kubefed_core.api.review import Review, Undecodable
from kubefed_core.errors import Terminal
from kubefed_core.resources import NAMESPACES
from kubefed_core.runtime.credentials import Access

log = logging.getLogger(__name__)

REFUSED, UNFIT, UNKNOWN, BROKEN = 403, 400, 404, 500
REASONS: Mapping[int, str] = {REFUSED: "Forbidden", UNFIT: "BadRequest"}
PATIENCE = 8.0
"""Seconds for one verdict; the API server waits for ten."""
LEAVE = 10.0
"""Seconds for kopf to end."""


@dataclass(slots=True)
class _Case:
    """One review on its way through kopf, and what came of it."""

    review: Review
    verdict: Verdict | None = None
    fault: str = "nobody has judged it"


_case: ContextVar[_Case] = ContextVar("case")


class Operator:
    """Serves rules at an endpoint. `access` is for kopf itself, which looks what kinds there are.

    What cannot be judged is answered as a fault of the webhook, so that the
    failurePolicy of its configuration decides.
    """

    def __init__(self, rules: Iterable[Rule], *, access: Access, endpoint: Endpoint) -> None:
        self._rules = {rule.path: rule for rule in rules}
        self._access = access
        self._endpoint = endpoint

    async def run(self) -> None:
        """One life of kopf; it ends when kopf fails, or is cancelled."""
        home = asyncio.get_running_loop()
        begun: concurrent.futures.Future[_Life] = concurrent.futures.Future()
        threads = concurrent.futures.ThreadPoolExecutor(1, "admission")
        ended = home.run_in_executor(threads, lambda: asyncio.run(self._live(home, begun)))
        try:
            await asyncio.shield(ended)
        finally:
            begun.add_done_callback(lambda life: life.result().end())
            await asyncio.wait({ended}, timeout=LEAVE)
            threads.shutdown(wait=False)

    async def _live(
        self, home: asyncio.AbstractEventLoop, begun: "concurrent.futures.Future[_Life]"
    ) -> None:
        # It would tell of every refusal as an error; what matters is told here.
        logging.getLogger("kopf").setLevel(logging.CRITICAL)
        life = _Life(asyncio.get_running_loop(), asyncio.Event())
        begun.set_result(life)
        await kopf.operator(
            registry=self._registry(home),
            settings=self._settings(),
            standalone=True,
            clusterwide=True,
            stop_flag=life.stop,
        )

    def _settings(self) -> kopf.OperatorSettings:
        settings = kopf.OperatorSettings()
        settings.admission.server = self._serve
        settings.admission.managed = None
        settings.peering.standalone = True
        settings.posting.enabled = False
        settings.scanning.disabled = True
        settings.process.ultimate_exiting_timeout = None
        return settings

    def _registry(self, home: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(self._login)
        for rule in self._rules.values():
            decorate = kopf.on.mutate if rule.mutates else kopf.on.validate
            register = decorate(
                NAMESPACES.group,
                NAMESPACES.version,
                NAMESPACES.plural,
                id=rule.path,
                registry=registry,
            )
            register(_handler(rule, home))
        return registry

    def _login(self, **_: Any) -> kopf.ConnectionInfo:
        found = self._access
        return kopf.ConnectionInfo(
            server=found.server,
            ca_data=found.ca or None,
            insecure="*" in found.lenient or None,
            token=(found.renew() if found.renew else found.token) or None,
            certificate_data=found.certificate or None,
            private_key_data=found.private_key or None,
            proxy_url=found.proxy or None,
        )

    async def _serve(self, fn: kopf.WebhookFn) -> AsyncIterator[kopf.WebhookClientConfig]:
        async def ask(path: str, data: Any) -> tuple[int, Any]:
            return await self.answer(fn, path, data)

        async with contextlib.aclosing(self._endpoint.open(ask)) as opened:
            async for port in opened:
                yield kopf.WebhookClientConfig(url=f"https://localhost:{port}")

    async def answer(self, fn: kopf.WebhookFn, path: str, data: Any) -> tuple[int, Any]:
        """Status and body for what was asked at a path; `fn` is kopf's, which asks the handler."""
        rule = self._rules.get(path)
        if rule is None:
            return UNKNOWN, f"nothing is asked at {path}"
        try:
            review = api.parse(data)
        except Undecodable as error:
            return 200, _unfit(data, str(error))
        case = _Case(review)
        if not rule.concerns(review):
            return 200, _reviewed(data, {"uid": review.uid, "allowed": True})
        _case.set(case)
        said = await fn(_stub(review), webhook=path, headers={}, sslpeer={})
        if case.verdict is None:
            return BROKEN, f"{path} cannot tell now: {case.fault}"
        spec = case.verdict.spec
        return 200, _reviewed(data, _finished(dict(said["response"]), review, spec))


@dataclass(frozen=True)
class _Life:
    """Of one kopf: its loop, and what ends it."""

    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event

    def end(self) -> None:
        """From any thread, at any time."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.stop.set)


def _handler(rule: Rule, home: asyncio.AbstractEventLoop) -> Any:
    async def handle(*, warnings: list[str], **_: Any) -> None:
        case = _case.get()
        try:
            judging = asyncio.run_coroutine_threadsafe(_judged(rule, case.review), home)
            verdict = case.verdict = await asyncio.wrap_future(judging)
        except Exception as error:
            log.exception("%s has failed", rule.path)
            case.fault = str(error) or type(error).__name__
            return
        warnings += verdict.warnings
        if verdict.faults:
            why = checks.joined(verdict.faults)
            log.info("%s refuses what %s asks: %s", rule.path, case.review.user.name, why)
            raise kopf.AdmissionError(why, code=REFUSED)

    return handle


async def _judged(rule: Rule, review: Review) -> Verdict:
    try:
        async with asyncio.timeout(PATIENCE):
            return await rule.judge(review)
    except Terminal as error:
        return Verdict((str(error),))


def _stub(review: Review) -> Any:
    """What kopf is told: the operation, on an object without anything."""
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": review.uid,
            "resource": {
                "group": NAMESPACES.group,
                "version": NAMESPACES.version,
                "resource": NAMESPACES.plural,
            },
            "operation": review.operation,
            "userInfo": {},
            "object": {},
        },
    }


def _finished(
    response: dict[str, Any], review: Review, spec: Mapping[str, Any] | None
) -> dict[str, Any]:
    """With what kopf has no words for."""
    if "status" in response:
        status = response["status"]
        response["status"] = {**status, "reason": REASONS.get(status.get("code"), "")}
    elif spec is not None:
        operation = "replace" if "spec" in review.obj else "add"
        patch = [{"op": operation, "path": "/spec", "value": spec}]
        response["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
        response["patchType"] = "JSONPatch"
    return response


def _unfit(data: Any, message: str) -> Any:
    request = data.get("request") if isinstance(data, Mapping) else None
    uid = request.get("uid", "") if isinstance(request, Mapping) else ""
    status = {"code": UNFIT, "reason": REASONS[UNFIT], "message": message}
    return _reviewed(data, {"uid": uid, "allowed": False, "status": status})


def _reviewed(data: Any, response: Mapping[str, Any]) -> Any:
    """The answer in the version of the question."""
    found = data if isinstance(data, Mapping) else {}
    return {
        "apiVersion": found.get("apiVersion", "admission.k8s.io/v1"),
        "kind": "AdmissionReview",
        "response": response,
    }
