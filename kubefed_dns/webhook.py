"""hyperfed webhook: its flags, and its life."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
import uvloop

from kubefed_core.admission import service
from kubefed_core.kubefedctl import flags, version
from kubefed_core.kubefedctl.settings import NAMESPACE
from kubefed_core.resources import TYPE_CONFIGS
from kubefed_core.runtime import credentials, lasting, logs
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import handlers
from kubefed_dns.flags import NAMESPACE_FILE, REACHING, SPEAKING, namespace
from kubefed_dns.resources import DOMAINS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How it was started; an empty `kubeconfig` and `master` mean: in a cluster."""

    namespace: str
    kubeconfig: str = ""
    context: str = ""
    master: str = ""
    serving: service.Options = field(default_factory=service.Options)
    log_format: str = "text"
    verbosity: int = 0


_FLAGS = (
    *REACHING,
    click.option(
        "--cert-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR",
        help="Directory with tls.crt, tls.key and, if it shall be told to the API server, "
        "ca.crt; without it a certificate is made, and kept in a Secret.",
    ),
    click.option(
        "--cert-hosts",
        default="",
        metavar="NAME,...",
        help="Names and addresses for the certificate, beside the Service's and localhost.",
    ),
    click.option(
        "--bind-address",
        default="",
        metavar="ADDRESS",
        help="Where to listen; default on every address.",
    ),
    click.option(
        "--secure-port",
        type=click.IntRange(0, 65535),
        default=8443,
        show_default=True,
        metavar="PORT",
        help="At which port, by HTTPS; /readyz/ is answered there too.",
    ),
    *SPEAKING,
)


def command(
    start: Callable[[Options], int], *, namespace_file: Path = NAMESPACE_FILE
) -> click.Command:
    """The command line that calls `start` with its options, and ends with its status."""

    def webhook(*, show_version: bool, verbosity: int | None, **given: Any) -> int:
        """Refuse what cannot be meant before the API server takes it."""
        if show_version:
            click.echo(f"KubeFed webhook version: {version.info()}")
            return 0
        given["namespace"] = namespace(given, namespace_file, default=NAMESPACE)
        serving = service.Options(
            host=given.pop("bind_address") or None,
            port=given.pop("secure_port"),
            directory=given.pop("cert_dir"),
            names=tuple(filter(None, given.pop("cert_hosts").split(","))),
        )
        return start(Options(**given, serving=serving, verbosity=verbosity or 0))

    made: Callable[..., Any] = flags.klog(webhook)
    for flag in reversed(_FLAGS):
        made = flag(made)
    return click.command(
        "webhook",
        cls=flags.Command,
        context_settings={"help_option_names": ["-h", "--help"]},
    )(made)


def run(options: Options) -> int:
    """Serve until a signal says stop; the exit status."""
    logs.set_up(style=options.log_format, verbosity=options.verbosity)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signalled(options))
    return 0


def now() -> datetime:
    return datetime.now(UTC)


async def _until_signalled(options: Options) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    reach = partial(credentials.of_host, environ=dict(os.environ))
    access = await asyncio.to_thread(reach, options.kubeconfig, options.context, options.master)
    await serve(options, access, stop)


async def serve(options: Options, access: Access, stop: asyncio.Event) -> None:
    """Answer until it is time to stop."""
    async with AsyncExitStack() as stack:
        fleet = Fleet()
        stack.push_async_callback(fleet.close)
        seen = (Interest(resource, options.namespace) for resource in (TYPE_CONFIGS, DOMAINS))
        await fleet.engage(HOST, access, tuple(seen))
        host = Host(
            fleet=fleet,
            recorder=Recorder(
                fleet.client(HOST), component="webhook", namespace=options.namespace, now=now
            ),
            namespace=options.namespace,
            now=now,
        )
        works = service.works(
            handlers.every(host), host=host, access=access, options=options.serving, now=now
        )
        await lasting.until(stop, works, failed=lambda _: None)
        log.info("stopping")
