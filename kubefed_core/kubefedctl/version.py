"""Which version this is."""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import click

from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings

DISTRIBUTION = "kubefed-dns"


def info() -> str:
    """In the form that KubeFed's programs print, so that scripts find what they look for."""
    try:
        number = f"v{installed(DISTRIBUTION)}"
    except PackageNotFoundError:
        number = "unknown"
    machine = f"{platform.system()}/{platform.machine()}".lower()
    return (
        f'version.Info{{Version:"{number}", PythonVersion:"{platform.python_version()}", '
        f'Platform:"{machine}"}}'
    )


@click.command(cls=flags.Command)
@takes_settings
def version(settings: Settings) -> None:
    """Print the version."""
    click.echo(f"kubefedctl version: {info()}")
