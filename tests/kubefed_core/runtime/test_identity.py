"""Who a command is: tokens, certificates and exec plug-ins."""

import base64
import json
import stat
from datetime import UTC, datetime

import pytest

from kubefed_core.errors import Terminal
from kubefed_core.runtime import identity
from kubefed_core.runtime.contexts import Context

VERSION = "client.authentication.k8s.io/v1"


def context(user, directory=""):
    return Context(
        name="eu", server="https://eu", user_name="u", user=user, directory=str(directory)
    )


def bearer(made):
    return (made.api_key.get("BearerToken") or made.api_key.get("authorization") or "").split()[-1]


def plugin(tmp_path, script):
    file = tmp_path / "plugin"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": VERSION, "command": "./plugin"}}


def answering(status):
    answer = {"apiVersion": VERSION, "kind": "ExecCredential", "status": status}
    return f"echo '{json.dumps(answer)}'"


def test_a_token_is_taken_as_it_stands():
    assert bearer(identity.configuration(context({"token": "t"}), label="x")) == "t"


def test_the_token_of_a_plugin_beside_the_kubeconfig_is_taken(tmp_path):
    user = plugin(tmp_path, answering({"token": "from-plugin"}))
    made = identity.configuration(context(user, tmp_path), label="x")
    assert bearer(made) == "from-plugin"


def test_the_certificate_of_a_plugin_is_taken(tmp_path):
    user = plugin(tmp_path, answering({"clientCertificateData": "CERT", "clientKeyData": "KEY"}))
    made = identity.configuration(context(user, tmp_path), label="x")
    with open(made.cert_file) as certificate, open(made.key_file) as key:
        assert (certificate.read(), key.read()) == ("CERT", "KEY")


def test_a_plugin_is_not_run_where_there_is_a_token():
    user = {"token": "t", "exec": {"apiVersion": VERSION, "command": "/nonexistent"}}
    assert bearer(identity.configuration(context(user), label="x")) == "t"


PLUGINS = [
    ("It fails.", "echo 'login expired' >&2; exit 3", ["process returned 3", "login expired"]),
    ("It says nothing of use.", "echo hello", ["failed to decode"]),
    ("It says another version.", "echo '{\"apiVersion\": \"v0\", \"kind\": \"E\", \"status\": {}}'",
     ["api version"]),
    ("It gives nothing.", answering({}), ["gave neither a token nor a certificate"]),
    ("It gives a certificate without its key.", answering({"clientCertificateData": "CERT"}),
     ["gave neither a token nor a certificate"]),
    ("It gives no status.", answering(None), ["gave no status"]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "script", "words"), PLUGINS, ids=[row[0] for row in PLUGINS])
def test_a_plugin_that_fails_is_named_and_nobody_goes_on_without(tmp_path, reason, script, words):
    with pytest.raises(Terminal) as caught:
        identity.configuration(context(plugin(tmp_path, script), tmp_path), label="member eu")
    for word in ["member eu: exec plug-in './plugin' of user 'u'", *words]:
        assert word in str(caught.value), reason


def test_a_plugin_that_is_not_installed_says_how_to_install_it():
    spec = {"apiVersion": VERSION, "command": "no-such-plugin", "installHint": "get it from A"}
    with pytest.raises(Terminal, match=r"'no-such-plugin' of user 'u' failed: .*; get it from A"):
        identity.configuration(context({"exec": spec}), label="x")


@pytest.mark.parametrize("spec", ["word", ["list"], {"command": "true"}])
def test_a_plugin_entry_that_is_malformed_is_named(spec):
    with pytest.raises(Terminal, match="exec plug-in"):
        identity.configuration(context({"exec": spec}), label="x")


def test_an_entry_that_the_client_cannot_read_is_named():
    user = {"auth-provider": {"name": "oidc", "config": {}}}
    with pytest.raises(Terminal, match=r"user 'u' of the kubeconfig cannot be used: .*id-token"):
        identity.configuration(context(user), label="member eu")


def test_what_a_plugin_gave_is_used_as_long_as_it_lasts(tmp_path):
    answer = {"token": "t", "expirationTimestamp": "2026-01-01T01:00:00Z"}
    user = plugin(tmp_path, f"echo . >> count\n{answering(answer)}")
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    made, renew = identity.lasting(context(user, tmp_path), label="x", now=lambda: times[-1])
    assert (bearer(made), renew()) == ("t", "t")
    assert (tmp_path / "count").read_text() == ".\n"
    times.append(datetime(2026, 1, 1, 0, 59, tzinfo=UTC))
    assert renew() == "t"
    assert (tmp_path / "count").read_text() == ".\n.\n"


@pytest.mark.parametrize("until", [None, "soon", 5])
def test_where_a_plugin_does_not_say_how_long_it_is_asked_each_time(tmp_path, until):
    answer = {"token": "t", "expirationTimestamp": until}
    user = plugin(tmp_path, f"echo . >> count\n{answering(answer)}")
    _, renew = identity.lasting(context(user, tmp_path), label="x")
    renew()
    assert (tmp_path / "count").read_text() == ".\n.\n"


def test_a_certificate_has_no_token_to_renew(tmp_path):
    user = plugin(tmp_path, answering({"clientCertificateData": "CERT", "clientKeyData": "KEY"}))
    assert identity.lasting(context(user, tmp_path), label="x")[1] is None


def test_a_token_of_oidc_is_asked_for_again():
    part = base64.urlsafe_b64encode(b"{}").decode().rstrip("=")
    config = {"id-token": f"{part}.{part}.x"}
    user = {"auth-provider": {"name": "oidc", "config": config}}
    _, renew = identity.lasting(context(user), label="x")
    config["id-token"] = f"{part}.{part}.y"
    assert renew() == f"{part}.{part}.y"
