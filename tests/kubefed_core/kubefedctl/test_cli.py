"""The frame of the command line."""

import subprocess
import sys

import click
import pytest

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl import cli, flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings


def run(capsys, *args, **options):
    status = cli.main(args, **options)
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def command():
    """A command that hands its settings to a list, or raises what stands in it."""
    seen: list[object] = []

    @click.command("probe", cls=flags.Command)
    @takes_settings
    def probe(settings: Settings) -> None:
        if seen:
            raise seen[0]
        seen.append(settings)

    cli.kubefedctl.add_command(probe)
    yield seen
    del cli.kubefedctl.commands["probe"]


def test_without_a_command_there_is_help(capsys):
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    for name in ("join", "unjoin", "version"):
        assert f"\n  {name}" in out


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["join", "--help"], ["unjoin", "-h"]])
def test_help_can_be_asked_for(capsys, args):
    status, out, err = run(capsys, *args)
    assert (status, err) == (0, "")
    assert "--host-cluster-context" in out


def test_the_version_has_the_form_that_scripts_know(capsys):
    status, out, _ = run(capsys, "version")
    assert status == 0
    assert out.startswith('kubefedctl version: version.Info{Version:"v')


@pytest.mark.parametrize(("args", "word"), [
    (["joni"], "No such command 'joni'"),
    (["--what"], "No such option"),
    (["join", "--what"], "No such option"),
    (["join", "eu", "us"], "unexpected extra argument"),
    (["join", "eu", "--wait=soon"], "'soon' is no duration"),
    (["join", "eu", "--dry-run=maybe"], "--dry-run=true or --dry-run=false"),
    (["join", "eu", "-v=loud"], "'loud' is not a valid integer"),
    (["join", "--region"], "requires an argument"),
])  # fmt: skip
def test_a_command_line_that_cannot_be_read_is_status_2(capsys, args, word):
    status, out, err = run(capsys, *args)
    assert (status, out) == (2, "")
    assert word in err
    assert "Usage: kubefedctl" in err


def test_shared_flags_are_taken_on_either_side_of_the_command(capsys, command):
    args = ["--kubeconfig=a", "--dry-run", "-v=1", "probe", "--kubeconfig", "b", "--v", "2"]
    assert run(capsys, *args)[0] == 0
    (settings,) = command
    assert (settings.kubeconfig, settings.dry_run, settings.verbosity) == ("b", True, 2)
    assert settings.namespace == "kube-federation-system"


def test_a_known_failure_is_one_line_and_status_255(capsys, command):
    command.append(KubeFedError("it is so; do that"))
    assert run(capsys, "probe") == (255, "", "Error: it is so; do that\n")


def test_an_unknown_failure_shows_its_kind_and_where_to_see_more(capsys, command):
    command.append(ZeroDivisionError("division by zero"))
    status, _, err = run(capsys, "probe")
    assert status == 255
    assert err == "Error: ZeroDivisionError: division by zero; run again with -v=4 to see where\n"


def test_a_loud_failure_shows_its_traceback(capsys, command):
    command.append(KubeFedError("it is so"))
    status, _, err = run(capsys, "probe", "-v=4")
    assert status == 255
    assert "Traceback" in err
    assert err.endswith("Error: it is so\n")


def test_an_interrupt_is_status_130(capsys, command):
    command.append(KeyboardInterrupt())
    assert run(capsys, "probe") == (130, "", "Interrupted.\n")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_who_reads_no_further_ends_it_without_a_word(tmp_path, lines):
    program = (
        "import click, sys; from kubefed_core.kubefedctl import cli\n"
        "@click.command()\n"
        f"def talk(): sys.stdin.read(); [click.echo('a line') for _ in range({lines})]\n"
        "sys.exit(cli.run(talk, [], name='talk'))"
    )
    pipe = subprocess.PIPE
    started = subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe
    )
    started.stdout.close()
    _, err = started.communicate(b"go")
    assert (started.returncode, err) == (141, b"")


class Point:
    """An entry point as far as it is looked at."""

    name = "extra"
    value = "somewhere:extra"

    def __init__(self, found: object) -> None:
        self._found = found

    def load(self) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@pytest.mark.parametrize(("found", "cause"), [
    (ImportError("no module x"), "ImportError: no module x"),
    (object(), "somewhere:extra is no click command"),
])  # fmt: skip
def test_a_plugin_that_cannot_be_loaded_says_so_when_it_is_called(capsys, found, cause):
    command = cli.loaded(Point(found))
    assert command.get_short_help_str(200) == f"(cannot be loaded: {cause})"
    with pytest.raises(KubeFedError, match=cause):
        command.main(["any", "thing"], standalone_mode=False)


def test_a_plugin_is_the_command_itself():
    assert cli.loaded(Point(cli.kubefedctl)) is cli.kubefedctl


def test_starting_imports_nothing_slow():
    heavy = ["kubernetes", "aiohttp", "boto3", "google.cloud", "kopf", "dns"]
    program = (
        "import sys; from kubefed_core.kubefedctl import cli; cli.main(['--help']); "
        f"sys.exit(sum(name in sys.modules for name in {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0
