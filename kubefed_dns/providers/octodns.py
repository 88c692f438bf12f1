"""Zones on whatever octoDNS has a provider class for."""

import importlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kubefed_dns import records
from kubefed_dns.errors import (
    Denied,
    InvalidName,
    Misconfigured,
    ProviderError,
    Throttled,
    Unreachable,
    ZoneGone,
)
from kubefed_dns.providers import octodns_settings as settings
from kubefed_dns.providers import piecemeal
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.octodns_calls import Calls, Late
from kubefed_dns.providers.octodns_errors import Faults, Rejected
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.records import Group, RRset

if TYPE_CHECKING:
    from kubefed_dns.providers.octodns_zone import Work

MOST = 100
"""Groups in a plan, which most classes carry out record by record."""

R = TypeVar("R")


class Octodns:
    """One DNSProvider of type octodns, with classes from `modules` alone.

    octoDNS reads whole zones. Its providers keep what they have read, so each
    reading has an object of its own. `take` is called once for a reading or a
    plan, however many requests that makes of it. All that is theirs runs in
    threads that nobody has to wait for: most packages know no time-outs.
    """

    def __init__(self, context: Context, *, modules: Sequence[str] = settings.MODULES) -> None:
        self._context = context
        self._recipe = settings.parse(context, modules=modules)
        self._faults = Faults(self._recipe.name, context.secret.values())
        self._calls = Calls(timeout=self._recipe.timeout)
        self._meant: defaultdict[str, dict[RRset, RRset]] = defaultdict(dict)
        types = settings.TYPES & self._call("", "begin", lambda: set(self._made().SUPPORTS))
        self.capabilities = Capabilities(types=types, atomic=False, conditional=False)

    def zones(self) -> Iterable[str]:
        """Those given, else those that the class can list; a zone that is not there shows later."""
        if self._context.zones:
            return self._context.zones
        self._context.take()
        return tuple(map(records.canonical, self._call("", "list its zones", self._listed)))

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        work = self._work(zone)
        held = self._ours(f"read {zone}", work.held)
        if names is None:
            meant = self._meant[zone]
            self._meant[zone] = {told: meant[told] for told in work.said() if told in meant}
        some = held if names is None else names
        return tuple(rrset for name in some for rrset in held.get(name, {}).values())

    def marker(self, zone: str) -> None:
        """There is none."""
        self._check(zone)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        self._check(zone)
        if not groups:
            return ()
        work: Work | None = None

        def read() -> piecemeal.Zone:
            nonlocal work
            work = self._work(zone)
            return self._ours(f"read {zone}", work.held)

        def apply(changes: Sequence[records.Change]) -> None:
            assert work is not None
            self._context.take()
            self._call(zone, "apply a plan", partial(work.apply, changes, self._carry_out))

        backend = piecemeal.Backend(
            zone=zone, types=self.capabilities.types, read=read, apply=apply, most=MOST
        )
        return piecemeal.write(groups, backend)

    def close(self) -> None:
        """octoDNS has nothing to let go of; what is under way has a little time left."""
        self._calls.close()

    def _check(self, zone: str) -> None:
        if self._context.zones and zone not in self._context.zones:
            raise ZoneGone(f"{self._recipe.name}: {zone} is not among spec.zones")

    def _work(self, zone: str) -> "Work":
        self._check(zone)
        module = importlib.import_module("kubefed_dns.providers.octodns_zone")
        self._context.take()
        work: Work = self._call(
            zone, f"read {zone}", lambda: module.Work(zone, self._made(), self._meant[zone])
        )
        return work

    def _listed(self) -> list[str]:
        provider = self._made()
        if not hasattr(provider, "list_zones"):
            raise Misconfigured(f"spec.zones: name the zones; {self._recipe.name} lists none")
        return list(provider.list_zones())

    def _made(self) -> Any:
        """An object of the class, which some connect at once."""
        try:
            return self._recipe.kind(self._context.name, **self._recipe.settings)
        except TypeError as error:
            raise Misconfigured(
                f"spec.octodns.settings: {self._recipe.name} does not take them:"
                f" {self._faults.said(error)}"
            ) from None

    def _call(self, place: str, doing: str, do: Callable[[], R]) -> R:
        try:
            return self._ours(doing, lambda: self._calls.make(place, do))
        except Late as error:
            raise Unreachable(
                f"{self._recipe.name}: {doing}: {error}; see that spec.octodns.settings name the"
                " right place, or raise spec.octodns.timeout"
            ) from None

    def _ours(self, doing: str, do: Callable[[], R]) -> R:
        """Whatever a class raises comes out as an error of ours, without what led to it."""
        try:
            return do()
        except (ProviderError, InvalidName, Misconfigured, Refused, Late):
            raise
        except Exception as error:
            raise self._faults.error(error, doing) from None

    def _carry_out(self, do: Callable[[], None]) -> None:
        try:
            self._ours("apply a plan", do)
        except (Denied, Throttled, Unreachable):
            raise
        except ProviderError as error:
            whole = None if isinstance(error, Rejected) else error
            raise Refused(str(error), whole=whole) from None
