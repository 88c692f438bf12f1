"""Zones on Google Cloud DNS."""

import contextlib
import itertools
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError

from kubefed_dns import records
from kubefed_dns.errors import InvalidName, ProviderError, ZoneGone
from kubefed_dns.providers import exchange, google_items, google_notes, google_settings
from kubefed_dns.providers import google_errors as errors
from kubefed_dns.providers import google_sets as sets
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.directory import Directory, Hosted
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.providers.google_nodes import Nodes, Prepared
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.sift import Blamed, sift
from kubefed_dns.providers.spelling import Raw, Spelling
from kubefed_dns.records import REGION, WEIGHT, Group, RRset

# What one change may hold: so many additions, as many deletions, so much data.
MOST_SETS = 1000
MOST_OCTETS = 100_000
PAGE = 1000
# Of our own changes, how many of a zone are remembered.
KEPT = 1000
TIMEOUT = (5, 30)

# Zones that hold no sets of their own.
ELSEWHERE = ("peeringConfig", "forwardingConfig", "serviceDirectoryConfig")

Answer = Mapping[str, Any]


class Google:
    """One DNSProvider of type google.

    The marker of a zone is the id of its last change; they are counted. Sets with
    identifiers are one set there; what Cloud DNS has for tiers needs health checks
    of load balancers, so the hub fails over.
    """

    capabilities = Capabilities(types=sets.TYPES, routing=frozenset({WEIGHT, REGION}))

    def __init__(self, context: Context) -> None:
        settings = google_settings.parse(context)
        self._kind = settings.kind
        self._client = google_settings.client(settings, context.secret)
        self._take = context.take
        self._directory = Directory(
            zones=context.zones,
            ids=context.zone_ids,
            fetch=self._fetch,
            listing=self._listing,
            remedy="set spec.google.visibility",
        )
        self._spelling = Spelling(decode=sets.decode, encode=sets.encode, same=sets.same)
        self._nodes = Nodes()
        self._sizes: dict[str, int] = {}
        self._changes: defaultdict[str, deque[dict[str, str]]] = defaultdict(
            lambda: deque(maxlen=KEPT)
        )

    def zones(self) -> Iterable[str]:
        """Without those that only point elsewhere."""
        return self._directory.refresh()

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        """Sets that there is no word of ours for have what makes them so as a value."""
        pages = self._sizes.get(zone, len(names or ()) * PAGE) / PAGE + 1
        if names is None or len(names) > pages:
            self._spelling.forget(zone)
            raws = tuple(self._pages(self._path(zone, "rrsets"), "rrsets", zone=zone))
            self._sizes[zone] = len(raws)
            return self._learn(zone, raws)
        found = itertools.chain.from_iterable(self._named(zone, name) for name in sorted(names))
        return self._learn(zone, found, names)

    def marker(self, zone: str) -> str:
        query = {"maxResults": 1, "sortBy": "changeSequence", "sortOrder": "descending"}
        answer = self._ask("GET", self._path(zone, "changes"), zone=zone, query=query)
        return next((str(each["id"]) for each in answer.get("changes", ())), "")

    def expected(self, zone: str, marker: str) -> str | None:
        """The marker by now, if only we wrote since the zone was found to have this one."""
        if not marker.isdecimal():
            return None
        ours = {change["id"] for change in self._changes[zone]}
        last = int(marker)
        while str(last + 1) in ours:
            last += 1
        return str(last)

    def spelled(self, wanted: Sequence[RRset]) -> Sequence[RRset | str]:
        """The sets of a name have one TTL, the least."""
        return google_items.spelled(wanted)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        self._directory.find(zone)
        items, refusals = exchange.prepare(groups, zone, sets.TYPES)
        while items:
            # What comes to a name later has to see what came before.
            count = exchange.apart(items)
            refusals += self._deliver(zone, items[:count])
            items = items[count:]
        return refusals

    def identity(self, zone: str) -> str | None:
        found = self._directory.known(zone)
        return f"{self._client.project}/{found.id}" if found else None

    def change(self, zone: str) -> str | None:
        made = self._changes[zone]
        return made[-1]["id"] if made else None

    def settled(self, zone: str, change: str) -> bool:
        """Whether it is done: sent to all servers."""
        if {"id": change, "status": "done"} in self._changes[zone]:
            return True
        answer = self._ask("GET", f"{self._path(zone, 'changes')}/{change}", zone=zone)
        return str(answer["status"]) == "done"

    def close(self) -> None:
        self._client._http.close()

    def _learn(
        self, zone: str, raws: Iterable[Raw], names: Collection[str] | None = None
    ) -> tuple[RRset, ...]:
        named, plain = self._nodes.learn(zone, raws, names)
        return (*named, *self._spelling.read(zone, ((raw,) for raw in plain)))

    def _named(self, zone: str, name: str) -> Iterable[Raw]:
        """All that stands at a name, and the notes of it if there may be any."""
        path = self._path(zone, "rrsets")
        found = tuple(self._pages(path, "rrsets", zone=zone, name=name))
        if self._nodes.noted(zone, name, found):
            with contextlib.suppress(InvalidName):
                beside = google_notes.place(name)
                found += tuple(self._pages(path, "rrsets", zone=zone, name=beside, type="TXT"))
        return found

    def _deliver(self, zone: str, items: Sequence[Exchange]) -> list[Refusal]:
        unread = frozenset[str]().union(*(self._nodes.unread(zone, item) for item in items))
        if unread:
            self.read(zone, unread)
        ready, refused = list[Prepared](), list[tuple[Exchange, Refused]]()
        for item in items:
            try:
                made = self._nodes.prepared(zone, item, partial(self._spelling.old, zone))
            except InvalidName as error:
                refused.append((item, Refused(str(error))))
            except Refused as error:
                refused.append((item, Refused(f"Google: {error.reason}", lost=error.lost)))
            else:
                ready += [made] if made.deletions or made.additions else []
        path = self._path(zone, "changes")
        failed = sift(ready, send=lambda batch: self._change(zone, path, batch), fit=fit)
        refused += [(each.item, why) for each, why in failed]
        for item, _ in refused:
            self._nodes.doubt(zone, item)
        return [Refusal(item.group, why.reason, why.lost) for item, why in refused]

    def _change(self, zone: str, path: str, batch: Sequence[Prepared]) -> None:
        body = {
            "deletions": [raw for each in batch for raw in each.deletions],
            "additions": [raw for each in batch for raw in each.additions],
        }
        self._take()
        try:
            answer = self._client._connection.api_request("POST", path, data=body, timeout=TIMEOUT)
        except GoogleAPICallError as error:
            found = errors.blame(error, _places(batch))
            refusal = errors.refusal(error)
            if refusal is None:
                raise self._meaning(error, zone) from error
            raise (Blamed(found) if found else refusal) from error
        except (GoogleAuthError, requests.RequestException, ValueError) as error:
            raise self._meaning(error, zone) from error
        for each in batch:
            self._nodes.keep(zone, each)
            self._sizes[zone] = self._sizes.get(zone, 0) + len(each.additions) - len(each.deletions)
        self._changes[zone].append({"id": answer["id"], "status": answer["status"]})

    def _path(self, zone: str, what: str) -> str:
        return f"{self._zone_path(self._directory.find(zone).id)}/{what}"

    def _zone_path(self, hosted: str = "") -> str:
        path = f"/projects/{self._client.project}/managedZones"
        return f"{path}/{hosted}" if hosted else path

    def _listing(self) -> Iterable[Hosted]:
        return self._hosted(self._pages(self._zone_path(), "managedZones"))

    def _fetch(self, hosted: str) -> Hosted:
        found = self._ask("GET", self._zone_path(hosted))
        for each in self._hosted([found]):
            return each
        raise ZoneGone(
            f"Google: {hosted} is no {self._kind or 'usual'} zone with sets of its own;"
            " correct spec.zoneIDs"
        )

    def _hosted(self, found: Iterable[Answer]) -> Iterable[Hosted]:
        for each in found:
            kind = str(each.get("visibility", "public"))
            if self._kind in ("", kind) and not any(each.get(one) for one in ELSEWHERE):
                yield Hosted(records.canonical(str(each["dnsName"])), str(each["name"]), kind)

    def _pages(self, path: str, items: str, *, zone: str = "", **query: Any) -> Iterable[Answer]:
        query["maxResults"] = PAGE
        while True:
            answer = self._ask("GET", path, zone=zone, query=query)
            yield from answer.get(items, ())
            if not answer.get("nextPageToken"):
                return
            query["pageToken"] = answer["nextPageToken"]

    def _ask(
        self, method: str, path: str, *, zone: str = "", query: Mapping[str, Any] | None = None
    ) -> Answer:
        """One request."""
        self._take()
        try:
            answer: Answer = self._client._connection.api_request(
                method, path, query_params=query, timeout=TIMEOUT
            )
        except (
            GoogleAPICallError,
            GoogleAuthError,
            requests.RequestException,
            ValueError,
        ) as error:
            raise self._meaning(error, zone) from error
        return answer

    def _meaning(self, error: Exception, zone: str) -> ProviderError:
        meant = errors.fault(error)
        if isinstance(meant, ZoneGone):
            self._directory.forget(zone)
        return meant


def fit(items: Sequence[Prepared]) -> int:
    """How many of the first go into one change."""
    deletions = additions = octets = 0
    for count, each in enumerate(items[:MOST_SETS]):
        deletions += len(each.deletions)
        additions += len(each.additions)
        octets += each.octets
        if max(deletions, additions) > MOST_SETS or octets > MOST_OCTETS:
            return count
    return min(len(items), MOST_SETS)


def _places(batch: Sequence[Prepared]) -> dict[tuple[str, str], int]:
    """Whose each part of the change is, by what the service calls it."""
    places = {}
    for kind in ("deletions", "additions"):
        owned = [(at, raw) for at, each in enumerate(batch) for raw in getattr(each, kind)]
        for number, (at, raw) in enumerate(owned):
            places[kind, str(number)] = at
            places[kind, f"{raw['name']} {raw['type']}"] = at
    return places
