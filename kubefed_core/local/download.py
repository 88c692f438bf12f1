"""The programs as their projects release them, downloaded and checked."""

import asyncio
import platform
import ssl
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from kubefed_core.local import transfer, trust
from kubefed_core.local.errors import LocalError
from kubefed_core.local.release import ETCD_VERSION, VERSION, Program
from kubefed_core.local.report import Report, telling
from kubefed_core.local.transfer import Meter, in_thread

KUBERNETES = "https://dl.k8s.io"
ETCD = "https://github.com/etcd-io/etcd/releases/download"
PROBE = 5.0
"""Seconds until an address that does not answer is given up."""
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where one program is, and its SHA-256.

    `member` is its path in the archive, empty where the program comes bare.
    """

    program: Program
    url: str
    sums: str
    member: str = ""


def sources(
    wanted: Sequence[Program], machine: str, *, kubernetes: str = KUBERNETES, etcd: str = ETCD
) -> list[Source]:
    """For one kind of machine, such as amd64; the bases are URLs without a slash at their end."""
    return [
        _of_etcd(program, machine, etcd)
        if program.name == "etcd"
        else _of_kubernetes(program, machine, kubernetes)
        for program in wanted
    ]


async def get(
    wanted: Sequence[Program],
    into: Path,
    *,
    home: Path,
    environ: Mapping[str, str],
    report: Report,
) -> None:
    """A way of `binaries`; nothing is kept of a download that was interrupted."""
    machine = MACHINES.get(platform.machine(), "")
    if sys.platform != "linux" or not machine:
        raise LocalError("There is no official release for this kind of machine.")
    await fetch(sources(wanted, machine), into, environ=environ, report=report)


async def fetch(
    found: Sequence[Source], into: Path, *, environ: Mapping[str, str], report: Report
) -> None:
    """Download all that can be had, side by side.

    Raises LocalError, after the others are done, that says why some cannot be had.
    """
    report("Asking for the official release of " + ", ".join(s.program.name for s in found) + ".")
    context = trust.context(environ)
    meter = Meter()
    try:
        async with telling(report, lambda: str(meter)):
            causes = await asyncio.gather(*(_try(s, into, meter, context) for s in found))
    finally:
        meter.stop.set()
    if any(causes):
        said = "; ".join(dict.fromkeys(filter(None, causes)))
        raise LocalError(f"The official release cannot be had: {said}.")


async def _try(source: Source, into: Path, meter: Meter, context: ssl.SSLContext) -> str:
    """Download one program; why it cannot be had, or nothing."""
    part = into / f"{source.program.name}.part"
    try:
        async with asyncio.timeout(PROBE):
            sums = await in_thread(lambda: transfer.text(source.sums, context=context))
        expected = transfer.checksum(sums, source.url.rsplit("/", 1)[1])
        await in_thread(
            lambda: transfer.file(source.url, part, expected=expected, meter=meter, context=context)
        )
        await in_thread(lambda: _unpack(source, part, into / source.program.name))
    except LocalError as error:
        return str(error)
    except (OSError, HTTPException, tarfile.TarError, KeyError) as error:
        return _reason(source, error)
    finally:
        part.unlink(missing_ok=True)
    return ""


def _unpack(source: Source, part: Path, into: Path) -> None:
    if source.member:
        transfer.unpack(part, source.member, into)
    else:
        part.replace(into)
    into.chmod(0o755)


def _reason(source: Source, error: Exception) -> str:
    """One that is the same for all the files of a host, where it is the host that is at fault."""
    host = urlsplit(source.url).hostname
    match error:
        case HTTPError():
            return f"{host} answers {error.code} to {source.url}"
        case TimeoutError():
            return f"{host} does not answer"
        case URLError():
            cause = getattr(error.reason, "strerror", None) or error.reason
            return f"{host} cannot be reached ({cause})"
    return f"{host}: {error or type(error).__name__}"


def _of_kubernetes(program: Program, machine: str, base: str) -> Source:
    url = f"{base}/{VERSION}/bin/linux/{machine}/{program.name}"
    return Source(program, url, f"{url}.sha256")


def _of_etcd(program: Program, machine: str, base: str) -> Source:
    name = f"etcd-{ETCD_VERSION}-linux-{machine}"
    directory = f"{base}/{ETCD_VERSION}"
    return Source(program, f"{directory}/{name}.tar.gz", f"{directory}/SHA256SUMS", f"{name}/etcd")
