"""The KubeFedConfig in force: read before anything starts, then followed."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from kubefed_core import errors
from kubefed_core.api import config as config_api
from kubefed_core.api.config import Config
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, version
from kubefed_core.resources import CONFIGS
from kubefed_core.runtime import backoff
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.host import Host

log = logging.getLogger(__name__)


def from_file(path: str) -> Config:
    """Raises Terminal, naming the file and the field, where it is no KubeFedConfig."""
    try:
        obj: Any = yaml.safe_load(Path(path).read_text())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise Terminal(f"--kubefed-config: {path}: {error}") from error
    if not isinstance(obj, dict) or obj.get("kind") != "KubeFedConfig":
        raise Terminal(f"--kubefed-config: {path} holds no KubeFedConfig")
    return config_api.parse(obj)


async def from_host(
    client: Client, namespace: str, *, scope: str, retry: backoff.Backoff = backoff.FEED
) -> Config:
    """The object `kubefed`, or the defaults where there is none; waits for the API server.

    `scope` is for an object that says none. Raises Terminal where the object
    cannot work, or must not be read.
    """
    failures = 0
    while True:
        try:
            obj = await client.get(CONFIGS, Key(namespace, config_api.NAME))
        except errors.NotFound:
            log.warning(
                "there is no KubeFedConfig %s/%s; using defaults", namespace, config_api.NAME
            )
            return config_api.parse(_scoped({"spec": {}}, scope or "Cluster"))
        except (errors.Unauthorized, errors.Forbidden) as error:
            raise Terminal(f"{error}; see the rights in deploy/rbac.yaml") from error
        except (errors.ApiError, OSError) as error:
            failures += 1
            log.warning("the host does not answer: %s", error)
            await asyncio.sleep(retry(failures))
        else:
            found = config_api.parse(_scoped(obj, scope))
            log.info('Using valid KubeFedConfig "%s/%s"', namespace, config_api.NAME)
            return found


def _scoped(obj: Obj, scope: str) -> Obj:
    spec = obj.get("spec") or {}
    return {**obj, "spec": {**spec, "scope": spec.get("scope") or scope}} if scope else obj


class Settings:
    """Called, it gives the settings as they are now.

    What cannot be used leaves the last good ones in force and is said once.
    Scope and gates decide what runs and what it follows: those of the start
    stay until a restart.
    """

    def __init__(self, first: Config, *, read: Callable[[], Obj | None]) -> None:
        self._config = first
        self._first = first
        self._read = read
        self._version: str | None = None

    def __call__(self) -> Config:
        obj = self._read()
        if obj is None or version(obj) == self._version:
            return self._config
        self._version = version(obj)
        try:
            found = config_api.parse(_scoped(obj, self._first.scope))
        except Terminal as error:
            log.warning("KubeFedConfig: %s; the last good settings stay", error)
            return self._config
        now, before = _lasting(found), _lasting(self._first)
        for what in (what for what in now if now[what] != before[what]):
            log.warning("KubeFedConfig: %s has changed; restart to have it so", what)
        self._config = replace(found, scope=self._first.scope)
        return self._config


def _lasting(config: Config) -> dict[str, object]:
    """What counts for the life of a process, by how people call it."""
    return {
        "spec.scope": config.scope,
        "the feature gate PushReconciler": config.pushes,
        "the feature gate SchedulerPreferences": config.schedules,
    }


def reader(host: Host) -> Callable[[], Obj | None]:
    """Reads the object from the host's cache."""
    return lambda: host.get(CONFIGS, Key(host.namespace, config_api.NAME))
