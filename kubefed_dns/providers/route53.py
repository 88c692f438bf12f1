"""Zones on Amazon Route 53."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from kubefed_dns.errors import InvalidName, ProviderError, ZoneGone
from kubefed_dns.providers import exchange, route53_settings, route53_words
from kubefed_dns.providers import route53_errors as errors
from kubefed_dns.providers import route53_sets as sets
from kubefed_dns.providers.directory import Directory, Hosted
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.route53_changes import Action, Delivery
from kubefed_dns.providers.route53_health import HealthCheck
from kubefed_dns.providers.route53_text import name_of, octal
from kubefed_dns.providers.spelling import Raw, Raws, Spelling
from kubefed_dns.records import ROUTING, Group, RRset

# Items of one answer, the most that AWS gives.
PAGE, ZONES_PAGE = 300, 100

Answer = Mapping[str, Any]


class Route53:
    """One DNSProvider of type route53.

    It has no marker: the serial of a Route 53 zone does not move. Every write
    deletes exactly what was there and creates what shall be, so that what
    others wrote is never overwritten.
    """

    capabilities = Capabilities(types=sets.TYPES, routing=ROUTING, aliases=True)

    def __init__(self, context: Context) -> None:
        settings = route53_settings.parse(context)
        self._kind = settings.kind
        self._client = route53_settings.client(settings, context.secret)
        self._take = context.take
        self._directory = Directory(
            zones=context.zones,
            ids=[each.removeprefix("/hostedzone/") for each in context.zone_ids],
            fetch=self._fetch,
            listing=self._listing,
            remedy="set spec.route53.zoneType",
        )
        self._regions = route53_settings.regions()
        self._spelling = Spelling(decode=sets.decode, encode=self._encode, same=sets.same)
        self._check = HealthCheck(self._ask)
        self._sizes: dict[str, int] = {}
        self._changes: dict[str, str] = {}

    def zones(self) -> Iterable[str]:
        """Without those that an AWS service keeps for itself."""
        return self._directory.refresh()

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        """Sets that there is no word of ours for have what makes them so as a value."""
        hosted = self._directory.find(zone)
        if names is None or len(names) > max(1, self._pages(hosted)):
            self._spelling.forget(zone)
            raws = tuple(self._all(zone, hosted.id))
            self._sizes[zone] = len(raws)
        else:
            raws = tuple(self._some(zone, hosted.id, names))
        checked = map(self._check.read, raws)
        nodes = (tuple(node) for _, node in itertools.groupby(checked, key=_name))
        return tuple(self._spelling.read(zone, nodes))

    def marker(self, zone: str) -> None:
        self._directory.find(zone)

    def spelled(self, wanted: Sequence[RRset]) -> Sequence[RRset | str]:
        """Load balancers of AWS are followed; of the tiers of a name, the first two are written."""
        return route53_words.spelled(wanted, regions=self._regions)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        hosted = self._directory.find(zone)
        ready, refusals = exchange.prepare(groups, zone, sets.TYPES)
        delivery = Delivery(
            old=lambda rrset: self._spelling.old(zone, rrset),
            new=self._encode,
            ready=self._check.find,
            send=lambda actions: self._change(zone, hosted.id, actions),
        )
        return refusals + delivery.deliver(ready)

    def identity(self, zone: str) -> str | None:
        found = self._directory.known(zone)
        return found.id if found else None

    def change(self, zone: str) -> str | None:
        return self._changes.get(zone)

    def settled(self, zone: str, change: str) -> bool:
        """Whether it is INSYNC."""
        info = self._ask("get_change", zone=zone, Id=change)["ChangeInfo"]
        return str(info["Status"]) == "INSYNC"

    def close(self) -> None:
        self._client.close()

    def _encode(self, rrset: RRset) -> Raws:
        return sets.encode(rrset, regions=self._regions)

    def _pages(self, hosted: Hosted) -> float:
        """How many requests it takes to read all of a zone, as far as is known."""
        known = [self._sizes.get(hosted.name), hosted.sets]
        sizes = [each for each in known if each is not None]
        return max(sizes) / PAGE + 1 if sizes else float("inf")

    def _all(self, zone: str, hosted: str) -> Iterable[Raw]:
        start: Answer = {}
        while True:
            page = self._page(zone, hosted, start)
            yield from page["ResourceRecordSets"]
            start = _next(page)
            if not start:
                return

    def _some(self, zone: str, hosted: str, names: Collection[str]) -> Iterable[Raw]:
        """A page from each name on, unless a page before held all of it."""
        wanted = frozenset(names)
        seen = set[str]()
        for name in sorted(wanted):
            start: Answer = {} if name in seen else {"StartRecordName": octal(name)}
            while start:
                page = self._page(zone, hosted, start)
                found = [(_name(raw), raw) for raw in page["ResourceRecordSets"]]
                start = _next(page)
                # What stands last may go on, on the next page.
                cut = found[-1][0] if found and start else None
                whole = {at for at, _ in found} - {cut} - seen
                yield from (raw for at, raw in found if at == name or at in whole & wanted)
                seen |= whole
                if cut != name:
                    break

    def _change(self, zone: str, hosted: str, actions: Sequence[Action]) -> None:
        info = self._ask(
            "change_resource_record_sets",
            zone=zone,
            HostedZoneId=hosted,
            ChangeBatch={
                "Changes": [
                    {"Action": action, "ResourceRecordSet": self._check.written(raw)}
                    for action, raw in actions
                ]
            },
        )["ChangeInfo"]
        self._sizes[zone] = self._sizes.get(zone, 0) + sum(map(_growth, actions))
        self._changes[zone] = str(info["Id"]).removeprefix("/change/")

    def _page(self, zone: str, hosted: str, start: Answer) -> Answer:
        return self._ask(
            "list_resource_record_sets",
            zone=zone,
            HostedZoneId=hosted,
            MaxItems=str(PAGE),
            **start,
        )

    def _listing(self) -> Iterable[Hosted]:
        start: Answer = {}
        while True:
            page = self._ask("list_hosted_zones", MaxItems=str(ZONES_PAGE), **start)
            yield from self._hosted(page["HostedZones"])
            if not page["IsTruncated"]:
                return
            start = {"Marker": page["NextMarker"]}

    def _fetch(self, hosted: str) -> Hosted:
        found = self._ask("get_hosted_zone", Id=hosted)["HostedZone"]
        for each in self._hosted([found]):
            return each
        raise ZoneGone(
            f"Route 53: {hosted} is no {self._kind or 'usual'} zone; correct spec.zoneIDs"
        )

    def _hosted(self, found: Iterable[Answer]) -> Iterable[Hosted]:
        for each in found:
            kind = "private" if each.get("Config", {}).get("PrivateZone") else "public"
            if each.get("LinkedService") or self._kind not in ("", kind):
                continue
            name, hosted = name_of(each["Name"]), each["Id"].removeprefix("/hostedzone/")
            yield Hosted(name, hosted, kind, each.get("ResourceRecordSetCount"))

    def _ask(self, operation: str, *, zone: str = "", **params: Any) -> Answer:
        """One request. Raises Rejected or Refused where a change may be at fault itself."""
        self._take()
        try:
            answer: Answer = getattr(self._client, operation)(**params)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise self._meaning(error, operation, zone) from error
        return answer

    def _meaning(self, error: Exception, operation: str, zone: str) -> Exception:
        if operation == "change_resource_record_sets":
            meant = errors.refusal(error)
            if isinstance(error, ClientError) and errors.code_of(error) == "NoSuchHealthCheck":
                self._check.forget()
            if meant is not None:
                return meant
        fault: ProviderError = errors.fault(error)
        if isinstance(fault, ZoneGone):
            self._directory.forget(zone)
        return fault


def _next(page: Answer) -> Answer:
    """Where the next page starts; empty where there is none."""
    if not page["IsTruncated"]:
        return {}
    parts = {"StartRecordName": "Name", "StartRecordType": "Type"}
    parts |= {"StartRecordIdentifier": "Identifier"}
    found = {start: page.get(f"NextRecord{part}") for start, part in parts.items()}
    return {start: value for start, value in found.items() if value}


def _growth(action: Action) -> int:
    return -1 if action[0] == "DELETE" else 1


def _name(raw: Raw) -> str:
    try:
        return name_of(str(raw["Name"]))
    except InvalidName:
        return ""
