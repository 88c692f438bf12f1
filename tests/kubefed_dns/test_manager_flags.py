"""The controller-manager's command line."""

from pathlib import Path

import pytest

from kubefed_core.kubefedctl import cli
from kubefed_dns import flags
from kubefed_dns.flags import Options

HERE = ["--kubefed-namespace", "ns"]


def parse(*args, environ=None, file=Path("/nonexistent")):
    """The options of a command line, and its exit status."""
    seen: list[Options] = []

    def start(options: Options) -> int:
        seen.append(options)
        return 7

    command = flags.command(start, environ=environ or {}, namespace_file=file)
    status = cli.run(command, args, name="controller-manager")
    return (seen[0] if seen else None), status


def test_without_flags_everything_has_its_default():
    assert parse(*HERE) == (Options(namespace="ns"), 7)


FLAGS = [
    ("--kubeconfig", "a", "kubeconfig", "a"),
    ("--context", "c", "context", "c"),
    ("--master", "https://h", "master", "https://h"),
    ("--kubefed-namespace", "other", "namespace", "other"),
    ("--kubefed-config", "f.yaml", "config_file", "f.yaml"),
    ("--healthz-addr", ":1", "healthz_addr", ":1"),
    ("--metrics-addr", "[::1]:2", "metrics_addr", "[::1]:2"),
    ("--rest-config-qps", "50.5", "qps", 50.5),
    ("--rest-config-burst", "100", "burst", 100),
    ("--dns-address", "", "dns_address", ""),
    ("--dns-ns-name", "ns1.example.com", "dns_ns_name", "ns1.example.com"),
    ("--dns-ns-address", "192.0.2.1,::1", "dns_ns_address", ("192.0.2.1", "::1")),
    ("--dns-allow-transfer", "192.0.2.0/24", "dns_allow_transfer", ("192.0.2.0/24",)),
    ("--dns-notify", "192.0.2.1:53", "dns_notify", ("192.0.2.1:53",)),
    ("--dns-geoip-database", "/a.mmdb", "dns_geoip_database", "/a.mmdb"),
    ("--admission-addr", ":8443", "admission_addr", ":8443"),
    ("--log-format", "json", "log_format", "json"),
    ("--v", "4", "verbosity", 4),
    ("-v", "2", "verbosity", 2),
]


@pytest.mark.parametrize(("flag", "value", "field", "want"), FLAGS, ids=[row[0] for row in FLAGS])
def test_each_flag_sets_its_option_in_both_spellings(flag, value, field, want):
    for args in ([flag, value], [f"{flag}={value}"]):
        options, status = parse(*HERE, *args)
        assert status == 7
        assert getattr(options, field) == want


@pytest.mark.parametrize("args", [
    ["-v=4"], ["-v4"], ["--v=4"], ["--logtostderr=true", "--v=4"], ["-logtostderr", "-v", "4"],
    ["--stderrthreshold=INFO", "--vmodule", "a=1", "--v=4"],
])  # fmt: skip
def test_the_flags_of_klog_are_accepted(args):
    assert parse(*HERE, *args) == (Options(namespace="ns", verbosity=4), 7)


@pytest.mark.parametrize("flag", ["--version", "--version=true", "-version"])
def test_the_version_is_printed_and_nothing_started(flag, capsys):
    assert parse(flag) == (None, 0)
    said = capsys.readouterr().out
    assert said.startswith('KubeFed controller-manager version: version.Info{Version:"v')


def test_help_names_every_flag(capsys):
    assert parse("--help") == (None, 0)
    said = capsys.readouterr().out
    for flag, *_ in FLAGS:
        assert flag in said


def test_in_a_pod_the_namespace_is_the_pods(tmp_path):
    file = tmp_path / "namespace"
    file.write_text("pods-own\n")
    assert parse(file=file)[0] == Options(namespace="pods-own")
    assert parse(*HERE, file=file)[0] == Options(namespace="ns")


@pytest.mark.parametrize("args", [[], ["--kubeconfig=a"], ["--master=https://h"]])
def test_elsewhere_the_namespace_must_be_given(args, capsys, tmp_path):
    file = tmp_path / "namespace"
    if args:
        file.write_text("pods-own")
    assert parse(*args, file=file) == (None, 255)
    said = capsys.readouterr().err
    assert said == "Error: The KubeFed namespace must be specified via --kubefed-namespace\n"


def test_the_scope_of_a_config_that_has_none_comes_from_the_environment():
    options, _ = parse(*HERE, environ={"DEFAULT_KUBEFED_SCOPE": "Namespaced"})
    assert options == Options(namespace="ns", default_scope="Namespaced")


def test_a_scope_that_does_not_exist_is_an_error(capsys):
    assert parse(*HERE, environ={"DEFAULT_KUBEFED_SCOPE": "Galaxy"}) == (None, 255)
    assert "is 'Galaxy'; set it to Cluster or Namespaced" in capsys.readouterr().err


@pytest.mark.parametrize(("args", "word"), [
    (["--what"], "No such option"),
    (["--rest-config-qps=fast"], "'fast' is not a valid float"),
    (["--rest-config-burst=1.5"], "'1.5' is not a valid integer"),
    (["--log-format=xml"], "'xml' is not one of"),
    (["extra"], "unexpected extra argument"),
])  # fmt: skip
def test_what_cannot_be_read_is_status_2(args, word, capsys):
    assert parse(*HERE, *args) == (None, 2)
    assert word in capsys.readouterr().err
