"""The programs built from source, with the module files in `tools` that pin every version."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kubefed_core.local import commands, toolchain
from kubefed_core.local.release import VERSION, Program
from kubefed_core.local.report import Report, share, telling
from kubefed_core.local.toolchain import Go

TOOLS = Path(__file__).parent / "tools"
FILES = ("go.mod", "go.sum", "tools.go")
FETCHED = "go: downloading "
STALE = "{{if .Stale}}{{.ImportPath}}{{end}}"
FLAGS = ("-trimpath", "-ldflags", f"-s -w -X k8s.io/component-base/version.gitVersion={VERSION}")


async def get(
    wanted: Sequence[Program],
    into: Path,
    *,
    home: Path,
    environ: Mapping[str, str],
    report: Report,
) -> None:
    """A way of `binaries`; what was compiled before an interruption is not compiled again."""
    names = ", ".join(program.name for program in wanted)
    report(f"Building {names} from source, once: some six minutes on two processors.")
    os.makedirs(home, exist_ok=True)
    needed = go_line((TOOLS / "go.mod").read_text())
    go = await toolchain.find(needed, home=home, environ=environ, report=report)
    with tempfile.TemporaryDirectory(dir=home) as name:
        modules = Path(name)
        for file in FILES:
            shutil.copyfile(TOOLS / file, modules / file)
        out = modules / "out"
        out.mkdir()
        total = await _fetch(go, wanted, modules, report)
        await _compile(go, wanted, modules, total=total, report=report)
        for program in wanted:
            (out / built_as(program)).replace(into / program.name)


def go_line(module: str) -> str:
    """The Go version that a go.mod asks for."""
    match = re.search(r"^go (\S+)$", module, re.MULTILINE)
    assert match is not None
    return match[1]


def required(module: str) -> int:
    """How many modules a go.mod lists."""
    return len(re.findall(r"^\t\S+ v\S+(?: // indirect)?$", module, re.MULTILINE))


def built_as(program: Program) -> str:
    """The name `go build` gives: the last part of the package that is no major version."""
    return next(part for part in reversed(program.package.split("/")) if part != "v3")


async def _fetch(go: Go, wanted: Sequence[Program], modules: Path, report: Report) -> int:
    """Download the modules; how many packages are to be compiled then."""
    fetched, stale = set[str](), set[str]()
    most = required((modules / "go.mod").read_text())

    def note(line: str) -> None:
        if line.startswith(FETCHED):
            fetched.add(line)
        elif line and not line.startswith("go: "):
            stale.add(line)

    def progress() -> str:
        return f"fetching the source: {len(fetched)} of at most {most} modules"

    packages = [program.package for program in wanted]
    async with telling(report, progress):
        await commands.run(
            *(str(go.program), "list", *FLAGS, "-deps", "-f", STALE, *packages),
            environ=go.environ,
            cwd=modules,
            each=note,
        )
    report(f"The source is here; {len(stale)} packages are to be compiled.")
    return len(stale)


async def _compile(
    go: Go, wanted: Sequence[Program], modules: Path, *, total: int, report: Report
) -> None:
    done = set[str]()

    def note(line: str) -> None:
        if line and not line.startswith(("go: ", "#")):
            done.add(line)

    def progress() -> str:
        if len(done) >= total:
            return "all packages are compiled; linking the programs, the last step"
        return "compiled " + share(len(done), total, "packages")

    packages = [program.package for program in wanted]
    async with telling(report, progress):
        await commands.run(
            *(str(go.program), "build", "-v", *FLAGS, "-o", "out/", *packages),
            environ=go.environ,
            cwd=modules,
            each=note,
        )
