"""Objects that the API server must refuse, each with what it must say; see test_crds.py."""

from typing import Any

Obj = dict[str, Any]

CORE = "core.kubefed.io/v1beta1"
DNS = "multiclusterdns.kubefed.io/v1alpha1"
LABEL_64 = "a" * 64
NAME_254 = ".".join(["a" * 63] * 3 + ["b" * 62])


def made(kind: str, **content: Any) -> Obj:
    version = CORE if kind.startswith("KubeFed") else DNS
    return {"apiVersion": version, "kind": kind, **content}


def service(**spec: Any) -> Obj:
    return made("ServiceDNSRecord", spec={"domainRef": "test-domain", **spec})


def ingress(*hosts: str, **spec: Any) -> Obj:
    return made("IngressDNSRecord", spec={"hosts": list(hosts), **spec})


def endpoint(**endpoint: Any) -> Obj:
    item = {"dnsName": "www.example.com", "recordType": "A", "targets": ["192.0.2.1"], **endpoint}
    return made("DNSEndpoint", spec={"endpoints": [item]})


def provider(kind: str, **spec: Any) -> Obj:
    return made("DNSProvider", spec={"type": kind, **spec})


def rfc2136(*servers: str, **spec: Any) -> Obj:
    return provider("rfc2136", rfc2136={"servers": list(servers)}, **spec)


def cluster(**spec: Any) -> Obj:
    return made("KubeFedCluster", spec={"apiEndpoint": "c", "secretRef": {"name": "s"}, **spec})


def config(**spec: Any) -> Obj:
    return made("KubeFedConfig", spec={"scope": "Cluster", **spec})


def geo(*locations: list[str]) -> Obj:
    entries = [{"locations": each, "clusters": ["eu"]} for each in locations]
    return service(routing={"policy": "Geo", "geo": entries})


def gates(*names: str) -> Obj:
    return config(featureGates=[{"name": name, "configuration": "Enabled"} for name in names])


def leader(**times: str) -> Obj:
    return config(leaderElect=times)


PROXY = "proxy URL scheme must be one of: [http, https, socks5]"
HOST = "host must be a URL or a host:port pair"
PORT = "must be between 1 and 65535, inclusive"
POSITIVE = "should be greater than 0"
LEAST = "should be greater than or equal to"
MOST = "should be less than or equal to"
LONG = "may not be more than"
MANY = "must have at most"
PATTERN = "should match"
ONLY = "is read only with type"

