"""The controller-manager: the one place that builds things and owns their life."""

import asyncio
import contextlib
import logging
import os
import random
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

import click
import uvloop
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from kubefed_core import errors
from kubefed_core.api.config import Config
from kubefed_core.controllers.clusters import Clusters
from kubefed_core.controllers.members import Members
from kubefed_core.controllers.scheduling import Scheduling
from kubefed_core.controllers.statuses import Statuses
from kubefed_core.controllers.sync import Sync
from kubefed_core.controllers.sync_removal import BeforeRemoval
from kubefed_core.controllers.types import Types
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import version
from kubefed_core.resources import Resource
from kubefed_core.runtime import credentials, lasting, logs, probes
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.interests import Interests
from kubefed_core.runtime.lasting import Work
from kubefed_core.runtime.limit import Limiter
from kubefed_core.runtime.metrics import Metrics
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import interests, resolve, settings
from kubefed_dns.controllers.departures import Departures
from kubefed_dns.controllers.endpoints import Endpoints
from kubefed_dns.controllers.records import Records
from kubefed_dns.controllers.zones.zones import Zones
from kubefed_dns.flags import Options
from kubefed_dns.metrics import Journeys, Queries
from kubefed_dns.metrics import Metrics as DnsMetrics
from kubefed_dns.probe import Prober
from kubefed_dns.providers import embedded_settings
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.server import sockets
from kubefed_dns.server.server import Server

log = logging.getLogger(__name__)

LOOKUPS = 16
"""Threads for host names; a resolver that hangs holds up no more than these."""
LAST = 3.0
"""Seconds that a stop may take to write the last events."""


def run(options: Options) -> int:
    """Work until a signal says stop; the exit status."""
    logs.set_up(style=options.log_format, verbosity=options.verbosity)
    click.echo(f"KubeFed controller-manager version: {version.info()}")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(options))
    except Terminal as error:
        log.error("%s", error)  # noqa: TRY400
        return 1
    except Exception:
        log.exception("the controller-manager has failed")
        return 1
    return 0


def now() -> datetime:
    return datetime.now(UTC)


async def _run(options: Options) -> None:
    reach = partial(credentials.of_host, environ=dict(os.environ))
    access = await asyncio.to_thread(reach, options.kubeconfig, options.context, options.master)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with AsyncExitStack() as stack:
        manager = Manager(options, access)
        await manager.open(stack)
        works = await manager.build(stack, stop)
        await lasting.until(stop, works, failed=manager.meter.restarted)
        log.info("stopping")


