"""Looking for the programs of the release on this machine."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from kubefed_core.local import commands
from kubefed_core.local.errors import LocalError
from kubefed_core.local.release import PROGRAMS, VERSION, Program, cache, fits
from kubefed_core.local.report import Report

ANSWER_WITHIN = 30.0
ASSETS = "KUBEBUILDER_ASSETS"

Ask = Callable[[Program, Path], Awaitable[str]]
"""What a program says of its version; empty where it is not there or does not run."""


async def ask(program: Program, path: Path) -> str:
    if not os.access(path, os.X_OK):
        return ""
    with tempfile.TemporaryDirectory() as nowhere:
        environ = {"PATH": os.defpath, "HOME": nowhere}
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await commands.output(
                    str(path), *program.ask, environ=environ, cwd=Path(nowhere)
                )
        except (LocalError, TimeoutError):
            return ""


class Search:
    """Looks where KUBEBUILDER_ASSETS says, on the PATH, and in the cache; anew at each call."""

    def __init__(self, *, environ: Mapping[str, str], ask: Ask, report: Report) -> None:
        self._ask = ask
        self._report = report
        self._path = environ.get("PATH", os.defpath)
        self._assets = Path(environ[ASSETS]).absolute() if environ.get(ASSETS) else None
        self._cache = cache(environ)

    async def whole(self) -> Path | None:
        """A directory with all programs; where the user names one, their version is his choice."""
        if self._assets is not None and await self._are_whole(self._assets):
            return self._assets
        found = await self.found()
        homes = {path.parent for path in found.values()}
        if len(found) < len(PROGRAMS) or len(homes) > 1:
            return None
        (home,) = homes
        self._report(f"The programs of Kubernetes {VERSION} are in {home}.")
        return home

    async def found(self) -> dict[Program, Path]:
        """The first of each program that runs and is of the pinned version."""
        paths = await asyncio.gather(*(self._first(program) for program in PROGRAMS))
        return {p: path for p, path in zip(PROGRAMS, paths, strict=True) if path is not None}

    async def _first(self, program: Program) -> Path | None:
        for path in self._places(program):
            if fits(program, await self._ask(program, path)):
                return path
        return None

    def _places(self, program: Program) -> list[Path]:
        places = [] if self._assets is None else [self._assets / program.name]
        if on_path := shutil.which(program.name, path=self._path):
            places.append(Path(on_path).absolute())
        return [*places, self._cache / program.name]

    async def _are_whole(self, where: Path) -> bool:
        said = await asyncio.gather(*(self._ask(p, where / p.name) for p in PROGRAMS))
        lacking = [p.name for p, answer in zip(PROGRAMS, said, strict=True) if not answer]
        if lacking:
            self._report(f"{ASSETS}={where} lacks {', '.join(lacking)}; looking further.")
            return False
        fit = all(fits(p, answer) for p, answer in zip(PROGRAMS, said, strict=True))
        note = "" if fit else f", though they are not all of Kubernetes {VERSION}"
        self._report(f"The programs in {where} are used, as {ASSETS} says{note}.")
        return True
