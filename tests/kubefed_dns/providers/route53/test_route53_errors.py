"""Whatever goes wrong names cause and remedy, and no secret."""

import pytest
from botocore import exceptions as sdk

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable, ZoneGone
from kubefed_dns.providers import route53_errors as errors
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.records import Group, rrset


def answer(code, message="as AWS says", *, status=400, operation="ListResourceRecordSets"):
    said = {"Error": {"Code": code, "Message": message}}
    return sdk.ClientError(said | {"ResponseMetadata": {"HTTPStatusCode": status}}, operation)


FAULTS = (
    ("No credentials anywhere.", sdk.NoCredentialsError(), Denied, "give spec.credentialsRef"),
    (
        "Half of them.",
        sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        Denied,
        "give spec.credentialsRef",
    ),
    (
        "The machine gives none.",
        sdk.MetadataRetrievalError(error_msg="connection refused"),
        Denied,
        "run where AWS gives some",
    ),
    (
        "A program that gives them fails.",
        sdk.CredentialRetrievalError(provider="x", error_msg="hidden"),
        Denied,
        "CredentialRetrievalError",
    ),
    ("Nobody has signed in.", sdk.UnauthorizedSSOTokenError(), Denied, "spec.credentialsRef"),
    (
        "An expired token.",
        answer("ExpiredToken", "hidden", status=403),
        Denied,
        "put a new one into the Secret",
    ),
    (
        "An expired token, in other words.",
        answer("ExpiredTokenException", "hidden", status=403),
        Denied,
        "put a new one into the Secret",
    ),
    (
        "An unknown key.",
        answer("InvalidClientTokenId", "hidden", status=403),
        Denied,
        "correct the Secret",
    ),
    (
        "A secret that does not fit; what AWS says of it shows the request.",
        answer("SignatureDoesNotMatch", "hidden", status=403),
        Denied,
        "does not belong to the key",
    ),
    (
        "A deactivated key.",
        answer("UnrecognizedClientException", "hidden", status=403),
        Denied,
        "not valid",
    ),
    ("No account for it.", answer("OptInRequired", status=403), Denied, "subscribe"),
    ("A clock that is wrong.", answer("RequestExpired"), Denied, "NTP"),
    (
        "No right.",
        answer("AccessDenied", status=403),
        Denied,
        "allow route53:ListResourceRecordSets",
    ),
    (
        "No right to a role.",
        answer("AccessDenied", status=403, operation="AssumeRole"),
        Denied,
        "correct spec.route53.assumeRole",
    ),
    (
        "A pod that the role does not know.",
        answer("InvalidIdentityToken", operation="AssumeRoleWithWebIdentity"),
        Denied,
        "eks.amazonaws.com/role-arn",
    ),
    (
        "A pod that the role does not trust.",
        answer("AccessDenied", status=403, operation="AssumeRoleWithWebIdentity"),
        Denied,
        "trust the service account",
    ),
    ("No such zone.", answer("NoSuchHostedZone", status=404), ZoneGone, "spec.zoneIDs"),
    ("Too many requests.", answer("Throttling"), Throttled, "lower spec.rateLimit"),
    ("Too many requests, in HTTP.", answer("", status=429), Throttled, "tried again"),
    (
        "Too many roles.",
        answer("Throttling", operation="AssumeRole"),
        Throttled,
        "tried again",
    ),
    (
        "A change at a time.",
        answer("PriorRequestNotComplete"),
        Throttled,
        "an earlier change of the zone is on its way",
    ),
    ("It is ill.", answer("InternalFailure", status=500), Unreachable, "500 InternalFailure"),
    (
        "STS is ill.",
        answer("ServiceUnavailable", status=503, operation="AssumeRole"),
        Unreachable,
        "tried again",
    ),
    (
        "Nobody is there.",
        sdk.EndpointConnectionError(endpoint_url="https://me:hidden@route53.example/"),
        Unreachable,
        "spec.route53.endpointURL",
    ),
    (
        "It takes too long.",
        sdk.ReadTimeoutError(endpoint_url="https://route53.example/"),
        Unreachable,
        "Read timeout",
    ),
    (
        "No connection in time.",
        sdk.ConnectTimeoutError(endpoint_url="https://route53.example/"),
        Unreachable,
        "Connect timeout",
    ),
    (
        "A certificate that is not trusted.",
        sdk.SSLError(endpoint_url="https://route53.example/", error="self-signed"),
        Unreachable,
        "self-signed",
    ),
    (
        "The proxy is away.",
        sdk.ProxyConnectionError(proxy_url="http://me:hidden@proxy.example/"),
        Unreachable,
        "HTTPS gets through",
    ),
    (
        "Another kind of world.",
        sdk.UnknownRegionError(region_name="moon", error_msg="far away"),
        ProviderError,
        "moon",
    ),
    ("Anything else.", answer("Strange"), ProviderError, "as AWS says (Strange"),
)


@pytest.mark.parametrize(
    ("reason", "error", "kind", "said"), FAULTS, ids=[reason for reason, *_ in FAULTS]
)
def test_a_fault_names_cause_and_remedy_and_no_secret(reason, error, kind, said):
    fault = errors.fault(error)
    assert type(fault) is kind, reason
    assert said in str(fault), reason
    assert "hidden" not in str(fault), reason


WWW, API = (
    Exchange(Group(name, ()), (), (rrset(name, "A", 300, ["192.0.2.1"]),))
    for name in ("www.example.org.", "*.api.example.org.")
)


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        (
            "Tried to create resource record set [name='www.example.org.', type='A']"
            " but it already exists",
            {0: True},
        ),
        (
            r"Tried to delete resource record set [name='\052.api.example.org.', type='A', set"
            " identifier='x'] but it was not found, Tried to delete resource record set"
            " [name='www.example.org.', type='A'] but the values provided do not match the"
            " current values",
            {0: True, 1: True},
        ),
        (
            "RRSet of type CNAME with DNS name www.example.org. is not permitted because a"
            " conflicting RRSet of type  A with the same DNS name already exists in zone"
            " example.org.",
            {0: True},
        ),
        (
            "RRSet with DNS name www.example.org., type A, SetIdentifier x, and Region"
            " Name=us-east-1 cannot be created because a non-latency RRSet with the same name and"
            " type already exists.",
            {0: True},
        ),
        ("RRSet with DNS name www.example.org. is not permitted in zone x.", {0: False}),
        (
            "Invalid request: Missing field 'HealthCheckId' in Change with [Action=CREATE,"
            " Name=www.example.org., Type=A, SetIdentifier=x]",
            {0: False},
        ),
        (
            "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be"
            " enclosed in quotation marks) encountered with 'x''",
            {},
        ),
        ("RRSet with DNS name other.example.org. is not permitted in zone x.", {}),
        ("RRSet with DNS name .. is not permitted in zone x.", {}),
    ],
)
def test_amazons_complaints_are_understood(said, lost):
    found = errors.blame(said, [WWW, API])
    assert {at: refused.lost for at, refused in found.items()} == lost