RECORDS: list[tuple[str, Obj, str]] = [
    ("A record of a Service needs a Domain.", made("ServiceDNSRecord", spec={}), "domainRef"),
    ("It needs a spec.", made("ServiceDNSRecord"), "spec: Required value"),
    ("A Domain's name is an object's name.", service(domainRef="Not_A_Name"), PATTERN),
    ("A TTL is not negative.", service(recordTTL=-1), LEAST),
    ("A TTL has 31 bits.", service(recordTTL=2**31), MOST),
    ("A prefix has no empty label.", service(dnsPrefix="a..b"), "spec.dnsPrefix"),
    ("A label has 63 characters at most.", service(dnsPrefix=LABEL_64), "spec.dnsPrefix"),
    ("An external name is one label.", service(externalName="a.b"), "spec.externalName"),
    ("An external name is a label.", service(externalName="a b"), "spec.externalName"),
    ("Clusters are named or selected.", service(clusters=["eu"], clusterSelector={}), "both"),
    ("A cluster is named once.", service(clusters=["eu", "eu"]), "Duplicate value"),
    (
        "An operator that compares needs values.",
        service(clusterSelector={"matchExpressions": [{"key": "a", "operator": "In"}]}),
        "need values",
    ),
    ("A choice is one of those offered.", service(unreachable="Panic"), "Unsupported value"),
    ("Weights need their policy.", service(routing={"weights": {"eu": 1}}), "policy Weighted"),
    (
        "A weight has 8 bits.",
        service(routing={"policy": "Weighted", "weights": {"eu": 256}}),
        MOST,
    ),
    ("Failover needs tiers.", service(routing={"policy": "Failover"}), "at least one tier"),
    (
        "Tiers need their policy.",
        service(routing={"tiers": [{"clusters": ["eu"]}]}),
        "no other policy takes tiers",
    ),
    (
        "A tier has clusters.",
        service(routing={"policy": "Failover", "tiers": [{"minHealthy": 1}]}),
        "a tier needs either",
    ),
    ("Geo needs entries.", service(routing={"policy": "Geo"}), "at least one entry"),
    ("Geo needs somebody for everybody else.", geo(["EU"]), 'must have the location "*"'),
    ("Everybody else is given once.", geo(["*"], ["*"]), "exactly one entry"),
    ("A place is given by its code.", geo(["*"], ["Europe"]), PATTERN),
    ("A code is of capitals.", geo(["*"], ["eu"]), PATTERN),
    ("A check by TCP needs a port.", service(health={"protocol": "TCP"}), "needs a port"),
    (
        "A check by TCP has no path.",
        service(health={"protocol": "TCP", "port": 53, "path": "/"}),
        "go with HTTPS and HTTP",
    ),
    ("Checks take some time.", service(health={"interval": "1ms"}), "at least 100ms"),
    (
        "Checks do not overlap.",
        service(health={"interval": "2s", "timeout": "3s"}),
        "at most the interval",
    ),
    ("A duration has a unit.", service(health={"interval": "10"}), PATTERN),
    ("Statuses are numbers.", service(health={"expectedStatus": "ok"}), PATTERN),
    ("A host has no blanks.", ingress("not a host"), "spec.hosts[0]"),
    ("A host is not empty.", ingress(""), "spec.hosts[0]"),
    ("A wildcard stands first.", ingress("a.*.example.com"), "spec.hosts[0]"),
    ("A wildcard is a whole label.", ingress("a*.example.com"), "spec.hosts[0]"),
    ("A label of a host is bounded.", ingress(f"{LABEL_64}.example.com"), "spec.hosts[0]"),
    ("A host is bounded.", ingress(NAME_254), LONG),
    ("Hosts are bounded.", ingress(*(f"h{n}.example.com" for n in range(257))), MANY),
    ("A Domain has a domain.", made("Domain"), "domain: Required value"),
    ("A domain is a DNS name.", made("Domain", domain="exa mple.com"), PATTERN),
    ("A domain is no wildcard.", made("Domain", domain="*.example.com"), PATTERN),
    ("A name of an endpoint is one.", endpoint(dnsName="-a.example.com"), PATTERN),
    ("A type is known.", endpoint(recordType="AAA"), "Unsupported value"),
    ("Routing needs an identity.", endpoint(routing={"weight": 1}), "setIdentifier"),
    ("An endpoint's TTL is bounded.", endpoint(recordTTL=2**31), MOST),
]

PROVIDERS: list[tuple[str, Obj, str]] = [
    ("A provider has a type.", made("DNSProvider", spec={}), "spec.type"),
    ("A type is a word.", provider("Route 53"), PATTERN),
    ("rfc2136 needs its block.", provider("rfc2136"), "needs its settings in spec.rfc2136"),
    ("rfc2136 needs a server.", rfc2136(), "spec.rfc2136.servers"),
    ("webhook needs its block.", provider("webhook"), "needs its settings in spec.webhook"),
    ("octodns needs its block.", provider("octodns"), "needs its settings in spec.octodns"),
    ("Another type's block is a mistake.", provider("embedded", google={}), ONLY),
    ("A known type has its own block.", provider("google", settings={"a": 1}), "for plug-ins"),
    ("A server has no scheme.", rfc2136("dns://192.0.2.1"), PATTERN),
    ("A server's port is one.", rfc2136("192.0.2.1:65536"), PATTERN),
    ("An IPv6 address is in brackets.", rfc2136("2001:db8::1"), PATTERN),
    (
        "A key needs a Secret.",
        provider("rfc2136", rfc2136={"servers": ["192.0.2.1"], "tsig": {"keyName": "k."}}),
        "give credentialsRef.name",
    ),
    (
        "So do keys of secondaries.",
        provider("embedded", embedded={"transfers": {"tsig": {"keyName": "k."}}}),
        "give credentialsRef.name",
    ),
    (
        "Who may have a zone is a network.",
        provider("embedded", embedded={"transfers": {"allow": ["example.com"]}}),
        PATTERN,
    ),
    (
        "A database is at a path.",
        provider("embedded", embedded={"geoDatabase": "GeoLite2-City.mmdb"}),
        PATTERN,
    ),
    (
        "A key's algorithm is known.",
        provider(
            "rfc2136",
            credentialsRef={"name": "s"},
            rfc2136={"servers": ["a"], "tsig": {"keyName": "k.", "algorithm": "hmac-md5"}},
        ),
        "Unsupported value",
    ),
    (
        "A zone has one key.",
        provider(
            "rfc2136",
            credentialsRef={"name": "s"},
            rfc2136={
                "servers": ["a"],
                "keys": [{"zone": "a.test", "keyName": "k.", "secretKey": "k"}] * 2,
            },
        ),
        "Duplicate value",
    ),
    (
        "A CA is in one place.",
        provider(
            "rfc2136",
            credentialsRef={"name": "s"},
            rfc2136={"servers": ["192.0.2.1"], "tls": {"ca": "PEM", "caSecretKey": "ca.crt"}},
        ),
        "give either ca or caSecretKey",
    ),
    (
        "A CA in a Secret needs the Secret.",
        provider("rfc2136", rfc2136={"servers": ["192.0.2.1"], "tls": {"caSecretKey": "ca.crt"}}),
        "give credentialsRef.name",
    ),
    ("external-dns's owner is not ours.", rfc2136("a", ownerID="default"), "external-dns"),
    ("An owner id stands in a TXT record.", rfc2136("a", ownerID="a,b"), PATTERN),
    ("A zone is a DNS name.", rfc2136("a", zones=["example..com"]), PATTERN),
    ("A zone is given once.", rfc2136("a", zones=["a.test", "a.test"]), "Duplicate value"),
    (
        "Ownership names have one affix.",
        rfc2136("a", txt={"prefix": "a.", "suffix": "-b"}),
        "prefix and suffix cannot both",
    ),
    ("A share is a percentage.", rfc2136("a", safety={"maxDeletePercent": 101}), MOST),
    (
        "A rate is positive.",
        rfc2136("a", rateLimit={"requestsPerSecond": 0}),
        "should be greater than 0",
    ),
    ("A policy is known.", rfc2136("a", policy="sync"), "Unsupported value"),
]

