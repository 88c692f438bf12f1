"""Cloud DNS on a port of this machine, by Google's own description and as strict as Google's.

Requests and answers are checked against the discovery document. Errors can be scripted.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import discovery
import google_rules
from google_rules import Failure

PROJECT = "our-project"


class Fault(NamedTuple):
    """An error to answer with once; `on` is a part of "METHOD path"."""

    status: int
    reason: str
    message: str = "scripted"
    on: str = ""
    headers: dict[str, str] = {}


class Zone:
    def __init__(self, name, dns_name, number, visibility):
        self.resource = {
            "kind": "dns#managedZone",
            "name": name,
            "dnsName": dns_name,
            "id": str(number),
            "visibility": visibility,
            "creationTime": "2026-01-01T00:00:00Z",
        }
        self.sets = {}
        for rrtype, value in (("NS", "ns.example."), ("SOA", "ns.example. r.example. 1 2 3 4 5")):
            self.put({"name": dns_name, "type": rrtype, "ttl": 300, "rrdatas": [value]})
        self.changes = [self.change([], [])]
        self.changes[0]["id"] = "0"

    def put(self, *raws):
        """As somebody else would; nothing is checked."""
        for raw in raws:
            self.sets[raw["name"], raw["type"]] = google_rules.stored(raw)

    def change(self, additions, deletions):
        number = str(len(self.changes)) if hasattr(self, "changes") else "0"
        return {
            "kind": "dns#change",
            "id": number,
            "status": "pending",
            "startTime": "2026-01-01T00:00:00Z",
            "additions": additions,
            "deletions": deletions,
        }


class StrictGoogle:
    """`by_name`: parts of a refused change are named by name and type, not by place.

    `grants`: a signed request at /token is answered with a token. `garbage`: others with no JSON.
    """

    def __init__(self):
        self.zones = {}
        self.requests = []
        self.tokens = []
        self.faults = deque()
        self.by_name = False
        self.grants = True
        self.garbage = False
        self._lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                fake._handle(self, "GET")

            def do_POST(self):
                fake._handle(self, "POST")

            def log_message(self, format, *args):
                """Nothing is to be seen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def clear(self):
        for each in (self.zones, self.requests, self.tokens, self.faults):
            each.clear()
        self.by_name = False
        self.grants = True
        self.garbage = False

    def add_zone(self, dns_name, *, name="", visibility="public", **more):
        number = 1000 + len(self.zones)
        zone = Zone(name or f"zone-{number}", dns_name, number, visibility)
        zone.resource |= more
        self.zones[zone.resource["name"]] = zone
        return zone

    def _handle(self, handler, verb):
        data = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if handler.path == "/token":
            granted = {"access_token": "granted", "expires_in": 3600, "token_type": "Bearer"}
            refused = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            _send(handler, 200 if self.grants else 400, granted if self.grants else refused)
            return
        body = json.loads(data) if data else None
        if self.garbage:
            _send(handler, 200, None)
            return
        headers = {}
        with self._lock:
            try:
                status, answer = 200, self._answer(verb, handler, body)
            except Failure as failure:
                status, answer = failure.status, _error(failure)
                headers = getattr(failure, "headers", {})
        _send(handler, status, answer, headers)

    def _answer(self, verb, handler, body):
        url = urlsplit(handler.path)
        line, query = f"{verb} {url.path}", dict(parse_qsl(url.query))
        self.requests.append(line)
        self.tokens.append(handler.headers.get("Authorization"))
        for fault in self.faults:
            if fault.on in line:
                self.faults.remove(fault)
                failure = Failure(fault.status, (fault.reason, fault.message))
                failure.headers = fault.headers
                raise failure
        try:
            name, path = discovery.method_of(verb, url.path)
            discovery.check_query(name, query)
            discovery.check_body(name, "request", body)
        except discovery.Strange as error:
            raise Failure(400, ("invalid", str(error))) from error
        answer = getattr(self, f"_{name.replace('.', '_')}")(path, query, body)
        discovery.check_body(name, "response", answer)
        return answer

    def _zone(self, path):
        if path["project"] != PROJECT:
            raise Failure(403, ("forbidden", "Permission denied on the project"))
        wanted = path.get("managedZone")
        for zone in self.zones.values():
            if wanted in (zone.resource["name"], zone.resource["id"]):
                return zone
        raise Failure(
            404,
            ("notFound", f"The 'parameters.managedZone' resource named '{wanted}' does not exist."),
        )

    def _dns_managedZones_list(self, path, query, _):  # noqa: N802
        if path["project"] != PROJECT:
            raise Failure(403, ("forbidden", "Permission denied on the project"))
        zones = [zone.resource for zone in self.zones.values()]
        return _page("dns#managedZonesListResponse", "managedZones", zones, query)

    def _dns_managedZones_get(self, path, _, __):  # noqa: N802
        return self._zone(path).resource

    def _dns_resourceRecordSets_list(self, path, query, _):  # noqa: N802
        sets = self._zone(path).sets.values()
        if "name" in query:
            sets = [each for each in sets if each["name"] == query["name"]]
        if "type" in query:
            if "name" not in query:
                raise Failure(400, ("invalid", "type needs name"))
            sets = [each for each in sets if each["type"] == query["type"]]
        return _page("dns#resourceRecordSetsListResponse", "rrsets", list(sets), query)

    def _dns_changes_list(self, path, query, _):
        changes = self._zone(path).changes
        if query.get("sortOrder") == "descending":
            changes = changes[::-1]
        return _page("dns#changesListResponse", "changes", changes, query)

    def _dns_changes_get(self, path, _, __):
        zone = self._zone(path)
        for change in zone.changes:
            if change["id"] == path["changeId"]:
                change["status"] = "done"
                return change
        raise Failure(404, ("notFound", "The 'parameters.changeId' resource does not exist."))

    def _dns_changes_create(self, path, _, body):
        zone = self._zone(path)
        additions, deletions = body.get("additions", []), body.get("deletions", [])
        google_rules.check_size(additions, deletions)
        sets = dict(zone.sets)
        failures = []
        steps = [
            ("deletions", google_rules.delete, deletions),
            ("additions", google_rules.add, additions),
        ]
        for kind, step, raws in steps:
            for number, raw in enumerate(raws):
                part = f"{raw['name']}][{raw['type']}" if self.by_name else number
                try:
                    step(sets, raw, f"entity.change.{kind}[{part}]", zone.resource["dnsName"])
                except Failure as failure:
                    failures.append(failure)
        if failures:
            first = failures[0]
            raise Failure(first.status, *(said for each in failures for said in each.said))
        if not additions and not deletions:
            raise Failure(400, ("required", "The change is empty."))
        zone.sets = sets
        zone.changes.append(zone.change(additions, deletions))
        return zone.changes[-1]


def _page(kind, items, found, query):
    size, start = min(int(query.get("maxResults", 100)), 1000), int(query.get("pageToken", 0))
    answer = {"kind": kind, items: found[start : start + size]}
    if found[start + size :]:
        answer["nextPageToken"] = str(start + size)
    return answer


def _error(failure):
    errors = [{"domain": "global", "reason": r, "message": m} for r, m in failure.said]
    message = errors[0]["message"]
    return {"error": {"code": failure.status, "message": message, "errors": errors}}


def _send(handler, status, answer, headers=()):
    payload = b"<html>" if answer is None else json.dumps(answer).encode()
    handler.send_response(status)
    for key, value in {**dict(headers), "Content-Length": len(payload)}.items():
        handler.send_header(key, str(value))
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(payload)
