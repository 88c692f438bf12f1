"""Flags as Go programs take them, on top of click.

`--flag value` and `--flag=value` mean the same, a switch can be given as `--flag`,
`--flag=true` and `--flag=false`, and a long flag may have a single dash.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, TypeVar

import click

from kubefed_core.api import durations

UNWELL = 1
"""Exit status where what was asked about is not as it should be."""
USAGE = 2
"""Exit status where the command line cannot be read."""
FAILED = 255
"""Exit status where it can, but the work cannot be done; KubeFed's, too."""
F = TypeVar("F", bound=Callable[..., object])

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})

_KLOG_SWITCHES = ("logtostderr", "alsologtostderr", "skip_headers", "skip_log_headers",
                  "add_dir_header", "one_output")  # fmt: skip
_KLOG_VALUES = ("log_dir", "log_file", "log_file_max_size", "log_flush_frequency",
                "log_backtrace_at", "stderrthreshold", "vmodule")  # fmt: skip


def duration(text: object) -> float:
    """Seconds, written as Go does: `5s`, `1m30s`, `500ms`; a bare number is seconds."""
    word = str(text).strip()
    try:
        found = durations.seconds(f"{word}s" if word.replace(".", "", 1).isdigit() else word)
    except ValueError:
        found = -1.0
    if found < 0:
        raise click.BadParameter(f"{word!r} is no duration; write it like 10s or 1m30s")
    return found


def listed(text: Sequence[str]) -> Sequence[str]:
    """Items given one by one or with commas between, each once, in order."""
    items = (item.strip() for part in text for item in part.split(","))
    return tuple(dict.fromkeys(item for item in items if item))


class Command(click.Command):
    """A click command that takes its flags as Go programs do."""

    mixed: ClassVar[bool] = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, spelled(args, self.get_params(ctx), mixed=self.mixed))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Group(Command, click.Group):
    """A click group that takes its own flags as Go programs do, up to the sub-command."""

    mixed: ClassVar[bool] = False


def spelled(args: Sequence[str], params: Sequence[click.Parameter], *, mixed: bool) -> list[str]:
    """The arguments as click spells them; `mixed` allows flags after positional arguments."""
    options = _options(params)
    left = iter(args)
    found: list[str] = []
    for arg in left:
        name, equals, value = arg.partition("=")
        if arg.startswith("-") and name not in options and f"-{name}" in options:
            name = f"-{name}"
        option = options.get(name)
        if arg == "--" or (option is None and not arg.startswith("-") and not mixed):
            return [*found, arg, *left]
        if option is None:
            found.append(arg)
        elif not option.is_flag:
            found += _valued(name, value if equals else None, left)
        elif not equals:
            found.append(name)
        else:
            _switch(found, name, option, _truth(name, value))
    return found


def _options(params: Sequence[click.Parameter]) -> Mapping[str, click.Option]:
    options = [param for param in params if isinstance(param, click.Option)]
    return {name: opt for opt in options for name in (*opt.opts, *opt.secondary_opts)}


def _valued(name: str, value: str | None, left: Iterator[str]) -> list[str]:
    if value is None:
        value = next(left, None)
    return [name] if value is None else [name, value]


def _truth(name: str, value: str) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise click.UsageError(f"{name} is a switch: give {name}=true or {name}=false, not {value!r}")


def _switch(found: list[str], name: str, option: click.Option, on: bool) -> None:
    """Say a switch so that the last mention wins."""
    found[:] = [arg for arg in found if arg not in (*option.opts, *option.secondary_opts)]
    if on == (name in option.opts):
        found.append(option.opts[0])
    elif option.secondary_opts:
        found.append(option.secondary_opts[0])


def klog(function: F) -> F:
    """Accept the flags of Go's klog; only the verbosity means something."""
    for name in reversed(_KLOG_SWITCHES):
        function = _ignored(name, is_flag=True)(function)
    for name in reversed(_KLOG_VALUES):
        function = _ignored(name, is_flag=False)(function)
    return click.option(
        "-v", "--v", "verbosity", type=int, metavar="LEVEL",
        help="How much to log on stderr: from 2 on what is done, from 4 on everything.",
    )(function)  # fmt: skip


def _ignored(name: str, *, is_flag: bool) -> Callable[[F], F]:
    spellings = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))
    return click.option(*spellings, is_flag=is_flag, hidden=True, expose_value=False)
