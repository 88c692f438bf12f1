"""Kubeconfigs, good and bad."""

import base64
from datetime import UTC, datetime

import pytest
import yaml

from kubefed_core.errors import Terminal
from kubefed_core.runtime import contexts
from kubefed_core.runtime.certificates import Authority

CA = Authority("test", now=datetime(2026, 1, 1, tzinfo=UTC)).certificate


def encoded(content):
    return base64.b64encode(content).decode()


def written(file, *, cluster=None, user=None, **content):
    whole = {
        "current-context": "eu",
        "clusters": [{"name": "c", "cluster": {"server": "https://eu:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "eu", "context": {"cluster": "c", "user": "u"}}],
        **content,
    }
    file.write_text(yaml.safe_dump(whole))
    return file


def read(file, name=""):
    return contexts.load(str(file)).context(name, flag="--cluster-context")


def test_the_current_context_is_used_where_none_is_named(tmp_path):
    found = read(written(tmp_path / "config"))
    assert (found.name, found.server, found.user_name) == ("eu", "https://eu:6443", "u")


def test_everything_a_cluster_entry_can_say_is_read(tmp_path):
    cluster = {
        "server": "https://eu:6443/",
        "certificate-authority-data": encoded(CA),
        "insecure-skip-tls-verify": True,
        "proxy-url": "socks5://proxy:1080",
        "tls-server-name": "kubernetes",
    }
    found = read(written(tmp_path / "config", cluster=cluster))
    assert (found.server, found.ca, found.insecure) == ("https://eu:6443", CA, True)
    assert (found.proxy_url, found.tls_server_name) == ("socks5://proxy:1080", "kubernetes")


def test_a_ca_file_is_read_beside_the_kubeconfig(tmp_path):
    (tmp_path / "ca.pem").write_bytes(CA)
    found = read(written(tmp_path / "config", cluster={"certificate-authority": "ca.pem"}))
    assert found.ca == CA


def test_data_wins_over_a_file(tmp_path):
    cluster = {"certificate-authority": "none", "certificate-authority-data": encoded(CA)}
    assert read(written(tmp_path / "config", cluster=cluster)).ca == CA


def test_paths_of_a_user_are_those_of_its_file(tmp_path):
    (tmp_path / "token").write_text("t")
    found = read(written(tmp_path / "config", user={"tokenFile": "token"}))
    assert found.user["tokenFile"] == str(tmp_path / "token")


def test_several_files_are_one_and_the_first_to_say_a_name_counts(tmp_path):
    one = written(tmp_path / "one", contexts=[{"name": "eu", "context": {"cluster": "c"}}])
    written(tmp_path / "two", cluster={"server": "https://other"}, **{"current-context": "x"})
    environ = {"KUBECONFIG": f"{one}::{tmp_path / 'absent'}:{tmp_path / 'two'}"}
    found = contexts.load(environ=environ).context("", flag="--cluster-context")
    assert (found.name, found.server, found.user_name) == ("eu", "https://eu:6443", "")


def test_the_home_directory_has_the_last_word(tmp_path):
    (tmp_path / ".kube").mkdir()
    written(tmp_path / ".kube" / "config")
    found = contexts.load(environ={"HOME": str(tmp_path)})
    assert found.where == str(tmp_path / ".kube" / "config")


def test_no_kubeconfig_at_all_is_said_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(Terminal, match=r"\.kube/config\); give one with --kubeconfig"):
        contexts.load(environ={"HOME": str(tmp_path)})


GARBAGE = [
    ("A file that is not there.", None, ["No such file", "--kubeconfig"]),
    ("Binary junk.", b"\xff\xfe\x00", ["it is no text"]),
    ("Broken YAML.", b"clusters: [", ["is not YAML", "line 1"]),
    ("A list.", b"- a\n", ["is no kubeconfig"]),
    ("Only a word.", b"hello", ["is no kubeconfig"]),
    ("Empty.", b"", ["is no kubeconfig"]),
    ("Some other YAML.", b"kind: Pod\n", ["is no kubeconfig", "clusters, users, contexts"]),
    ("Contexts that are no list.", b"contexts: {a: b}", ["contexts is no list"]),
    ("An item without a name.", b"contexts: [{context: {}}]", ["every item of contexts"]),
    ("An item that is a word.", b"clusters: [eu]", ["every item of clusters"]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "content", "words"), GARBAGE, ids=[row[0] for row in GARBAGE])
def test_a_file_that_is_no_kubeconfig_is_named_with_what_is_wrong(tmp_path, reason, content, words):
    file = tmp_path / "config"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Terminal) as caught:
        contexts.load(str(file))
    for word in [str(file), *words]:
        assert word in str(caught.value), reason


ENTRIES = [
    ("No such context.", {}, "us", ["no context 'us'", "contexts there: eu", "--cluster-context"]),
    ("No current context.", {"current-context": ""}, "", ["has no current-context", "eu"]),
    ("A context without a cluster.", {"contexts": [{"name": "eu", "context": {"user": "u"}}]},
     "", ["context 'eu'", "names no cluster"]),
    ("A cluster that is not there.",
     {"contexts": [{"name": "eu", "context": {"cluster": "x", "user": "u"}}]}, "",
     ["no cluster 'x'", "named by context 'eu'"]),
    ("A user that is not there.",
     {"contexts": [{"name": "eu", "context": {"cluster": "c", "user": "x"}}]}, "",
     ["no user 'x'", "named by context 'eu'"]),
    ("No server.", {"cluster": {"server": ""}}, "", ["cluster 'c'", "has no server"]),
    ("A server that is no URL.", {"cluster": {"server": "tcp://eu"}}, "", ["'tcp://eu' is no URL"]),
    ("A port that is none.", {"cluster": {"server": "https://eu:port"}}, "", ["is no URL"]),
    ("A CA file that is not there.", {"cluster": {"certificate-authority": "no.pem"}}, "",
     ["certificate-authority", "no.pem", "cannot be read: No such file"]),
    ("A CA that is not base64.", {"cluster": {"certificate-authority-data": "%%%"}}, "",
     ["certificate-authority-data is not base64"]),
    ("A CA that is no certificate.", {"cluster": {"certificate-authority-data": "aGVsbG8="}}, "",
     ["certificate-authority-data holds no PEM certificate"]),
    ("A client key that is not there.", {"user": {"client-key": "no.key"}}, "",
     ["user 'u'", "client-key", "cannot be read"]),
    ("A client certificate that is not base64.", {"user": {"client-certificate-data": "%"}}, "",
     ["user 'u': client-certificate-data is not base64"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "content", "name", "words"), ENTRIES, ids=[row[0] for row in ENTRIES]
)
def test_an_entry_that_cannot_be_used_is_named(tmp_path, reason, content, name, words):
    with pytest.raises(Terminal) as caught:
        read(written(tmp_path / "config", **content), name)
    for word in words:
        assert word in str(caught.value), reason
