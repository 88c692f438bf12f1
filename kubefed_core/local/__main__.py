"""Real control planes from the command line: `python -m kubefed_core.local`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from kubefed_core.local import binaries
from kubefed_core.local.errors import LocalError


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


async def show_binaries() -> None:
    """Have the programs, and print their directory."""
    where = await binaries.ensure(report=say)
    sys.stdout.write(f"{where}\n")


async def up(names: Sequence[str]) -> None:
    """Run clusters of these names until a signal says to stop."""
    # Imported here: the command above must work where nothing but Python is installed.
    from kubefed_core.local.cluster import LocalCluster, together

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    where = await binaries.ensure(report=say)
    clusters = [LocalCluster(name, binaries=where, zones=[f"{name}-a"]) for name in names]
    say(f"Starting {', '.join(names)}.")
    async with together(*clusters):
        for cluster in clusters:
            sys.stdout.write(f"export KUBECONFIG={cluster.kubeconfig}  # {cluster.name}\n")
        sys.stdout.flush()
        say("All are ready; Ctrl-C stops them.")
        await stop.wait()
        say("Stopping.")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kubefed_core.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("binaries", help="have the programs, and print the directory they are in")
    starts = commands.add_parser(
        "up", help="run clusters until Ctrl-C, and print their kubeconfigs"
    )
    starts.add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args(argv)
    try:
        asyncio.run(show_binaries() if options.command == "binaries" else up(options.names))
    except LocalError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
