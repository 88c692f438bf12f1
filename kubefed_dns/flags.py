"""The flags of the controller-manager: KubeFed's, and a few of DNS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags, version

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
SCOPE_VARIABLE = "DEFAULT_KUBEFED_SCOPE"
SCOPES = ("Cluster", "Namespaced")
DNS_ADDRESS = "127.0.0.1:5354"
"""Where the embedded server is unless it is told otherwise: 5353 is multicast DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the controller-manager was started.

    An empty `kubeconfig` and `master` mean: in a cluster. An empty address is
    not listened on. `config_file` stands in the place of the KubeFedConfig.
    `qps` of 0 or less is no limit, which is the default: the API server's own
    flow control serves everybody better than KubeFed's fixed 5 a second did.
    `default_scope` is what a KubeFedConfig is given that says none; empty where
    nothing is.
    """

    namespace: str
    kubeconfig: str = ""
    context: str = ""
    master: str = ""
    config_file: str = ""
    healthz_addr: str = ":8080"
    metrics_addr: str = ":9090"
    qps: float = 0.0
    burst: int = 10
    dns_address: str = DNS_ADDRESS
    dns_ns_name: str = ""
    dns_ns_address: tuple[str, ...] = ()
    dns_allow_transfer: tuple[str, ...] = ()
    dns_notify: tuple[str, ...] = ()
    dns_geoip_database: str = ""
    octodns_modules: tuple[str, ...] = ("octodns_*",)
    admission_addr: str = ""
    log_format: str = "text"
    verbosity: int = 0
    default_scope: str = ""


REACHING = (
    click.option(
        "--kubeconfig",
        default="",
        metavar="FILE",
        help="Kubeconfig of the host cluster; not needed in a pod of it.",
    ),
    click.option(
        "--context",
        default="",
        metavar="NAME",
        help="Context of that kubeconfig; default its current one.",
    ),
    click.option(
        "--master",
        default="",
        metavar="URL",
        help="URL of the host's API server; wins over the kubeconfig's.",
    ),
    click.option(
        "--kubefed-namespace",
        "namespace",
        default="",
        metavar="NAME",
        help="Namespace of the control plane; default, in a pod, the pod's.",
    ),
)
"""Which host, and which control plane on it."""
SPEAKING = (
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the log on stderr is written.",
    ),
    click.option("--version", "show_version", is_flag=True, help="Print the version and exit."),
)
"""What every program of the control plane says of itself, and how."""
_FLAGS = (
    *REACHING,
    click.option(
        "--kubefed-config",
        "config_file",
        default="",
        metavar="FILE",
        help="YAML file with a KubeFedConfig, instead of the object on the host.",
    ),
    click.option(
        "--healthz-addr",
        default=":8080",
        show_default=True,
        metavar="HOST:PORT",
        help="Where /healthz and /readyz are served; empty for nowhere.",
    ),
    click.option(
        "--metrics-addr",
        default=":9090",
        show_default=True,
        metavar="HOST:PORT",
        help="Where /metrics is served; empty for nowhere.",
    ),
    click.option(
        "--rest-config-qps",
        "qps",
        type=float,
        default=0.0,
        show_default=True,
        metavar="NUMBER",
        help="Requests to the host's API server a second; 0 for no limit.",
    ),
    click.option(
        "--rest-config-burst",
        "burst",
        type=int,
        default=10,
        show_default=True,
        metavar="NUMBER",
        help="How many of them may come at once.",
    ),
    click.option(
        "--dns-address",
        default=DNS_ADDRESS,
        show_default=True,
        metavar="HOST:PORT",
        help="Where the embedded DNS server answers, by UDP and TCP; empty for nowhere.",
    ),
    click.option(
        "--dns-ns-name",
        default="",
        metavar="NAME",
        help="Host name of the embedded server in NS and SOA records of Domains that say none.",
    ),
    click.option(
        "--dns-ns-address",
        default="",
        metavar="IP,...",
        help="Addresses of that server, answered at its name where it is in the zone itself.",
    ),
    click.option(
        "--dns-allow-transfer",
        default="",
        metavar="CIDR,...",
        help="Networks that are given whole zones of the embedded server; keys need a DNSProvider.",
    ),
    click.option(
        "--dns-notify",
        default="",
        metavar="HOST:PORT,...",
        help="Secondaries of the embedded server that are told of each change.",
    ),
    click.option(
        "--dns-geoip-database",
        default="",
        metavar="PATH",
        help="Database in MaxMind's format, for names of the embedded server that route by place.",
    ),
    click.option(
        "--octodns-modules",
        default="octodns_*",
        show_default=True,
        metavar="PATTERN,...",
        help="Python modules that DNSProviders of type octodns may take classes from.",
    ),
    click.option(
        "--admission-addr",
        default="",
        metavar="HOST:PORT",
        help="Where admission is served, by HTTPS, in the place of a webhook of its own; empty "
        "for nowhere, which is the default.",
    ),
    *SPEAKING,
)


_LISTS = ("dns_ns_address", "dns_allow_transfer", "dns_notify", "octodns_modules")


def command(
    start: Callable[[Options], int],
    *,
    environ: Mapping[str, str],
    namespace_file: Path = NAMESPACE_FILE,
) -> click.Command:
    """The command line that calls `start` with its options, and ends with its status."""

    def controller_manager(*, show_version: bool, verbosity: int | None, **given: Any) -> int:
        """Look after the members of a host cluster, and the names of what they serve."""
        if show_version:
            click.echo(f"KubeFed controller-manager version: {version.info()}")
            return 0
        given["namespace"] = namespace(given, namespace_file)
        for name in _LISTS:
            given[name] = tuple(filter(None, given[name].split(",")))
        scope = _scope(environ.get(SCOPE_VARIABLE, ""))
        return start(Options(**given, verbosity=verbosity or 0, default_scope=scope))

    made: Callable[..., Any] = flags.klog(controller_manager)
    for flag in reversed(_FLAGS):
        made = flag(made)
    return click.command(
        "controller-manager",
        cls=flags.Command,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=f"Environment: {SCOPE_VARIABLE} (Cluster or Namespaced) is the scope of a "
        "KubeFedConfig that has none.",
    )(made)


def namespace(given: Mapping[str, Any], file: Path, *, default: str = "") -> str:
    """The one that is given; in a pod, which needs neither kubeconfig nor URL, the pod's.

    Raises Terminal where there is neither, nor a default.
    """
    found: str = given["namespace"]
    if not (found or given["kubeconfig"] or given["master"]) and file.exists():
        found = file.read_text().strip()
    if not (found := found or default):
        raise Terminal("The KubeFed namespace must be specified via --kubefed-namespace")
    return found


def _scope(said: str) -> str:
    if said and said not in SCOPES:
        raise Terminal(
            f"{SCOPE_VARIABLE} is {said!r}; set it to {' or '.join(SCOPES)}, or unset it"
        )
    return said
