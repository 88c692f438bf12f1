"""How to reach an API server: address, trust and identity, from wherever they are kept."""

import base64
import binascii
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from kubefed_core.api import urls
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig
from kubefed_core.runtime import contexts, identity

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python's ssl does not name."""
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Access:
    """Everything a client needs for one API server; equal when nothing of it has changed.

    `ca` is PEM, empty for the system's roots. `lenient` holds what KubeFedCluster
    calls disabledTLSValidations: `*`, `SubjectName`, `ValidityPeriod`. `renew`
    gives the bearer token to use now; it may block, and runs in a thread.
    """

    server: str
    ca: bytes = b""
    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    private_key: bytes = field(default=b"", repr=False)
    server_name: str = ""
    proxy: str = ""
    lenient: frozenset[str] = frozenset()
    renew: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    def tls(self) -> ssl.SSLContext | bool:
        """The TLS context; True, aiohttp's default, where the server speaks plain HTTP."""
        if urlsplit(self.server).scheme == "http":
            return True
        context = ssl.create_default_context(cadata=self.ca.decode() or None)
        if "*" in self.lenient:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if "SubjectName" in self.lenient:
            context.check_hostname = False
        if "ValidityPeriod" in self.lenient:
            context.verify_flags |= NO_CHECK_TIME
        if self.certificate:
            with tempfile.NamedTemporaryFile() as pem:
                pem.write(self.certificate + b"\n" + self.private_key)
                pem.flush()
                context.load_cert_chain(pem.name)
        return context


def from_cluster(cluster: Obj, secret: Obj | None) -> Access:
    """From a KubeFedCluster and the Secret that it names.

    Raises Terminal, naming the field and the remedy, where either cannot be used.
    """
    server = dig(cluster, "spec", "apiEndpoint", default="")
    if not server:
        raise Terminal("spec.apiEndpoint is empty; set the URL of the cluster's API server")
    name = dig(cluster, "spec", "secretRef", "name", default="")
    if not name:
        raise Terminal("spec.secretRef.name is empty; name a Secret with the key token")
    if secret is None:
        raise Terminal(f"spec.secretRef.name: there is no Secret {name!r}; join the cluster again")
    proxy = dig(cluster, "spec", "proxyURL", default="")
    if proxy:
        _check_proxy(proxy, "spec.proxyURL")
    return Access(
        server=server if "://" in server else f"https://{server}",
        ca=_decoded(dig(cluster, "spec", "caBundle", default=""), "spec.caBundle"),
        token=_token(secret, name),
        proxy=proxy,
        lenient=frozenset(dig(cluster, "spec", "disabledTLSValidations", default=[])),
    )


def _token(secret: Obj, name: str) -> str:
    where = f"key token of Secret {name!r}"
    raw = dig(secret, "data", "token", default="")
    if not raw:
        raise Terminal(f"{where} is missing or empty; join the cluster again")
    try:
        return _decoded(raw, where).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise Terminal(f"{where} is no bearer token; join the cluster again") from error


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Terminal(f"{where} is not base64") from error


def from_kubeconfig(path: str | Path | None = None, context: str | None = None) -> Access:
    """From a kubeconfig as kubectl finds it; exec plug-ins and OIDC are run. Blocks.

    Raises Terminal, naming file and cause, where it cannot be used.
    """
    book = contexts.load(str(path or ""))
    found = book.context(context or "", flag="--context")
    label = f"context {found.name!r} of {book.where}"
    if found.proxy_url:
        _check_proxy(found.proxy_url, f"{label}: proxy-url")
    made, renew = identity.lasting(found, label=label)
    return Access(
        server=found.server,
        ca=found.ca,
        token=identity.bearer(made),
        certificate=_content(made.cert_file),
        private_key=_content(made.key_file),
        server_name=found.tls_server_name,
        proxy=found.proxy_url,
        lenient=frozenset({"*"}) if found.insecure else frozenset(),
        renew=renew,
    )


def _content(path: str | None) -> bytes:
    return Path(path).read_bytes() if path else b""


def _check_proxy(url: str, where: str) -> None:
    if fault := urls.proxy_fault(url):
        raise Terminal(f"{where}: {fault}; correct it")


def of_host(kubeconfig: str, context: str, master: str, *, environ: dict[str, str]) -> Access:
    """As flags say it; all empty: of the cluster that the process runs in. Blocks.

    `master` is a URL, and wins over that of the kubeconfig. Raises Terminal.
    """
    if kubeconfig or context:
        found = from_kubeconfig(kubeconfig or None, context or None)
    elif master:
        found = Access(master)
    else:
        found = in_cluster(environ=environ)
    return replace(found, server=master or found.server)


def in_cluster(*, directory: Path = SERVICE_ACCOUNT, environ: dict[str, str]) -> Access:
    """From the files and variables that a pod is given.

    Raises Terminal where the process does not run in a pod.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    token = directory / "token"
    if not host or not port or not token.exists():
        raise Terminal("not in a cluster; give --kubeconfig or --master")
    name = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{name}:{port}",
        ca=(directory / "ca.crt").read_bytes(),
        token=token.read_text().strip(),
        renew=lambda: token.read_text().strip(),
    )
