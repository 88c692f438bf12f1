"""What every command is told: which kubeconfig, which host, which namespace, and how loud.

The flags are taken before the sub-command as well as after it; the later word counts.
"""

import functools
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import click

from kubefed_core.kubefedctl import flags, waiting
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.waiting import Clock
from kubefed_core.runtime import contexts
from kubefed_core.runtime.contexts import Context

NAMESPACE = "kube-federation-system"
TRACE = 4
"""The verbosity from which on a failure shows its traceback."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`host_context` is empty for the kubeconfig's current context."""

    kubeconfig: str = ""
    host_context: str = ""
    namespace: str = NAMESPACE
    dry_run: bool = False
    verbosity: int = 0
    clock: Clock = waiting.REAL

    def context(self) -> Context:
        """The host's, of the kubeconfig."""
        book = contexts.load(self.kubeconfig)
        return book.context(self.host_context, flag="--host-cluster-context")

    def host(self) -> Api:
        """The host's API server; a context manager."""
        context = self.context()
        return Api(context, label=f"host {context.name}")


def takes_settings(function: Callable[..., object]) -> Callable[..., object]:
    """Give a command the shared flags; it is called with the Settings first."""

    @click.pass_context
    @functools.wraps(function)
    def command(ctx: click.Context, /, **given: Any) -> object:
        names = ("kubeconfig", "host_context", "namespace", "dry_run", "verbosity")
        chosen = {name: given.pop(name) for name in names}
        before = ctx.obj if isinstance(ctx.obj, Settings) else Settings()
        told = {name: value for name, value in chosen.items() if value is not None}
        settings = replace(before, **told)
        ctx.find_root().obj = ctx.obj = settings
        listen(settings.verbosity)
        return function(settings, **given)

    shared = [
        click.option(
            "--kubeconfig", metavar="FILE",
            help="The kubeconfig; default $KUBECONFIG, then ~/.kube/config.",
        ),
        click.option(
            "--host-cluster-context", "host_context", metavar="NAME",
            help="Context of the host cluster; default the current one.",
        ),
        click.option(
            "--kubefed-namespace", "namespace", metavar="NAME",
            help=f"Namespace of the control plane, in host and members; default {NAMESPACE}.",
        ),
        click.option(
            "--dry-run", is_flag=True, default=None,
            help="Check everything, say what would be done, and change nothing.",
        ),
    ]  # fmt: skip
    made: Callable[..., object] = flags.klog(command)
    for option in reversed(shared):
        made = option(made)
    return made


def listen(verbosity: int) -> None:
    """Send the log to stderr, as much of it as the verbosity asks for."""
    level = logging.WARNING
    if verbosity >= TRACE:
        level = logging.DEBUG
    elif verbosity >= 2:
        level = logging.INFO
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().setLevel(level)
    # The official client's debug log holds the bodies of answers, and so tokens.
    logging.getLogger("kubernetes").setLevel(logging.WARNING)
