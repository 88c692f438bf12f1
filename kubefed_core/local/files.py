"""The files that the programs of one cluster read from its directory."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kubefed_core.local import kubeconfig
from kubefed_core.runtime.certificates import Authority, Pair, signing_key
from kubefed_core.runtime.credentials import Access

KUBECONFIG = "kubeconfig"
HOSTS = (
    "127.0.0.1",
    "::1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.1",
)
ADMINS = "system:masters"


@dataclass(frozen=True, slots=True)
class Admin:
    """Who may do everything in a cluster, and the authority that vouches for its server."""

    ca: bytes
    identity: Pair

    def access(self, server: str) -> Access:
        return Access(
            server=server,
            ca=self.ca,
            certificate=self.identity.certificate,
            private_key=self.identity.key,
        )


def write_secrets(directory: Path, *, now: datetime) -> Admin:
    """Make the cluster's keys and certificates, and write those that its programs need."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = Authority("local-cluster-ca", now=now)
    serving = authority.serving("kube-apiserver", HOSTS)
    tokens = signing_key()
    contents = {
        "ca.crt": authority.certificate,
        "api.crt": serving.certificate,
        "api.key": serving.key,
        "service-accounts.pub": tokens.certificate,
        "service-accounts.key": tokens.key,
    }
    for name, content in contents.items():
        _write(directory / name, content)
    return Admin(authority.certificate, authority.client("admin", group=ADMINS))


def write_kubeconfig(directory: Path, cluster: str, *, server: str, admin: Admin) -> None:
    text = kubeconfig.admin(cluster, server=server, ca=admin.ca, identity=admin.identity)
    _write(directory / KUBECONFIG, text)


def _write(path: Path, content: bytes) -> None:
    """Nobody else may read it, from its first moment on."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
