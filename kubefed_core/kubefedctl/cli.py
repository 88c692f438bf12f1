"""The command line's frame: its commands are plug-ins, its failures are one line.

Exit status: 0 done; 1 what was asked about is not well (`get --check`); 2 the command line cannot
be read; 130 interrupted; 255 everything else.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

import click

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import TRACE, Settings, takes_settings

COMMANDS = "kubefed.commands"
INTERRUPTED = 130
UNHEARD = 141
"""As a shell says it of a program that a broken pipe has ended."""


class Commands(flags.Group):
    """The commands of an entry-point group, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command
        found = entry_points(group=COMMANDS, name=cmd_name)
        return loaded(next(iter(found))) if found else None


def loaded(point: EntryPoint) -> click.Command:
    """The command, or one in its place that says why it cannot be had."""
    try:
        command = point.load()
        if isinstance(command, click.Command):
            return command
        cause = f"{point.value} is no click command"
    except Exception as error:
        # A plug-in of someone else; whatever it raises, the other commands work.
        cause = f"{type(error).__name__}: {error}"

    @click.command(point.name, short_help=f"(cannot be loaded: {cause})")
    @click.argument("args", nargs=-1, type=click.UNPROCESSED)
    def broken(args: tuple[str, ...]) -> None:
        raise KubeFedError(f"command {point.name!r} cannot be loaded: {cause}")

    return broken


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done; 2 the command line cannot be read; 255 the work could not be "
    "done, and the last line on stderr says why and what to do.",
)
@takes_settings
def kubefedctl(settings: Settings) -> None:
    """Join clusters to a host, and look after what the host does for them."""


def main(args: Sequence[str], *, name: str = "kubefedctl", settings: Settings | None = None) -> int:
    """One kubefedctl command line; `settings` are those that its flags start from."""
    return run(kubefedctl, args, name=name, settings=settings)


def run(
    command: click.Command, args: Sequence[str], *, name: str, settings: Settings | None = None
) -> int:
    """Run a command line; gives the exit status, the command's own where it is a number.

    Whatever happens ends here: a failure is a line on stderr, and no exception leaves.
    """
    context: list[click.Context] = []
    try:
        with command.make_context(name, list(args), obj=settings) as ctx:
            context.append(ctx)
            status = command.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        error.show()
        return flags.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return _unheard()
    except Exception as error:
        return _failed(error, context[0].obj if context else None)
    else:
        return status if isinstance(status, int) else 0
    return 0


def _unheard() -> int:
    """Whoever read our output has what he wanted, as `head` does; the rest goes nowhere.

    Without this the interpreter complains when it writes the last of it at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNHEARD


def _failed(error: Exception, settings: object) -> int:
    """The place where a failure ends: a line for the user, a traceback where asked for."""
    if isinstance(settings, Settings) and settings.verbosity >= TRACE:
        traceback.print_exception(error, file=sys.stderr)
    text = str(error)
    if not isinstance(error, KubeFedError):
        text = f"{type(error).__name__}: {text}; run again with -v={TRACE} to see where"
    click.echo(f"Error: {text}", err=True)
    return flags.FAILED
