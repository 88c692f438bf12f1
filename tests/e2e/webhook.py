"""The admission webhook as a process on this machine, asked by a host's API server."""

import ssl
import urllib.request
from pathlib import Path

import yaml
from apiserver import ROOT, Kubectl
from hub import SYSTEM, Process

from kubefed_dns.demo.stage import as_holder, free_port

CONFIGURATIONS = ROOT / "deploy" / "webhook" / "configurations.yaml"
VALIDATIONS = "validations.core.kubefed.io"
ACCOUNT = "kubefed-admission-webhook"


class Webhook(Process):
    """`hyperfed webhook` under the rights of deploy/webhook, whose configurations lead to it."""

    def __init__(self, kubectl: Kubectl, kubeconfig: Path, directory: Path) -> None:
        self.kubectl = kubectl
        self.port = free_port()
        kubectl("apply", "-k", "deploy/webhook")
        kubectl("delete", "deployment", "-n", SYSTEM, ACCOUNT)
        token = kubectl("create", "token", ACCOUNT, "-n", SYSTEM, "--duration=24h")
        mine = as_holder(kubeconfig, token.strip(), directory / "webhook.kubeconfig")
        super().__init__(
            directory / "webhook.log",
            "webhook",
            f"--kubeconfig={mine}",
            f"--kubefed-namespace={SYSTEM}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "-v=4",
        )

    def start(self) -> None:
        """Start it, and wait until it answers and is trusted."""
        self.lead()
        super().start()
        self.until(lambda: self.answers() and self.is_trusted())

    def lead(self) -> None:
        """Let the configurations lead here: no Service of a local cluster leads anywhere."""
        for obj in yaml.safe_load_all(CONFIGURATIONS.read_text()):
            for webhook in obj["webhooks"]:
                path = webhook["clientConfig"].pop("service")["path"]
                webhook["clientConfig"]["url"] = f"https://127.0.0.1:{self.port}{path}"
            self.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=obj)
            self.kubectl("create", "-f", "-", stdin=obj)

    def answers(self) -> bool:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        url = f"https://127.0.0.1:{self.port}/readyz/"
        try:
            with urllib.request.urlopen(url, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def is_trusted(self) -> bool:
        path = "jsonpath={.webhooks[*].clientConfig.caBundle}"
        kinds = ("validatingwebhookconfiguration", VALIDATIONS)
        return len(self.kubectl("get", *kinds, "-o", path).split()) == len(
            self.kubectl("get", *kinds, "-o", "jsonpath={.webhooks[*].name}").split()
        )
