import base64
import ssl

import pytest
import yaml

from kubefed_core.errors import Terminal
from kubefed_core.runtime import credentials
from kubefed_core.runtime.credentials import Access

TOKEN = base64.b64encode(b"t0ken").decode()
CLUSTER = {"spec": {"apiEndpoint": "https://c:6443", "secretRef": {"name": "c-1"}}}
SECRET = {"data": {"token": TOKEN}}


def test_a_cluster_and_its_secret():
    access = credentials.from_cluster(CLUSTER, SECRET)
    assert (access.server, access.token) == ("https://c:6443", "t0ken")


def test_https_is_understood():
    spec = CLUSTER["spec"] | {"apiEndpoint": "192.0.2.1:6443"}
    assert credentials.from_cluster({"spec": spec}, SECRET).server == "https://192.0.2.1:6443"


@pytest.mark.parametrize(
    ("reason", "spec", "secret", "says"),
    [
        ("No endpoint.", {"apiEndpoint": ""}, SECRET, "spec.apiEndpoint"),
        ("No Secret named.", {"secretRef": {}}, SECRET, "spec.secretRef.name is empty"),
        ("No such Secret.", {}, None, "no Secret 'c-1'"),
        ("No token.", {}, {"data": {}}, "key token of Secret 'c-1' is missing"),
        ("An empty token.", {}, {"data": {"token": ""}}, "missing or empty"),
        ("A token that is not base64.", {}, {"data": {"token": "%%"}}, "is not base64"),
        ("A binary token.", {}, {"data": {"token": "/w=="}}, "is no bearer token"),
        ("An unknown proxy.", {"proxyURL": "socks6://p"}, SECRET, "one of: .http, https, socks5"),
        ("A bundle that is not base64.", {"caBundle": "%%"}, SECRET, "spec.caBundle"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_names_field_and_remedy(reason, spec, secret, says):
    with pytest.raises(Terminal, match=says):
        credentials.from_cluster({"spec": CLUSTER["spec"] | spec}, secret)


@pytest.mark.parametrize(
    ("lenient", "verify", "hostname", "timeless"),
    [
        (set(), ssl.CERT_REQUIRED, True, False),
        ({"*"}, ssl.CERT_NONE, False, False),
        ({"SubjectName"}, ssl.CERT_REQUIRED, False, False),
        ({"ValidityPeriod"}, ssl.CERT_REQUIRED, True, True),
    ],
    ids=str,
)
def test_disabled_validations(lenient, verify, hostname, timeless):
    context = credentials.Access("https://c", lenient=frozenset(lenient)).tls()
    assert context.verify_mode == verify
    assert context.check_hostname is hostname
    assert bool(context.verify_flags & credentials.NO_CHECK_TIME) is timeless


def written(tmp_path, *, user=None, **cluster):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://h:1"} | cluster}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_kubeconfig_with_a_token(tmp_path):
    access = credentials.from_kubeconfig(written(tmp_path, user={"token": "t0ken"}))
    assert (access.server, access.token, access.renew) == ("https://h:1", "t0ken", None)


def test_a_token_in_a_file_is_read_again(tmp_path):
    (tmp_path / "token").write_text("old\n")
    access = credentials.from_kubeconfig(written(tmp_path, user={"tokenFile": "token"}))
    (tmp_path / "token").write_text("new\n")
    assert (access.token, access.renew()) == ("old", "new")


PLUGIN = "client.authentication.k8s.io/v1"


def plugin(*args):
    return {"exec": {"apiVersion": PLUGIN, "command": "sh", "args": ["-c", *args]}}


def test_the_token_of_a_plugin_is_fetched_again_when_it_is_over(tmp_path):
    count = tmp_path / "count"
    script = f"""echo . >> {count}
        echo '{{"apiVersion": "{PLUGIN}", "kind": "ExecCredential", "status":
        {{"token": "t'$(wc -l < {count})'", "expirationTimestamp": "2020-01-01T00:00:00Z"}}}}'"""
    access = credentials.from_kubeconfig(written(tmp_path, user=plugin(script)))
    assert (access.token, access.renew()) == ("t1", "t2")


def test_a_plugin_that_fails_is_said_with_its_words(tmp_path):
    path = written(tmp_path, user=plugin("echo 'login expired' >&2; exit 3"))
    with pytest.raises(Terminal, match=r"context 'c' of .*config: exec plug-in 'sh' .*expired"):
        credentials.from_kubeconfig(path)


def test_a_plugin_that_gives_nothing_is_no_reason_to_go_on_as_nobody(tmp_path):
    script = f"""echo '{{"apiVersion": "{PLUGIN}", "kind": "ExecCredential", "status": {{}}}}'"""
    with pytest.raises(Terminal, match="gave neither a token nor a certificate"):
        credentials.from_kubeconfig(written(tmp_path, user=plugin(script)))


def test_the_proxy_of_a_kubeconfig_is_kept(tmp_path):
    path = written(tmp_path, **{"proxy-url": "socks5://p:1080"})
    assert credentials.from_kubeconfig(path).proxy == "socks5://p:1080"


def test_a_proxy_that_cannot_be_used_is_said(tmp_path):
    path = written(tmp_path, **{"proxy-url": "ftp://p"})
    with pytest.raises(Terminal, match=r"context 'c' of .*proxy-url: proxy URL scheme"):
        credentials.from_kubeconfig(path)


def test_what_a_kubeconfig_says_of_tls_is_kept(tmp_path):
    path = written(tmp_path, **{"insecure-skip-tls-verify": True, "tls-server-name": "k"})
    access = credentials.from_kubeconfig(path)
    assert (access.lenient, access.server_name) == ({"*"}, "k")


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]", "kind: Config"])
def test_a_kubeconfig_that_is_none_names_the_file(tmp_path, text):
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(Terminal, match="config"):
        credentials.from_kubeconfig(path)


def test_in_cluster(tmp_path):
    (tmp_path / "token").write_text("t0ken\n")
    (tmp_path / "ca.crt").write_bytes(b"PEM")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    access = credentials.in_cluster(directory=tmp_path, environ=environ)
    assert (access.server, access.token, access.ca) == ("https://[fd00::1]:443", "t0ken", b"PEM")
    (tmp_path / "token").write_text("newer")
    assert access.renew() == "newer"
    with pytest.raises(Terminal, match="not in a cluster"):
        credentials.in_cluster(directory=tmp_path, environ={})


def test_outside_of_a_cluster_an_address_is_asked_for():
    with pytest.raises(Terminal, match="--kubeconfig"):
        credentials.of_host("", "", "", environ={})
    assert credentials.of_host("", "", "https://host", environ={}) == Access("https://host")
