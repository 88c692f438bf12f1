"""hyperfed webhook-provider: its flags, and its life."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import uvloop
import yaml
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from kubefed_core.kubefedctl import flags
from kubefed_core.runtime import logs, probes
from kubefed_dns import records
from kubefed_dns.controllers.zones import rate
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.errors import Misconfigured, ProviderError
from kubefed_dns.providers import protocol
from kubefed_dns.providers.protocol import Context, Provider
from kubefed_dns.webhook_server import http
from kubefed_dns.webhook_server.service import Service

log = logging.getLogger(__name__)

WORKERS = 4
"""Zones at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How it was started; an empty health address is not listened on."""

    provider: str
    settings: Path | None = None
    credentials: Path | None = None
    zones: tuple[str, ...] = ()
    zone_ids: tuple[str, ...] = ()
    address: str = "127.0.0.1:8888"
    health_address: str = ":8080"
    naming: Naming = field(default_factory=Naming)
    log_format: str = "text"
    verbosity: int = 0


_FLAGS = (
    click.option(
        "--provider",
        required=True,
        metavar="TYPE",
        help="Which provider: rfc2136, for instance, or a plug-in's name.",
    ),
    click.option(
        "--settings",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="YAML file with its settings, as in DNSProvider.spec.TYPE.",
    ),
    click.option(
        "--credentials",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR",
        help="Directory with a file for each key of its Secret, as a Secret is mounted.",
    ),
    click.option(
        "--zones",
        multiple=True,
        metavar="ZONE,…",
        help="The zones; default all that the account shows.",
    ),
    click.option(
        "--zone-ids",
        multiple=True,
        metavar="ID,…",
        help="Their ids, where names are ambiguous.",
    ),
    click.option(
        "--address",
        default="127.0.0.1:8888",
        show_default=True,
        metavar="HOST:PORT",
        help="Where external-dns asks. There is no authentication: keep it in the pod.",
    ),
    click.option(
        "--health-address",
        default=":8080",
        show_default=True,
        metavar="HOST:PORT",
        help="Where /healthz, /readyz and /metrics are served; empty for nowhere.",
    ),
    click.option("--txt-prefix", default="", metavar="TEXT", help="As external-dns has it."),
    click.option("--txt-suffix", default="", metavar="TEXT", help="As external-dns has it."),
    click.option(
        "--txt-wildcard-replacement", default="", metavar="TEXT", help="As external-dns has it."
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the log on stderr is written.",
    ),
)


def command(start: Callable[[Options], int]) -> click.Command:
    """The command line that calls `start` with its options, and ends with its status."""

    def webhook_provider(*, verbosity: int | None, **given: Any) -> int:
        """Let external-dns (--provider webhook) use a provider of kubefed-dns."""
        names = ("txt_prefix", "txt_suffix", "txt_wildcard_replacement")
        naming = Naming(*(given.pop(name) for name in names))
        given["zones"] = tuple(map(records.canonical, _split(given["zones"])))
        given["zone_ids"] = _split(given["zone_ids"])
        return start(Options(**given, naming=naming, verbosity=verbosity or 0))

    made: Callable[..., Any] = flags.klog(webhook_provider)
    for flag in reversed(_FLAGS):
        made = flag(made)
    return click.command(
        "webhook-provider",
        cls=flags.Command,
        context_settings={"help_option_names": ["-h", "--help"]},
    )(made)


def run(options: Options) -> int:
    """Serve until a signal says stop; the exit status."""
    logs.set_up(style=options.log_format, verbosity=options.verbosity)
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with closing(made(options)) as provider, loop as runner:
        runner.run(_until_signalled(options, provider))
    return 0


def made(options: Options) -> Provider:
    """The provider that the options mean. Raises Misconfigured."""
    if options.provider == "embedded":
        raise Misconfigured("--provider: the embedded server has its zones in another process")
    context = Context(
        "webhook-provider",
        zones=options.zones,
        zone_ids=options.zone_ids,
        settings=_settings(options.settings),
        secret=_secret(options.credentials),
        take=rate.limiter(options.provider, None),
    )
    return protocol.factory(options.provider)(context)


async def serve(options: Options, provider: Provider, stop: asyncio.Event) -> None:
    """Answer until it is time to stop, and what has been asked by then."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics = http.Metrics(registry)
    unready = {"provider": "no zones seen yet"}
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(WORKERS, "provider"))
        service = Service(provider, executor=executor, naming=options.naming, count=metrics.changed)
        if options.health_address:
            ready = {"provider": lambda: unready.get("provider")}
            health = probes.app(health={}, ready=ready, registry=registry)
            runner = await probes.serve(health, options.health_address, flag="--health-address")
            stack.push_async_callback(runner.cleanup)
        runner = await probes.serve(http.app(service, metrics), options.address, flag="--address")
        stack.push_async_callback(runner.cleanup)
        try:
            log.info("serving zones %s at %s", await service.zones(), options.address)
        except ProviderError as error:
            log.warning("%s; external-dns will ask again", error)
        unready.clear()
        await stop.wait()
        log.info("stopping")


async def _until_signalled(options: Options, provider: Provider) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await serve(options, provider, stop)


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(filter(None, parts)))


def _settings(file: Path | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    try:
        said = yaml.safe_load(file.read_text())
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"--settings: {file} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise Misconfigured(f"--settings: {file} holds no object")
    return said


def _secret(directory: Path | None) -> dict[str, str]:
    """The files, without those that the kubelet keeps its versions in."""
    if directory is None:
        return {}
    try:
        files = [each for each in directory.iterdir() if each.name[:2] != ".." and each.is_file()]
        return {each.name: each.read_bytes().decode(errors="surrogateescape") for each in files}
    except OSError as error:
        raise Misconfigured(f"--credentials: {directory} cannot be read: {error}") from error
