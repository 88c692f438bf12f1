"""An API server of a few lines: it stores, checks tokens, and refuses what a test tells it to."""

import base64
import contextlib
import json
import re
import ssl
import threading
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Obj = dict[str, Any]
ADMIN = "admin-token"
FILLED = "filled-token"
NAMESPACE = "kube-federation-system"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CONFIG = f"/apis/core.kubefed.io/v1beta1/namespaces/{NAMESPACE}/kubefedconfigs/kubefed"
CLUSTERS = f"/apis/core.kubefed.io/v1beta1/namespaces/{NAMESPACE}/kubefedclusters"


class FakeApi:
    """`objects` by path; `writes` are the requests that changed something, in order.

    `refusals` maps a pattern of "METHOD path" to a status and a message;
    `forbidden` holds resources that the user may not create.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, own_ca: bytes = b"own CA") -> None:
        self.objects: dict[str, Obj] = {}
        self.own_ca = own_ca.decode()
        self._scheme = "https" if tls else "http"
        self.writes: list[str] = []
        self.refusals: dict[str, tuple[int, str]] = {}
        self.forbidden: set[str] = set()
        self.tokens = {ADMIN, FILLED}
        self.fills_tokens = True
        self.after: Callable[[str, Obj], None] = lambda path, obj: None
        self._count = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, path: str, **content: Any) -> Obj:
        """Store an object as if it had always been there."""
        *_, name = path.split("/")
        metadata = {"name": name, **content.pop("metadata", {})}
        if "/namespaces/" in path.removesuffix(f"/{name}"):
            metadata["namespace"] = path.split("/namespaces/")[1].split("/")[0]
        return self._store(path, {"metadata": metadata, **content})

    def names(self, part: str) -> list[str]:
        """The paths that are there and contain this."""
        return sorted(path for path in self.objects if part in path)

    def answer(self, method: str, target: str, body: Obj, headers: Message) -> tuple[int, object]:
        url = urlsplit(target)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.tokens:
            return _refusal(401, "Unauthorized")
        dry = "dryRun" in parse_qs(url.query)
        said = f"{method} {url.path}{' dry' if dry else ''}"
        for pattern, (status, message) in self.refusals.items():
            if re.fullmatch(pattern, said):
                return _refusal(status, message)
        if url.path.startswith(("/version", "/healthz")):
            return 200, {"gitVersion": "v1.36.3"} if url.path == "/version" else "ok"
        if url.path.endswith("/selfsubjectaccessreviews"):
            resource = body["spec"]["resourceAttributes"]["resource"]
            return 201, {"status": {"allowed": resource not in self.forbidden}}
        if method != "GET" and not dry:
            self.writes.append(said)
        work = getattr(self, f"_{method.lower()}")
        answer: tuple[int, object] = work(url.path, body, dry)
        return answer

    def _get(self, path: str, body: Obj, dry: bool) -> tuple[int, object]:
        if path in self.objects:
            return 200, self.objects[path]
        parent, plural = path.rsplit("/", 1)
        if _is_collection(path):
            where = re.compile(rf"{parent}(/namespaces/[^/]+)?/{plural}/[^/]+")
            items = [obj for key, obj in self.objects.items() if where.fullmatch(key)]
            return 200, {"items": items}
        return _refusal(404, f"{path} not found")

    def _post(self, path: str, body: Obj, dry: bool) -> tuple[int, object]:
        metadata = body["metadata"]
        name = metadata.get("name") or f"{metadata['generateName']}x{self._count}"
        where = f"{path}/{name}"
        if where in self.objects:
            return _refusal(409, f"{name} already exists")
        if "/namespaces/" in path and f"/api/v1{_namespace(path)}" not in self.objects:
            return _refusal(404, f"namespace of {path} not found")
        made = {**body, "metadata": {**metadata, "name": name}}
        return 201, made if dry else self._store(where, made)

    def _put(self, path: str, body: Obj, dry: bool) -> tuple[int, object]:
        return 200, body if dry else self._store(path, body)

    def _patch(self, path: str, body: Obj, dry: bool) -> tuple[int, object]:
        return 200, self._store(path, _merged(self.objects[path], body))

    def _delete(self, path: str, body: Obj, dry: bool) -> tuple[int, object]:
        found = self.objects.get(path)
        if found is None:
            self.writes.pop()
            return _refusal(404, f"{path} not found")
        wanted = (body or {}).get("preconditions", {}).get("uid", found["metadata"]["uid"])
        if wanted != found["metadata"]["uid"]:
            return _refusal(409, "the uid is another")
        for key in [key for key in self.objects if key == path or key.startswith(f"{path}/")]:
            del self.objects[key]
        return 200, {"status": "Success"}

    def _store(self, path: str, obj: Obj) -> Obj:
        self._count += 1
        metadata = obj["metadata"]
        metadata.setdefault("uid", f"uid-{self._count}-{id(self)}")
        metadata["resourceVersion"] = str(self._count)
        if obj.get("type") == "kubernetes.io/service-account-token" and self.fills_tokens:
            obj["data"] = {"token": _encoded(FILLED), "ca.crt": _encoded(self.own_ca)}
        self.objects[path] = obj
        self.after(path, obj)
        return obj


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _is_collection(path: str) -> bool:
    within = re.fullmatch(r"/(api/v1|apis/[^/]+/[^/]+)(/namespaces/[^/]+(?=/))?/[^/]+", path)
    return within is not None


def _namespace(path: str) -> str:
    name = path.split("/namespaces/")[1].split("/")[0]
    return f"/namespaces/{name}"


def _merged(obj: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    base = dict(obj) if isinstance(obj, dict) else {}
    for key, value in patch.items():
        if value is None:
            base.pop(key, None)
        else:
            base[key] = _merged(base.get(key), value)
    return base


def _refusal(status: int, message: str) -> tuple[int, object]:
    return status, {"kind": "Status", "message": message, "reason": "", "code": status}


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_request(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "{}")
            status, answer = api.answer(self.command, self.path, body, self.headers)
            text = answer if isinstance(answer, str) else json.dumps(answer)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_request  # noqa: N815

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a client that does not trust us
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
