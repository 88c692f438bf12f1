"""The fields of the kinds that the host serves, from its OpenAPI documents."""

import asyncio
import json
import logging
from dataclasses import dataclass

from kubefed_core import errors
from kubefed_core.decide.schema import Schemas
from kubefed_core.objects import dig
from kubefed_core.resources import Resource
from kubefed_core.runtime.host import Host

log = logging.getLogger(__name__)

TIMEOUT = 5.0
AGE = 600.0
"""Seconds for which a document counts."""
RECENT = 2.0
"""The same where something is refused by it: a CRD may have changed a moment ago."""


@dataclass(frozen=True)
class _Kept:
    schemas: Schemas
    at: float


class Documents:
    """One document for each API version that was asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, target: Resource, *, age: float = AGE) -> Schemas:
        """What is known of a kind's API version, not older than so many seconds.

        Empty where nothing can be known now.
        """
        path = f"/openapi/v3{Resource(target.group, target.version, '', '').path()}"
        async with self._locks.setdefault(path, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            kept = self._kept.get(path)
            if kept is None or now - kept.at > age:
                kept = self._kept[path] = _Kept(await self._fetch(path), now)
            return kept.schemas

    async def _fetch(self, path: str) -> Schemas:
        try:
            status, text = await self._host.client.fetch(path, timeout=TIMEOUT)
            document = await asyncio.to_thread(json.loads, text) if status == 200 else {}
        except (errors.ApiError, OSError, ValueError) as error:
            log.warning("the fields of %s are not known now: %s", path, error)
            return {}
        found: Schemas = dig(document, "components", "schemas", default={})
        return found
