"""The keys, certificates and kubeconfig of a cluster, checked by those who will use them."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from kubefed_core.local import files
from kubefed_core.runtime.certificates import Authority, signing_key
from kubefed_core.runtime.credentials import from_kubeconfig

SERVER = "https://127.0.0.1:1234"


@pytest.fixture
def made(tmp_path):
    admin = files.write_secrets(tmp_path, now=datetime.now(UTC))
    files.write_kubeconfig(tmp_path, "eu", server=SERVER, admin=admin)
    return admin


def handshake(server, client, host):
    """What the server learns of the client, when both are content."""
    ours, theirs = socket.socketpair()
    found = []

    def serve():
        try:
            with server.wrap_socket(theirs, server_side=True) as tls:
                found.append(tls.getpeercert())
                tls.recv(1)
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as tls:
            tls.send(b".")
    finally:
        ours.close()
        thread.join()
        theirs.close()
    return found[0]


def server_context(directory):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=directory / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(directory / "api.crt", directory / "api.key")
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "kubernetes.default.svc"])
def test_server_and_administrator_trust_each_other(made, tmp_path, host):
    seen = handshake(server_context(tmp_path), made.access(SERVER).tls(), host)
    names = {key: value for ((key, value),) in seen["subject"]}
    assert names == {"commonName": "admin", "organizationName": "system:masters"}


def test_another_name_is_not_trusted(made, tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(tmp_path), made.access(SERVER).tls(), "example.org")


def test_another_clusters_authority_is_not_trusted(made, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stranger = files.write_secrets(other, now=datetime.now(UTC))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(tmp_path), stranger.access(SERVER).tls(), "127.0.0.1")


def test_the_kubeconfig_is_whole_in_one_file(made, tmp_path):
    read = from_kubeconfig(tmp_path / files.KUBECONFIG, context="eu")
    want = made.access(SERVER)
    assert (read.server, read.ca) == (want.server, want.ca)
    assert (read.certificate, read.private_key) == (want.certificate, want.private_key)


def test_nobody_else_may_read_any_of_it(made, tmp_path):
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_certificates_are_valid_a_little_before_they_are_made():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    pair = Authority("ca", now=now).client("somebody")
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    assert certificate.not_valid_before_utc == now - timedelta(hours=1)
    assert certificate.not_valid_after_utc == now + timedelta(days=365)
    assert certificate.subject.rfc4514_string() == "CN=somebody"


def test_tokens_are_signed_by_a_pair_that_belongs_together():
    pair = signing_key()
    private = load_pem_private_key(pair.key, password=None)
    assert private.public_key() == load_pem_public_key(pair.certificate)
