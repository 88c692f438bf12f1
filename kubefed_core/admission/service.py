"""The admission webhook as a whole: rules, endpoint, certificate, and kopf between them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kubefed_core.admission.endpoint import Endpoint
from kubefed_core.admission.keeper import Keeper
from kubefed_core.admission.keys import NAME
from kubefed_core.admission.operator import Operator
from kubefed_core.admission.rules import Rule
from kubefed_core.runtime import backoff, lasting
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.lasting import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where it listens: `host` None is everywhere, `port` 0 is any.

    `directory` has the certificate, where it is not to be made here; `names` are
    names and addresses that it is reached by, beside those of its Service and of
    this machine to itself.
    """

    host: str | None = None
    port: int = 8443
    directory: Path | None = None
    names: tuple[str, ...] = ()


def works(
    rules: Collection[Rule],
    *,
    host: Host,
    access: Access,
    options: Options,
    now: Callable[[], datetime],
) -> Mapping[str, Work]:
    """What is to be kept running, by name."""
    endpoint = Endpoint(host=options.host, port=options.port)
    operator = Operator(rules, access=access, endpoint=endpoint)
    keeper = Keeper(
        client=lambda: host.client,
        namespace=host.namespace,
        hosts={*_names(host.namespace), *options.names},
        paths={rule.path for rule in rules},
        take=endpoint.take,
        now=now,
        directory=options.directory,
    )

    async def serve() -> None:
        await keeper.first.wait()
        # Nobody writes what it guards while it is away, so it does not stay away for long.
        await lasting.keep("kopf", operator.run, failed=lambda _: None, retry=backoff.FEED)

    return {"admission": serve, "certificate": keeper.run}


def _names(namespace: str) -> tuple[str, ...]:
    return f"{NAME}.{namespace}.svc", "localhost", "127.0.0.1", "::1"
