"""Trust in a member: what of the kubeconfig reaches the KubeFedCluster, and what cannot."""

import base64
import ssl
from datetime import UTC, datetime

import pytest
import yaml
from fake_api import CLUSTERS, FakeApi

from kubefed_core.runtime.certificates import Authority

NOW = datetime.now(UTC)
OURS = Authority("ours", now=NOW)
OTHERS = Authority("others", now=NOW)
CLUSTER = f"{CLUSTERS}/eu"


def encoded(content):
    return base64.b64encode(content).decode()


@pytest.fixture
def names():
    """The names in the member's certificate."""
    return ["127.0.0.1"]


@pytest.fixture
def own_ca():
    """What the member gives its service accounts as its CA."""
    return OURS.certificate


@pytest.fixture
def member(names, own_ca, tmp_path):
    pair = OURS.serving("eu", names)
    file = tmp_path / "serving.pem"
    file.write_bytes(pair.certificate + pair.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with FakeApi(tls=context, own_ca=own_ca) as api:
        yield api


@pytest.fixture
def join(kubefedctl, kubeconfig, host):
    """Join with these settings in the member's cluster entry; gives what came of it."""

    def run(**entry):
        content = yaml.safe_load(kubeconfig.read_text())
        content["clusters"][1]["cluster"] |= {
            name.replace("_", "-"): value for name, value in entry.items()
        }
        kubeconfig.write_text(yaml.safe_dump(content))
        result = kubefedctl("join", "eu", "--wait=0")
        return result, host.objects.get(CLUSTER, {}).get("spec")

    return run


def test_a_ca_in_the_kubeconfig_is_handed_on(join):
    result, spec = join(certificate_authority_data=encoded(OURS.certificate))
    assert (result.status, result.err) == (0, "")
    assert spec["caBundle"] == encoded(OURS.certificate)
    assert "disabledTLSValidations" not in spec


def test_a_ca_file_is_handed_on(join, kubeconfig):
    (kubeconfig.parent / "ca.pem").write_bytes(OURS.certificate)
    result, spec = join(certificate_authority="ca.pem")
    assert result.status == 0
    assert spec["caBundle"] == encoded(OURS.certificate)


def test_a_member_that_nobody_checks_is_not_checked_later_either(join):
    result, spec = join(insecure_skip_tls_verify=True)
    assert (result.status, result.err) == (0, "")
    assert spec["disabledTLSValidations"] == ["*"]
    assert spec["caBundle"] == encoded(OURS.certificate), "the cluster's own, for later"


def assert_refused(join, host, member, words, **entry):
    result, spec = join(**entry)
    assert result.status == 255
    assert (spec, host.writes, member.writes) == (None, [], [])
    for word in words:
        assert word in result.err


def test_another_ca_is_an_error(join, host, member):
    words = ["shows a certificate that is not trusted", "certificate-authority-data"]
    assert_refused(
        join, host, member, words, certificate_authority_data=encoded(OTHERS.certificate)
    )


def test_no_ca_at_all_is_an_error_for_a_private_one(join, host, member):
    assert_refused(join, host, member, ["shows a certificate that is not trusted"])


def test_plain_http_is_said_where_tls_was_expected(join, host, member):
    server = host.url.replace("http", "https")
    assert_refused(join, host, member, ["does not speak TLS", "URL right"], server=server)


@pytest.mark.parametrize("names", [["eu.example.com"]])
def test_a_certificate_for_other_names_is_an_error(join, host, member):
    words = ["shows a certificate for other names", "that its certificate names"]
    assert_refused(join, host, member, words, certificate_authority_data=encoded(OURS.certificate))


@pytest.mark.parametrize("names", [["eu.example.com"]])
def test_a_server_name_that_a_cluster_cannot_hold_is_an_error_where_it_is_needed(
    join, host, member
):
    words = ["tls-server-name 'eu.example.com', which a KubeFedCluster cannot hold"]
    assert_refused(
        join,
        host,
        member,
        words,
        certificate_authority_data=encoded(OURS.certificate),
        tls_server_name="eu.example.com",
    )


@pytest.mark.parametrize("names", [["127.0.0.1", "eu.example.com"]])
def test_a_server_name_that_is_not_needed_does_no_harm(join):
    result, _ = join(
        certificate_authority_data=encoded(OURS.certificate), tls_server_name="eu.example.com"
    )
    assert (result.status, result.err) == (0, "")


@pytest.fixture
def trusted_by_the_system(tmp_path, monkeypatch):
    file = tmp_path / "roots.pem"
    file.write_bytes(OURS.certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.usefixtures("trusted_by_the_system")
def test_without_a_ca_in_the_kubeconfig_the_clusters_own_is_taken(join):
    result, spec = join()
    assert result.status == 0
    assert spec["caBundle"] == encoded(OURS.certificate)


@pytest.mark.usefixtures("trusted_by_the_system")
@pytest.mark.parametrize("own_ca", [OTHERS.certificate], ids=["others"])
def test_where_the_clusters_own_ca_does_not_fit_the_systems_are_left(join):
    result, spec = join()
    assert result.status == 0
    assert "caBundle" not in spec


def test_a_proxy_that_is_not_there_is_named(join, host, member):
    words = ["cannot be reached through the proxy", "check the context's proxy-url"]
    assert_refused(
        join,
        host,
        member,
        words,
        certificate_authority_data=encoded(OURS.certificate),
        proxy_url="http://127.0.0.1:9",
    )
