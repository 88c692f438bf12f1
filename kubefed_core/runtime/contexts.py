"""Contexts of a kubeconfig: found as kubectl finds them, read so that what is wrong has a name.

The official client opens the connections; here is only what it reports too late or not at all:
which contexts there are, which file is at fault, and the cluster's CA wherever it is kept.
"""

import base64
import binascii
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj

KINDS = ("clusters", "users", "contexts")
_CLUSTER_FILES = ("certificate-authority",)
_USER_FILES = ("client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True)
class Context:
    """One cluster and who speaks to it; complete, so that no path of it is relative.

    `ca` is PEM, empty for the system's roots. `user` is the entry of the
    kubeconfig; `directory` is where an exec plug-in of it runs.
    """

    name: str
    server: str
    ca: bytes = b""
    insecure: bool = False
    proxy_url: str = ""
    tls_server_name: str = ""
    user_name: str = ""
    user: Obj = field(default_factory=dict, repr=False)
    directory: str = ""
    namespace: str = ""

    @property
    def hostname(self) -> str:
        return urlsplit(self.server).hostname or ""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The merged content of one or several files; where two say the same name, the first counts."""

    where: str
    current: str
    entries: Mapping[str, Mapping[str, Obj]]
    origins: Mapping[tuple[str, str], Path]

    def context(self, name: str, *, flag: str) -> Context:
        """An empty name is the current context; `flag` is what a message should point to.

        Raises Terminal, naming the entry and the remedy, where it cannot be used.
        """
        name = name or self.current
        if not name:
            raise Terminal(f"{self.where} has no current-context; give {flag} ({self._known()})")
        context = self._entry("contexts", name, told=f"give another with {flag}; {self._known()}")
        cluster_name = self._named(context, "cluster", name)
        told = f"it is named by context {name!r}; put the entry right"
        cluster = self._entry("clusters", cluster_name, told=told)
        user_name = context.get("user") or ""
        user = self._entry("users", user_name, told=told) if user_name else {}
        origin = self.origins["clusters", cluster_name]
        label = f"cluster {cluster_name!r} in {origin}"
        return Context(
            name=name,
            server=_server(cluster, label),
            ca=_authority(cluster, label),
            insecure=bool(cluster.get("insecure-skip-tls-verify")),
            proxy_url=str(cluster.get("proxy-url") or ""),
            tls_server_name=str(cluster.get("tls-server-name") or ""),
            user_name=user_name,
            user=_checked_user(user, f"user {user_name!r}"),
            namespace=str(context.get("namespace") or ""),
            directory=str(self.origins.get(("users", user_name), origin).parent),
        )

    def _known(self) -> str:
        names = ", ".join(sorted(self.entries["contexts"])) or "none"
        return f"contexts there: {names}"

    def _entry(self, kind: str, name: str, *, told: str) -> Obj:
        try:
            return self.entries[kind][name]
        except KeyError:
            raise Terminal(f"{self.where} has no {kind[:-1]} {name!r}; {told}") from None

    def _named(self, context: Obj, what: str, name: str) -> str:
        value = context.get(what)
        if not isinstance(value, str) or not value:
            raise Terminal(f"context {name!r} in {self.where} names no {what}; put the entry right")
        return value


def load(path: str = "", *, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """Read a kubeconfig: the given one, else those of $KUBECONFIG, else ~/.kube/config.

    Raises Terminal where there is none, or where one is not what it should be.
    """
    paths = _paths(path, os.environ if environ is None else environ)
    where = ", ".join(map(str, paths))
    current = ""
    entries: dict[str, dict[str, Obj]] = {kind: {} for kind in KINDS}
    origins: dict[tuple[str, str], Path] = {}
    for file in paths:
        content = _parsed(file)
        current = current or str(content.get("current-context") or "")
        for kind in KINDS:
            for name, entry in _items(content, kind, file).items():
                if name not in entries[kind]:
                    entries[kind][name] = _absolute(kind, entry, file.parent)
                    origins[kind, name] = file
    return Kubeconfig(where, current, entries, origins)


def _paths(path: str, environ: Mapping[str, str]) -> Sequence[Path]:
    if path:
        return [Path(path).expanduser().absolute()]
    listed = [Path(part).expanduser() for part in environ.get("KUBECONFIG", "").split(os.pathsep)
              if part]  # fmt: skip
    asked = listed or [Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config"]
    found = [file.absolute() for file in asked if file.exists()]
    if not found:
        names = ", ".join(map(str, asked))
        raise Terminal(f"there is no kubeconfig ({names}); give one with --kubeconfig")
    return found


def _parsed(file: Path) -> Obj:
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Terminal(f"cannot read {file}: {reason}; give another with --kubeconfig") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise Terminal(f"{file} is not YAML: {problem}{line}") from error
    if not isinstance(content, Mapping) or not any(kind in content for kind in KINDS):
        raise Terminal(f"{file} is no kubeconfig: it has none of {', '.join(KINDS)}")
    return content


def _items(content: Obj, kind: str, file: Path) -> Mapping[str, Obj]:
    items = content.get(kind) or []
    single = kind[:-1]
    if not isinstance(items, list):
        raise Terminal(f"{file}: {kind} is no list")
    found: dict[str, Obj] = {}
    for item in items:
        name = item.get("name") if isinstance(item, Mapping) else None
        entry = (item.get(single) or {}) if name else None
        if not isinstance(entry, Mapping) or not isinstance(name, str):
            raise Terminal(f"{file}: every item of {kind} has a name and a mapping {single!r}")
        found.setdefault(name, entry)
    return found


def _absolute(kind: str, entry: Obj, directory: Path) -> Obj:
    """Paths in a kubeconfig are relative to the file that says them."""
    fields = {"clusters": _CLUSTER_FILES, "users": _USER_FILES}.get(kind, ())
    paths = {name: str(directory / str(entry[name])) for name in fields if entry.get(name)}
    return {**entry, **paths}


def _server(cluster: Obj, label: str) -> str:
    server = cluster.get("server")
    if not isinstance(server, str) or not server:
        raise Terminal(f"{label} has no server; set the URL of its API server")
    url = server if "://" in server else f"https://{server}"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Terminal(f"{label}: server {server!r} is no URL like https://host:port")
    return url.rstrip("/")


def _authority(cluster: Obj, label: str) -> bytes:
    """The CA, from data or file, checked to be one."""
    name = "certificate-authority-data"
    if cluster.get(name):
        content = _decoded(cluster[name], f"{label}: {name}")
    elif file := cluster.get("certificate-authority"):
        name = f"certificate-authority {file}"
        content = _read(file, f"{label}: {name}")
    else:
        return b""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode())
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise Terminal(f"{label}: {name} holds no PEM certificate") from error
    return content


def _checked_user(user: Obj, label: str) -> Obj:
    for name in _USER_FILES:
        if user.get(name) and not user.get(f"{name}-data"):
            _read(user[name], f"{label}: {name} {user[name]}")
        if user.get(f"{name}-data"):
            _decoded(user[f"{name}-data"], f"{label}: {name}-data")
    return user


def _read(file: str, label: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Terminal(f"{label} cannot be read: {error.strerror}") from error


def _decoded(text: Any, label: str) -> bytes:
    try:
        return base64.b64decode("".join(str(text).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Terminal(f"{label} is not base64") from error
