"""The one Kubernetes release local clusters are made of, and where its programs are kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "v1.36.3"
ETCD_VERSION = "v3.6.8"  # the one the module file in tools/ resolves to


@dataclass(frozen=True, slots=True)
class Program:
    """One program: its version, its Go package, and the arguments that make it say its version."""

    name: str
    version: str
    package: str
    ask: tuple[str, ...] = ("--version",)


PROGRAMS = (
    Program("etcd", ETCD_VERSION, "go.etcd.io/etcd/server/v3"),
    Program("kube-apiserver", VERSION, "k8s.io/kubernetes/cmd/kube-apiserver"),
    Program("kube-controller-manager", VERSION, "k8s.io/kubernetes/cmd/kube-controller-manager"),
    Program("kubectl", VERSION, "k8s.io/kubernetes/cmd/kubectl", ("version", "--client")),
)


def cache(environ: Mapping[str, str]) -> Path:
    """The directory of this release's programs, made or not."""
    root = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "kubefed-dns" / VERSION


def fits(program: Program, answer: str) -> bool:
    """Whether what a program says of its version means the pinned one, no vendor's variant."""
    number = re.escape(program.version.removeprefix("v"))
    return re.search(rf"(?<![\w.])v?{number}(?![\w.+-])", answer) is not None
