"""The command line of the webhook, as upstream's is started and with what is ours."""

from pathlib import Path

import pytest

from kubefed_core.admission import service
from kubefed_core.kubefedctl import cli
from kubefed_dns import webhook
from kubefed_dns.webhook import Options


def parse(*args, file=Path("/nonexistent")):
    """The options of a command line, and its exit status."""
    seen: list[Options] = []

    def start(options: Options) -> int:
        seen.append(options)
        return 7

    status = cli.run(webhook.command(start, namespace_file=file), args, name="webhook")
    return (seen[0] if seen else None), status


def test_without_flags_everything_has_its_default():
    assert parse() == (Options(namespace="kube-federation-system"), 7)


def test_in_a_pod_the_namespace_is_the_pods(tmp_path):
    (tmp_path / "namespace").write_text("mine\n")
    options, _ = parse(file=tmp_path / "namespace")
    assert options.namespace == "mine"


def test_upstreams_flags_are_taken(tmp_path):
    options, status = parse(
        "--kubeconfig=k",
        "--master",
        "https://h",
        f"--cert-dir={tmp_path}",
        "-secure-port=9443",
        "--logtostderr=true",
        "-v=8",
    )
    assert status == 7
    assert options == Options(
        namespace="kube-federation-system",
        kubeconfig="k",
        master="https://h",
        serving=service.Options(port=9443, directory=tmp_path),
        verbosity=8,
    )


def test_where_it_listens_and_by_which_names():
    options, _ = parse("--bind-address=127.0.0.1", "--cert-hosts=a.test,192.0.2.1")
    assert options.serving == service.Options(host="127.0.0.1", names=("a.test", "192.0.2.1"))


@pytest.mark.parametrize(
    "flag", ["--secure-port=65536", "--secure-port=x", "--cert-dir=/nonexistent", "--no-such"]
)
def test_what_cannot_be_read_is_said(flag):
    assert parse(flag) == (None, 2)


def test_the_version(capsys):
    assert parse("--version") == (None, 0)
    assert capsys.readouterr().out.startswith("KubeFed webhook version: ")
