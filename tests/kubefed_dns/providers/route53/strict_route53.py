"""moto's Route 53 where it is lenient made as strict as Amazon's, on a port of this machine.

moto keeps the account, its zones and what they hold. Changes are checked and
made here, all of a batch or none; sets are listed here, in Amazon's order and
pages. Errors can be scripted.
"""

import io
import re
import threading
from collections import deque
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import aws_rules
from aws_rules import Invalid
from aws_xml import XMLNS, Fault, dumped, error, parsed, stored, xml
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.route53.models import HealthCheck, RecordSet, route53_backends
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

RRSET = re.compile(r"/2013-04-01/hostedzone/([^/]+)/rrset/?")
CHECKS = "/2013-04-01/healthcheck"
FIELDS = {
    "Name": "name",
    "Type": "type",
    "SetIdentifier": "set_identifier",
    "Weight": "weight",
    "Region": "region",
    "GeoLocation": "geo_location",
    "Failover": "failover",
    "MultiValueAnswer": "multi_value_answer",
    "TTL": "ttl",
    "ResourceRecords": "records",
    "AliasTarget": "alias_target",
    "HealthCheckId": "health_check_id",
}


class Quiet(WSGIRequestHandler):
    def log(self, type, message, *args):
        """Nothing is to be seen."""


