"""The whole job on three control planes of this machine, for somebody who sees it first."""

import asyncio
import logging
from collections.abc import Sequence

import click
from rich.console import Console

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl import cli, flags
from kubefed_core.local.errors import LocalError
from kubefed_dns.demo.story import tell


def main(args: Sequence[str]) -> int:
    """Run the demo; the exit status: 0, or 1 where it has failed."""
    return cli.run(command, args, name="hyperfed demo")


@click.command("demo", cls=flags.Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--keep", is_flag=True, help="Leave it running until Ctrl-C, to try things by hand.")
def command(*, keep: bool) -> int:
    """Start a host and two members on this machine and watch their names come into DNS.

    Everything is on loopback and gone at the end. The first run gets or builds the
    Kubernetes programs, which may take minutes; they are kept for the next.
    """
    console = Console(highlight=False, soft_wrap=True)
    # The clouds of this process complain when the demo takes their API server away.
    logging.getLogger("kubefed_core").setLevel(logging.CRITICAL)
    try:
        asyncio.run(tell(console, keep=keep))
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything is stopped.")
        return 130
    except (KubeFedError, LocalError, OSError) as error:
        console.print(f"\nThe demo has failed: {error}", style="bold red", markup=False)
        return 1
    return 0
