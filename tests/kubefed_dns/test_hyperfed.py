"""Which program a call means."""

import os
import subprocess
import sys

import pytest

from kubefed_dns import hyperfed


@pytest.fixture
def programs():
    """Programs that give back what they are called with, by way of a list."""
    seen: list[object] = []

    def program(name, status):
        def run(args):
            seen.append((name, list(args)))
            return status

        return run

    return {"kubefedctl": program("kubefedctl", 3), "demo": program("demo", 0)}, seen


@pytest.mark.parametrize(("reason", "argv", "call", "status"), [
    ("By its first argument.", ["hyperfed", "kubefedctl", "join", "eu"],
     ("kubefedctl", ["join", "eu"]), 3),
    ("By the name it is called by.", ["/hyperfed/kubefedctl", "join", "eu"],
     ("kubefedctl", ["join", "eu"]), 3),
    ("The name counts before the argument.", ["./demo", "kubefedctl"], ("demo", ["kubefedctl"]), 0),
    ("Flags are the program's.", ["hyperfed", "demo", "--keep"], ("demo", ["--keep"]), 0),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_a_call_means_one_program(programs, reason, argv, call, status):
    known, seen = programs
    assert hyperfed.dispatch(argv, known) == status, reason
    assert seen == [call], reason


@pytest.mark.parametrize(("argv", "status", "error"), [
    (["hyperfed"], 1, ""),
    (["hyperfed", "--help"], 0, ""),
    (["hyperfed", "nonsense"], 1, "Error: 'nonsense' is no program of hyperfed"),
])  # fmt: skip
def test_no_program_means_help(programs, argv, status, error, capsys):
    known, seen = programs
    assert hyperfed.dispatch(argv, known) == status
    said = capsys.readouterr()
    assert seen == []
    assert "Usage: hyperfed PROGRAM" in said.out + said.err
    assert error in said.err


def test_links_are_made_once_for_every_program(programs, tmp_path):
    known, _ = programs
    call = [str(tmp_path / "hyperfed"), "--make-symlinks"]
    assert hyperfed.dispatch(call, known) == 0
    assert hyperfed.dispatch(call, known) == 0
    assert {os.readlink(tmp_path / name) for name in known} == {"hyperfed"}


def test_a_file_in_the_place_of_a_link_stays(programs, tmp_path, capsys):
    known, _ = programs
    (tmp_path / "demo").write_text("mine")
    assert hyperfed.dispatch([str(tmp_path / "hyperfed"), "--make-symlinks"], known) == 1
    assert (tmp_path / "demo").read_text() == "mine"
    assert f"cannot link {tmp_path / 'demo'}: File exists" in capsys.readouterr().err


def test_every_program_is_told_of():
    assert hyperfed.ABOUT.keys() == hyperfed.PROGRAMS.keys()


def test_starting_imports_nothing_slow():
    heavy = ["kubernetes", "aiohttp", "boto3", "google.cloud", "kopf", "dns"]
    program = (
        "import sys; from kubefed_dns import hyperfed; "
        "hyperfed.PROGRAMS['kubefedctl'](['--help']); "
        f"sys.exit(sum(name in sys.modules for name in {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0