class Manager:
    """Everything of one process, built in the order in which it is needed."""

    def __init__(self, options: Options, access: Access) -> None:
        self._options = options
        self._access = access
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self.meter = Metrics(self._registry)
        self._unready: dict[str, probes.Check] = {"start": lambda: "not started yet"}
        self._limiter = Limiter(options.qps, options.burst) if options.qps > 0 else None
        self._fleet = Fleet(connect=self._connect)

    def _connect(self, access: Access) -> Client:
        """A client; the flags limit the host's only."""
        return Client(access, limiter=self._limiter if access == self._access else None)

    async def open(self, stack: AsyncExitStack) -> None:
        """Answer probes, before anything that may take long."""
        for address, flag, app in (
            (
                self._options.healthz_addr,
                "--healthz-addr",
                probes.app(health={}, ready=self._unready, registry=None),
            ),
            (
                self._options.metrics_addr,
                "--metrics-addr",
                probes.app(health={}, ready={}, registry=self._registry),
            ),
        ):
            if address:
                runner = await probes.serve(app, address, flag=flag)
                stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(self._fleet.close)

    async def build(self, stack: AsyncExitStack, stop: asyncio.Event) -> dict[str, Work]:
        """Make all controllers; what is returned is to be run until the end, by name."""
        first = await self._first(stop)
        namespace = self._options.namespace
        on_host = interests.on_host(first, namespace)
        await self._fleet.engage(HOST, self._access, on_host.all())
        recorder = Recorder(
            self._fleet.client(HOST),
            component="kubefed-controller-manager",
            namespace=namespace,
            now=now,
        )
        stack.push_async_callback(_last_words, recorder)
        host = Host(fleet=self._fleet, recorder=recorder, namespace=namespace, now=now)
        server = await self._serve(stack)
        config = _settings(self._options, first, host)
        in_members = interests.in_members(first, namespace)
        self._fleet.watch_sight(partial(_meter_feed, self._fleet, self.meter))
        dns, before = self._dns(stack, host=host, config=config, server=server)
        works = {
            "recorder": recorder.run,
            **self._clusters(host=host, config=config, in_members=in_members),
            **self._propagation(host, config, on_host, in_members, before=before),
            **dns,
            **_admission(self._options, host=host, access=self._access),
        }
        self._unready.pop("start")
        self._unready["caches"] = partial(_unfollowed, self._fleet, first, namespace)
        return works

    async def _first(self, stop: asyncio.Event) -> Config:
        """The settings to start with; a stop while the host does not answer is a stop."""
        options = self._options
        if options.config_file:
            return settings.from_file(options.config_file)
        client = Client(self._access)
        reading = asyncio.create_task(
            settings.from_host(client, options.namespace, scope=options.default_scope)
        )
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise Terminal("stopped before the host has answered")
            return reading.result()
        finally:
            reading.cancel()
            stopped.cancel()
            await asyncio.gather(reading, stopped, return_exceptions=True)
            await client.close()

    async def _serve(self, stack: AsyncExitStack) -> Server:
        options = self._options
        policy = await asyncio.to_thread(
            embedded_settings.by_flags,
            ns_address=options.dns_ns_address,
            allow_transfer=options.dns_allow_transfer,
            notify=options.dns_notify,
            geoip_database=options.dns_geoip_database,
            listening=options.dns_address,
        )
        server = Server(now=now, ns_name=options.dns_ns_name, policy=policy, chance=random.random)
        self._registry.register(Queries(server.queries))
        if options.dns_address:
            host, port = sockets.parse(options.dns_address)
            await server.start(host, port)
            stack.push_async_callback(server.stop)
        return server

    def _clusters(
        self, *, host: Host, config: settings.Settings, in_members: Interests
    ) -> dict[str, Work]:
        members = Members(host=host, interests=in_members, meter=self.meter)
        clusters = Clusters(host=host, health=config().health, meter=self.meter)
        return {"members": members.run, "clusters": clusters.run}

    def _propagation(
        self,
        host: Host,
        config: settings.Settings,
        on_host: Interests,
        in_members: Interests,
        *,
        before: BeforeRemoval,
    ) -> dict[str, Work]:
        """What the feature gates have left on."""
        first, meter = config(), self.meter
        if not first.pushes:
            return {}
        sync = Sync(host=host, config=config, before_removal=before, meter=meter)
        statuses = Statuses(host=host, config=config, meter=meter)
        types = Types(
            host=host,
            config=config,
            sync=sync,
            statuses=statuses,
            on_host=on_host,
            in_members=in_members,
            meter=meter,
        )
        works: dict[str, Work] = {
            "sync": sync.run,
            "types": types.run,
            "statuses": statuses.run,
        }
        if first.schedules:
            works["scheduling"] = Scheduling(host=host, config=config, meter=meter).run
        return works

    def _dns(
        self, stack: AsyncExitStack, *, host: Host, config: settings.Settings, server: Server
    ) -> tuple[dict[str, Work], BeforeRemoval]:
        meter, dns_metrics = self.meter, DnsMetrics(self._registry)
        journeys = Journeys(dns_metrics, clock=asyncio.get_running_loop().time)
        threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        resolver, prober = resolve.Resolver(resolve.system(threads)), Prober()
        stack.push_async_callback(prober.close)
        zones = Zones(
            host=host,
            factories={
                "embedded": partial(Embedded, server=server),
                "octodns": partial(Octodns, modules=self._options.octodns_modules),
            },
            server=server,
            journeys=journeys,
            metrics=dns_metrics,
            meter=meter,
            chance=random.random,
        )
        self._unready["zones"] = zones.readiness
        departures = Departures(host, config=config, current=zones.current)
        records = Records(
            host=host,
            config=config,
            metrics=dns_metrics,
            journeys=journeys,
            edge=prober,
            resolver=resolver,
            departures=departures,
            meter=meter,
        )
        endpoints = Endpoints(host=host, resolver=resolver, journeys=journeys, meter=meter)
        works: dict[str, Work] = {"records": records.run, "endpoints": endpoints.run}
        works["zones"] = zones.run
        return works, departures.before_removal


def _settings(options: Options, first: Config, host: Host) -> settings.Settings:
    """Those of the object as it is now; a file stands in its place for good."""
    read = (lambda: None) if options.config_file else settings.reader(host)
    return settings.Settings(first, read=read)


def _admission(options: Options, *, host: Host, access: Access) -> Mapping[str, Work]:
    """The webhook in this process, where it is asked for; kopf is not imported for nothing."""
    if not options.admission_addr:
        return {}
    from kubefed_dns import handlers  # brings kopf

    return handlers.works(options.admission_addr, host=host, access=access, now=now)


async def _last_words(recorder: Recorder) -> None:
    """Write the events that still wait, unless the host does not take them."""
    with contextlib.suppress(errors.ApiError, OSError):
        async with asyncio.timeout(LAST):
            await recorder.flush()


def _meter_feed(fleet: Fleet, meter: Metrics, cluster: str, resource: Resource) -> None:
    store = fleet.sight(cluster, resource)
    if store is None:
        meter.feed_gone(cluster, str(resource))
    else:
        meter.feed(cluster, str(resource), live=store.live)


def _unfollowed(fleet: Fleet, config: Config, namespace: str) -> str | None:
    """Which of the host's resources are out of sight.

    Those of propagation do not count: the embedded server, which answers only
    while the process is ready, must not go out of service for a kind of theirs.
    """
    missing = [
        f"{interest.resource}: {store.error if store is not None else 'not followed'}"
        for interest in interests.of_host(config, namespace)
        if (store := fleet.sight(HOST, interest.resource)) is None or not store.live
    ]
    return "; ".join(missing) or None