CLUSTERS: list[tuple[str, Obj, str]] = [
    ("A cluster is somewhere.", cluster(apiEndpoint=""), "spec.apiEndpoint: Required value"),
    ("A URL has a host.", cluster(apiEndpoint="https://"), HOST),
    ("A path needs a scheme.", cluster(apiEndpoint="example.com/path/to/somewhere"), HOST),
    ("An API speaks HTTP.", cluster(apiEndpoint="tcp://example.com"), "Unsupported value"),
    ("A port is a number.", cluster(apiEndpoint="example.com:port80"), HOST),
    ("A port is not negative.", cluster(apiEndpoint="example.com:-80"), HOST),
    ("A port is not 0.", cluster(apiEndpoint="example.com:0"), PORT),
    ("A port has 16 bits.", cluster(apiEndpoint="example.com:65536"), PORT),
    ("A Secret is named.", cluster(secretRef={"name": ""}), "Required value"),
    ("A Secret's name is one.", cluster(secretRef={"name": "a_b"}), "RFC 1123 subdomain"),
    ("A proxy speaks a known protocol.", cluster(proxyURL="socks6://example.com"), PROXY),
    ("A proxy has a scheme.", cluster(proxyURL="example.com"), PROXY),
    ("A star stands alone.", cluster(disabledTLSValidations=["*", "SubjectName"]), "only option"),
    ("A check is known.", cluster(disabledTLSValidations=["Name"]), "Unsupported value"),
    ("A region is a label.", cluster(region="eu west"), PATTERN),
    ("A control plane has a scope.", made("KubeFedConfig", spec={}), "spec.scope"),
    ("A scope is known.", config(scope="Galaxy"), "Unsupported value"),
    ("A delay is no word.", config(controllerDuration={"availableDelay": "soon"}), PATTERN),
    ("A delay is positive.", config(controllerDuration={"unavailableDelay": "0s"}), POSITIVE),
    ("A threshold is positive.", config(clusterHealthCheck={"failureThreshold": 0}), POSITIVE),
    ("A lease outlives its renewal.", leader(leaseDuration="9s"), "greater than renewDeadline"),
    ("A lease may be renewed twice.", leader(renewDeadline="6s"), "retryPeriod*JitterFactor(1.2)"),
    ("A gate is known.", gates("BadFeatureName"), "Unsupported value"),
    ("A gate is given once.", gates("PushReconciler", "PushReconciler"), "Duplicate value"),
]

REFUSED = [*RECORDS, *PROVIDERS, *CLUSTERS]
