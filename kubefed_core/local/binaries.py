"""The programs of a control plane: found on this machine, or else got once and kept.

They are looked for where KUBEBUILDER_ASSETS says, on the PATH, and in the cache. What is missing
is downloaded as the projects release it, and where that cannot be, built from source.
This module and all that it imports need nothing but Python itself, so that a machine can get the
programs while its Python packages are still being installed.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kubefed_core.local import build, download
from kubefed_core.local.errors import LocalError
from kubefed_core.local.lock import exclusive
from kubefed_core.local.release import PROGRAMS, VERSION, Program, cache, fits
from kubefed_core.local.report import Report, silent
from kubefed_core.local.search import Ask, Search, ask


class Way(Protocol):
    """A way to get programs that are nowhere on this machine.

    Puts those it can get into a directory, each under its name, and raises LocalError where that
    is not all of them. `home` is a directory, made or not, that outlives an interruption: for
    work that would be lost. It is removed when all programs are there.
    """

    async def __call__(
        self,
        wanted: Sequence[Program],
        into: Path,
        *,
        home: Path,
        environ: Mapping[str, str],
        report: Report,
    ) -> None: ...


WAYS: tuple[Way, ...] = (download.get, build.get)


async def ensure(
    *,
    report: Report = silent,
    environ: Mapping[str, str] = os.environ,
    ways: Sequence[Way] = WAYS,
    ask: Ask = ask,
) -> Path:
    """The directory with all programs of the release, after getting those that are missing.

    Of two processes at once one does the work and the other waits. Raises LocalError where a
    program is not to be had.
    """
    search = Search(environ=environ, ask=ask, report=report)
    if found := await search.whole():
        return found
    target = cache(environ)
    async with exclusive(target.parent / f"{VERSION}.lock", report):
        if found := await search.whole():
            return found
        getting = _Getting(target, environ=environ, ask=ask, report=report)
        await getting.fill(await search.found(), ways)
    report(f"The programs of Kubernetes {VERSION} are in {target} now.")
    return target


class _Getting:
    """Fills the cache; a program appears there whole and proven, or not at all."""

    def __init__(
        self, target: Path, *, environ: Mapping[str, str], ask: Ask, report: Report
    ) -> None:
        self._target = target
        self._environ = environ
        self._ask = ask
        self._report = report
        self._home = target.parent / f"{VERSION}-work"

    async def fill(self, found: Mapping[Program, Path], ways: Sequence[Way]) -> None:
        self._target.mkdir(parents=True, exist_ok=True)
        for left in self._target.parent.glob(f"{VERSION}-new-*"):
            shutil.rmtree(left, ignore_errors=True)  # by a process that was killed
        missing = [program for program in PROGRAMS if program not in found]
        names = ", ".join(program.name for program in missing)
        self._report(f"Kubernetes {VERSION}: this machine lacks {names or 'nothing'}.")
        with tempfile.TemporaryDirectory(prefix=f"{VERSION}-new-", dir=self._target.parent) as name:
            self._copy(found, Path(name))
            causes = [
                cause
                for way in ways
                if (missing := await self._install(missing, Path(name)))
                and (cause := await self._try(way, missing, Path(name)))
            ]
            missing = await self._install(missing, Path(name))
        if missing:
            names = ", ".join(program.name for program in missing)
            raise LocalError("\n".join([f"{names} cannot be had:", *causes]))
        _remove(self._home)

    async def _try(self, way: Way, wanted: Sequence[Program], into: Path) -> str:
        """Why not all that is wanted was got; empty where it was."""
        try:
            await way(wanted, into, home=self._home, environ=self._environ, report=self._report)
        except LocalError as error:
            self._report(str(error))
            return str(error)
        return ""

    def _copy(self, found: Mapping[Program, Path], into: Path) -> None:
        """What was found elsewhere, so that all is in one place."""
        for program, path in found.items():
            if path.parent != self._target:
                shutil.copy2(path, into / program.name)
                os.replace(into / program.name, self._target / program.name)

    async def _install(self, wanted: Sequence[Program], new: Path) -> list[Program]:
        """Take over what is there and works; returns what is still missing."""
        missing = []
        for program in wanted:
            path = new / program.name
            if path.exists() and fits(program, await self._ask(program, path)):
                os.replace(path, self._target / program.name)
            else:
                missing.append(program)
        return missing


def _remove(tree: Path) -> None:
    """Also the module cache in it, whose directories Go keeps from being written."""
    for directory, _, _ in os.walk(tree):
        os.chmod(directory, 0o700)
    shutil.rmtree(tree, ignore_errors=True)