class StrictRoute53:
    """`denied` are names that the credentials may not change; `roles`: there are some to assume,
    and `assumed` is what was said of the last one. `raw_errors`: refused batches are answered
    in Route 53's own form of error. `garbage`: nothing is answered as it should be. `spent` are
    references of health checks that are there no more.
    """

    def __init__(self):
        self.requests = []
        self.faults = deque()
        self.spent = set()
        self.denied = set()
        self.raw_errors = False
        self.roles = True
        self.assumed = {}
        self.garbage = False
        self._lock = threading.Lock()
        self._changes = 0
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def backend(self):
        return route53_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def add_zone(self, name, *, private=False):
        return self.backend.create_hosted_zone(name, private_zone=private).resource_id

    def clear(self):
        self.backend.zones.clear()
        self.backend.health_checks.clear()
        self.spent.clear()
        self.requests.clear()
        self.faults.clear()
        self.denied.clear()
        self.raw_errors = False
        self.roles = True
        self.garbage = False

    def held(self, zone_id):
        """All sets, as raw dictionaries by name, type and identifier."""
        raws = [_raw(each) for each in self.backend.zones[zone_id].rrsets]
        return {aws_rules.key(raw): raw for raw in raws}

    def put(self, zone_id, *raws):
        """As somebody else would; nothing is checked."""
        data = self.held(zone_id)
        data.update({aws_rules.key(raw): raw for raw in raws})
        self._keep(zone_id, data.values())

    def take(self, zone_id, raw):
        """As somebody else would."""
        data = self.held(zone_id)
        del data[aws_rules.key(raw)]
        self._keep(zone_id, data.values())

    def __call__(self, environ, start_response):
        request = Request(environ)
        environ["wsgi.input"] = io.BytesIO(request.get_data())
        line = f"{request.method} {request.path}"
        with self._lock:
            if request.path.startswith("/2013-04-01"):
                self.requests.append(line)
            fault = next((each for each in self.faults if each.on in line), None)
            if fault:
                self.faults.remove(fault)
                answer = error(fault)
            else:
                answer = self._answer(request) or self._moto
            return answer(environ, start_response)

    def _answer(self, request):
        if request.path == "/":
            self.assumed = dict(request.form)
        if request.path == "/" and not self.roles:
            return error(Fault("AccessDenied", "User is not authorized: sts:AssumeRole", 403))
        if self.garbage:
            return Response("<p>Please log in<br>")
        if request.path == CHECKS and request.method == "POST":
            return self._check_again(ElementTree.fromstring(request.get_data()))
        match = RRSET.fullmatch(request.path)
        if not match or match[1] not in self.backend.zones:
            return None
        if request.method == "GET":
            return xml(self._page(match[1], parse_qs(request.query_string.decode())))
        return self._change(match[1], ElementTree.fromstring(request.get_data()))

    def _check_again(self, root):
        """A reference says the same a second time, and nothing when it is spent."""
        reference = root.findtext(f"{{{XMLNS}}}CallerReference")
        if reference in self.spent:
            return error(Fault("HealthCheckAlreadyExists", "It was deleted.", 409))
        checks = self.backend.health_checks.items()
        known = (each for each, check in checks if check.caller_reference == reference)
        for each in known:
            return xml(
                f"<CreateHealthCheckResponse xmlns='{XMLNS}'><HealthCheck><Id>{each}</Id>"
                f"<CallerReference>{reference}</CallerReference>"
                "<HealthCheckVersion>1</HealthCheckVersion></HealthCheck>"
                "</CreateHealthCheckResponse>",
                status=201,
            )
        return None

    def add_check(self, health_check_id):
        """Somebody's, of an endpoint."""
        check = HealthCheck(health_check_id, "theirs", {"type": "TCP"})
        self.backend.health_checks[health_check_id] = check

    def drop_checks(self):
        """As somebody might who tidies the account."""
        self.spent |= {each.caller_reference for each in self.backend.health_checks.values()}
        self.backend.health_checks.clear()

    def _change(self, zone_id, root):
        changes = [
            (each.findtext(f"{{{XMLNS}}}Action"), parsed(each[1]))
            for each in root.iter(f"{{{XMLNS}}}Change")
        ]
        values = [value for _, raw in changes for value in raw.get("ResourceRecords", ())]
        if len(values) > 1000 or len(changes) > 1000:
            return error(Fault("InvalidChangeBatch", "Number of records limit of 1000 exceeded."))
        if sum(map(len, values)) > 32_000:
            return error(
                Fault("InvalidChangeBatch", "Number of characters limit of 32000 exceeded.")
            )
        if not self.denied.isdisjoint(raw["Name"] for _, raw in changes):
            said = "User is not authorized to perform: route53:ChangeResourceRecordSets"
            return error(Fault("AccessDenied", said, 403))
        data, wrong = self.held(zone_id), []
        about = {
            "zone": self.backend.zones[zone_id].name,
            "zone_id": zone_id,
            "checks": self.backend.health_checks,
        }
        for action, raw in changes:
            try:
                aws_rules.make(action, raw, data, **about)
            except Invalid as failure:
                wrong.append(failure)
        if wrong or not changes:
            return self._refused(wrong or [Invalid("there are no changes")])
        self._keep(zone_id, data.values())
        self._changes += 1
        return xml(
            f"<ChangeResourceRecordSetsResponse xmlns='{XMLNS}'><ChangeInfo>"
            f"<Id>/change/C{self._changes}</Id><Status>PENDING</Status>"
            "<SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>"
            "</ChangeInfo></ChangeResourceRecordSetsResponse>"
        )

    def _refused(self, wrong):
        said = list(map(str, wrong))
        codes = {each.code for each in wrong} - {"InvalidChangeBatch"}
        if codes:
            return error(Fault(min(codes), said[0]))
        if not self.raw_errors:
            return error(Fault("InvalidChangeBatch", f"[{', '.join(said)}]"))
        messages = "".join(f"<Message>{escape(each)}</Message>" for each in said)
        return xml(
            f"<InvalidChangeBatch xmlns='{XMLNS}'><Messages>{messages}</Messages>"
            "<RequestId>r</RequestId></InvalidChangeBatch>",
            status=400,
        )

    def _keep(self, zone_id, raws):
        self.backend.zones[zone_id].rrsets = [_record(raw) for raw in raws]

    def _page(self, zone_id, query):
        size = min(int(query["maxitems"][0]), 300)
        given = [query.get(key, [""])[0] for key in ("name", "type", "identifier")]
        if given[0]:
            given[0] = _reversed(stored(given[0]))
        raws = sorted(self.held(zone_id).values(), key=_order)
        raws = [raw for raw in raws if _order(raw) >= tuple(given)]
        body = "".join(
            f"<ResourceRecordSet>{dumped(raw)}</ResourceRecordSet>" for raw in raws[:size]
        )
        rest = ""
        if raws[size:]:
            name, rrtype, identifier = aws_rules.key(raws[size])
            rest = (
                f"<NextRecordName>{name}</NextRecordName><NextRecordType>{rrtype}</NextRecordType>"
            )
            if identifier:
                rest += f"<NextRecordIdentifier>{identifier}</NextRecordIdentifier>"
        return (
            f"<ListResourceRecordSetsResponse xmlns='{XMLNS}'>"
            f"<ResourceRecordSets>{body}</ResourceRecordSets>"
            f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{rest}"
            f"<MaxItems>{size}</MaxItems></ListResourceRecordSetsResponse>"
        )


def _order(raw):
    name, rrtype, identifier = aws_rules.key(raw)
    return _reversed(name), rrtype, identifier


def _reversed(name):
    return ".".join(reversed(name.removesuffix(".").split("."))) + "."


def _record(raw):
    record = RecordSet(dict(raw))
    record.raw = raw
    return record


def _raw(record):
    if hasattr(record, "raw"):
        return record.raw
    raw = {field: getattr(record, name) for field, name in FIELDS.items()}
    raw = {field: value for field, value in raw.items() if value not in (None, "", [])}
    if "ResourceRecords" in raw:
        # moto's own sets have them as they stand in a request, ours as texts.
        raw["ResourceRecords"] = [
            each if isinstance(each, str) else each["Value"] for each in raw["ResourceRecords"]
        ]
    return {**raw, "Name": stored(raw["Name"])}
