"""Keeps the webhook's certificate valid, and the API server trusting it."""

import asyncio
import base64
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from kubefed_core import errors
from kubefed_core.admission import keys as api
from kubefed_core.admission.keys import Keys
from kubefed_core.api import webhooks
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj
from kubefed_core.resources import SECRETS, Resource
from kubefed_core.runtime.certificates import Pair
from kubefed_core.runtime.client import Client

log = logging.getLogger(__name__)

SECRET = "kubefed-admission-webhook-serving-cert"
PERIOD = 15.0
"""Seconds between two looks at what others may have changed."""
WAIT = 5.0
"""The same after one that came to nothing."""
TRIES = 3


class Keeper:
    """`take` is told each key pair that is to be served from then on.

    `paths` are those that configurations lead to us by. With a `directory` the
    pair is `tls.crt` and `tls.key` in it, and `ca.crt`, where there is one, is
    who is to be trusted; else all is made here, and kept in a Secret.
    """

    def __init__(
        self,
        *,
        client: Callable[[], Client],
        namespace: str,
        hosts: Collection[str],
        paths: Collection[str],
        take: Callable[[Pair], None],
        now: Callable[[], datetime],
        directory: Path | None = None,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._hosts = hosts
        self._paths = paths
        self._take = take
        self._now = now
        self._directory = directory
        self._served: Pair | None = None
        self.first = asyncio.Event()
        """There is a certificate."""

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        while True:
            delay = PERIOD
            try:
                await self.look()
            except (errors.ApiError, OSError, Terminal) as error:
                log.warning("the webhook's certificate: %s", error)
                delay = WAIT
            await asyncio.sleep(delay)

    async def look(self) -> None:
        """Renew what is due, see that it is trusted, then serve by it."""
        keys = await self._secret() if self._directory is None else _given(self._directory)
        if not self.first.is_set():
            self._serve(keys)
        if keys.trusted:
            await self._trust(keys.trusted)
        self._serve(keys)

    def _serve(self, keys: Keys) -> None:
        if keys.serving != self._served:
            self._served = keys.serving
            self._take(keys.serving)
            self.first.set()

    async def _secret(self) -> Keys:
        """What the Secret holds, made or renewed where that is due, by us or by somebody else."""
        key = Key(self._namespace, SECRET)
        for _ in range(TRIES):
            there = await self._there(SECRETS, key)
            try:
                before = None if there is None else api.read(there)
            except ValueError as error:
                raise Terminal(f"Secret {key}: {error}; delete it, and it is made anew") from error
            keys = api.renewed(before, self._hosts, now=self._now())
            if keys == before:
                return keys
            write = self._client().create if there is None else self._client().replace
            try:
                await write(SECRETS, {**(there or _empty(key)), "data": api.dump(keys)})
            except errors.Conflict:
                continue
            log.info("the webhook has a new certificate, in Secret %s", key)
            return keys
        raise Terminal(f"Secret {key}: others write it all the time")

    async def _there(self, resource: Resource, key: Key) -> Obj | None:
        try:
            return await self._client().get(resource, key)
        except errors.NotFound:
            return None

    async def _trust(self, authorities: bytes) -> None:
        """Say in the configurations whom to trust for us; one that is not there asks nothing."""
        bundle = base64.b64encode(authorities).decode()
        for resource in webhooks.NAMES:
            for name in webhooks.names(resource, self._namespace):
                obj = await self._there(resource, Key("", name))
                if obj is None or (made := _trusting(obj, bundle, self._paths)) == obj:
                    continue
                await self._client().replace(resource, made)
                log.info("%s %s trusts the webhook's certificate", resource.kind, name)


def _trusting(obj: Obj, bundle: str, paths: Collection[str]) -> Obj:
    """A configuration whose webhooks that lead to us trust these authorities."""
    trusting = {"caBundle": bundle}
    return {
        **obj,
        "webhooks": [
            {**each, "clientConfig": {**each["clientConfig"], **trusting}}
            if webhooks.path(each) in paths
            else each
            for each in obj.get("webhooks") or ()
        ],
    }


def _given(directory: Path) -> Keys:
    """Raises Terminal, naming the file, where one that is needed cannot be read."""

    def content(name: str, *, needed: bool = True) -> bytes:
        file = directory / name
        if not needed and not file.exists():
            return b""
        try:
            return file.read_bytes()
        except OSError as error:
            raise Terminal(f"--cert-dir: {file}: {error.strerror}") from error

    serving = Pair(content("tls.crt"), content("tls.key"))
    return Keys(serving, content("ca.crt", needed=False))


def _empty(key: Key) -> dict[str, Any]:
    return {
        "apiVersion": SECRETS.api_version,
        "kind": SECRETS.kind,
        "metadata": {"namespace": key.namespace, "name": key.name},
        "type": "kubernetes.io/tls",
    }
