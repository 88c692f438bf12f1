"""All programs in one, chosen by the name it is called by or by its first argument."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubefed_core.kubefedctl import cli

if TYPE_CHECKING:
    from kubefed_dns.flags import Options

# The programs are imported when they are chosen: each needs much that the others do not.

Program = Callable[[Sequence[str]], int]
MAKE_SYMLINKS = "--make-symlinks"
ERROR = 1


def main() -> int:
    return dispatch(sys.argv, PROGRAMS)


def controller_manager() -> int:
    return _controller_manager(sys.argv[1:])


def kubefedctl() -> int:
    return _kubefedctl(sys.argv[1:], name=Path(sys.argv[0]).name)


def dispatch(argv: Sequence[str], programs: Mapping[str, Program]) -> int:
    """Run the program that `argv` means, with what is left of it; gives its exit status."""
    called = Path(argv[0]).name
    if called in programs:
        return programs[called](argv[1:])
    first, *rest = argv[1:] or [""]
    if first in programs:
        return programs[first](rest)
    if first == MAKE_SYMLINKS:
        return make_symlinks(Path(argv[0]), programs)
    asked = first in ("-h", "--help", "help")
    wrong = bool(first) and not asked
    if wrong:
        click.echo(f"Error: {first!r} is no program of hyperfed", err=True)
    click.echo(_help(programs), err=wrong)
    return 0 if asked else ERROR


def make_symlinks(executable: Path, programs: Mapping[str, Program]) -> int:
    """Put a link for each program beside the executable; what else is there already stays."""
    status = 0
    for name in programs:
        link = executable.parent / name
        try:
            if not (link.is_symlink() and os.readlink(link) == executable.name):
                link.symlink_to(executable.name)
        except OSError as error:
            click.echo(f"Error: cannot link {link}: {error.strerror}", err=True)
            status = ERROR
    return status


def _help(programs: Mapping[str, Program]) -> str:
    width = max(map(len, programs))
    lines = [f"  {name:<{width}}  {ABOUT.get(name, '')}".rstrip() for name in programs]
    return "\n".join(["Usage: hyperfed PROGRAM [FLAGS]", "", "Programs:", *lines, "",
                      "hyperfed PROGRAM --help tells more of one."])  # fmt: skip


def _controller_manager(args: Sequence[str]) -> int:
    from kubefed_dns import flags

    return cli.run(flags.command(_run, environ=os.environ), args, name="controller-manager")


def _run(options: "Options") -> int:
    from kubefed_dns import app

    return app.run(options)


def _kubefedctl(args: Sequence[str], *, name: str = "kubefedctl") -> int:
    return cli.main(args, name=name)


def _webhook(args: Sequence[str]) -> int:
    from kubefed_dns import webhook

    return cli.run(webhook.command(webhook.run), args, name="webhook")


def _demo(args: Sequence[str]) -> int:
    from kubefed_dns import demo

    return demo.main(args)


def _webhook_provider(args: Sequence[str]) -> int:
    from kubefed_dns.webhook_server import command

    return cli.run(command.command(command.run), args, name="webhook-provider")


PROGRAMS: Mapping[str, Program] = {
    "controller-manager": _controller_manager,
    "kubefedctl": _kubefedctl,
    "webhook": _webhook,
    "demo": _demo,
    "webhook-provider": _webhook_provider,
}
ABOUT = {
    "controller-manager": "look after the members of a host cluster, and their names",
    "kubefedctl": "join clusters, and look after what the host does for them",
    "webhook": "refuse what cannot be meant before it is taken (admission)",
    "demo": "see it all work on three control planes on this machine",
    "webhook-provider": "let external-dns use a provider of ours",
}

if __name__ == "__main__":
    sys.exit(main())
