"""The command lines of a control plane, as light as they can be and still be the real thing."""

from dataclasses import dataclass
from pathlib import Path

SERVICE_RANGES = "10.96.0.0/16,fd00:10:96::/112"
ISSUER = "https://kubernetes.default.svc.cluster.local"
SOCKET = "etcd.sock"
API, ETCD, MANAGER = "kube-apiserver", "etcd", "kube-controller-manager"


@dataclass(frozen=True, slots=True)
class Commands:
    """The command lines, all run in the cluster's directory, where the files they name are.

    etcd listens on a socket file there: it takes no port and is open to nobody else.
    """

    binaries: Path

    def etcd(self) -> list[str]:
        return [
            str(self.binaries / ETCD),
            "--data-dir=etcd",
            f"--listen-client-urls=unix://{SOCKET}",
            "--listen-peer-urls=unix://peer.sock",
            # Nobody ever dials these two, but they must look like host:port.
            "--advertise-client-urls=http://localhost:0",
            "--initial-advertise-peer-urls=http://localhost:0",
            "--initial-cluster=default=http://localhost:0",
            "--enable-grpc-gateway=false",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def api_server(self, port: int) -> list[str]:
        return [
            str(self.binaries / API),
            f"--etcd-servers=unix://{SOCKET}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            # No pod runs here that could follow the `kubernetes` Service.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--client-ca-file=ca.crt",
            "--tls-cert-file=api.crt",
            "--tls-private-key-file=api.key",
            "--authorization-mode=RBAC",
            f"--service-account-issuer={ISSUER}",
            "--service-account-key-file=service-accounts.pub",
            "--service-account-signing-key-file=service-accounts.key",
            f"--service-cluster-ip-range={SERVICE_RANGES}",
            "--enable-priority-and-fairness=false",
            "--profiling=false",
        ]

    def controller_manager(self) -> list[str]:
        return [
            str(self.binaries / MANAGER),
            "--kubeconfig=kubeconfig",
            "--root-ca-file=ca.crt",
            "--service-account-private-key-file=service-accounts.key",
            f"--service-cluster-ip-range={SERVICE_RANGES}",
            "--leader-elect=false",
            "--secure-port=0",
            "--profiling=false",
        ]
