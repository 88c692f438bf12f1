"""Objects that the API server must take, each with the reason; see test_crds.py."""

from objects_refused import (
    Obj,
    cluster,
    config,
    endpoint,
    gates,
    geo,
    ingress,
    made,
    provider,
    rfc2136,
    service,
)

PLUG_IN = {"type": "acme-dns", "settings": {"deep": {"list": [1, "two"]}}}

TAKEN: list[tuple[str, Obj]] = [
    ("A Domain is enough for a record.", service()),
    ("Upstream writes empty words.", service(dnsPrefix="", externalName="", recordTTL=0)),
    ("The longest TTL.", service(recordTTL=2**31 - 1)),
    ("A prefix may have several labels.", service(dnsPrefix="www.shop")),
    ("An empty selector selects all.", service(clusterSelector={})),
    ("An empty list selects none.", service(clusters=[])),
    ("Shares.", service(routing={"policy": "Weighted", "weights": {"eu": 255, "us": 0}})),
    ("Equal shares need no weights.", service(routing={"policy": "Weighted"})),
    (
        "Tiers by name and by label.",
        service(
            routing={
                "policy": "Failover",
                "tiers": [
                    {"clusters": ["eu"], "minHealthy": 1},
                    {"clusterSelector": {"matchLabels": {"role": "standby"}}},
                ],
            }
        ),
    ),
    ("Continent, country, part and rest.", geo(["EU", "GB", "US-CA"], ["*"])),
    ("All of a health check has defaults.", service(health={})),
    (
        "All of a health check may be said.",
        service(
            health={
                "protocol": "HTTPS",
                "port": 443,
                "path": "/healthz",
                "host": "shop.example.com",
                "expectedStatus": "200-399,404",
                "interval": "1m30s",
                "timeout": "1.5s",
                "rise": 2,
                "fall": 3,
                "failBackDelay": "60s",
            }
        ),
    ),
    ("A quick check shortens its time-out.", service(health={"interval": "500ms"})),
    ("Hosts and wildcards.", ingress("shop.example.com", "*.example.com", "example.com.")),
    ("Hosts may be given twice.", ingress("a.example.com", "a.example.com")),
    ("Hosts come from the rules.", made("IngressDNSRecord", spec={})),
    ("Nothing need be said at all.", made("IngressDNSRecord")),
    ("A Domain as upstream knows it.", made("Domain", domain="Example.COM.", nameServer="ns1")),
    ("A Domain with providers.", made("Domain", domain="a.test", providers=["embedded", "bind"])),
    ("KubeFed writes empty specs.", made("DNSEndpoint", spec={})),
    ("external-dns's service records.", endpoint(dnsName="_sip._tcp.a.test", recordType="SRV")),
    ("Targets may be missing.", endpoint(targets=[])),
    (
        "An endpoint with all that external-dns has.",
        endpoint(
            setIdentifier="eu",
            labels={"serviceName": "nginx"},
            providerSpecific=[{"name": "aws/weight", "value": "10"}],
            routing={"weight": 10, "tier": 0, "geo": ["EU", "*"], "region": "eu-west-1"},
        ),
    ),
    ("An IPv6 server with a port.", rfc2136("[2001:db8::1]:53", "ns.example.com", "192.0.2.1:53")),
    (
        "DNS over TLS, and pointers back.",
        provider(
            "rfc2136",
            credentialsRef={"name": "s"},
            rfc2136={
                "servers": ["ns.example.com"],
                "tls": {"serverName": "ns.example.com", "caSecretKey": "ca.crt"},
                "ptr": True,
                "timeout": "2s",
            },
        ),
    ),
    ("TLS by default.", provider("rfc2136", rfc2136={"servers": ["192.0.2.1"], "tls": {}})),
    ("The embedded server needs no block.", provider("embedded", zones=["example.com"])),
    (
        "The embedded server with all that it knows.",
        provider(
            "embedded",
            credentialsRef={"name": "s"},
            embedded={
                "nsAddresses": ["192.0.2.53", "2001:db8::53"],
                "transfers": {
                    "allow": ["192.0.2.0/24", "2001:db8::/32", "192.0.2.1"],
                    "tsig": {"keyName": "k.", "algorithm": "hmac-sha512"},
                    "keys": [{"keyName": "other.example", "secretKey": "other"}],
                },
                "notify": ["192.0.2.1:53", "[2001:db8::1]:5353", "ns2.example.net"],
                "geoDatabase": "/var/lib/GeoIP/GeoLite2-City.mmdb",
            },
        ),
    ),
    ("A cloud may take all from its Secret.", provider("route53", credentialsRef={"name": "s"})),
    ("A webhook.", provider("webhook", webhook={"url": "http://127.0.0.1:8888"})),
    (
        "octoDNS's settings are its own.",
        provider("octodns", octodns={"class": "octodns_x.P", "settings": {"token": "secret/T"}}),
    ),
    ("A plug-in's settings are its own.", made("DNSProvider", spec=PLUG_IN)),
    (
        "All that every provider has.",
        rfc2136(
            "192.0.2.1:53",
            zones=["example.com"],
            ownerID="hub",
            policy="UpsertOnly",
            dryRun=True,
            drift="Report",
            addresses="Public",
            allowedNamespaces={"matchLabels": {"team": "a"}},
            allowLocalTargets=True,
            txt={
                "prefix": "%{record_type}.owner.",
                "suffix": "",
                "wildcardReplacement": "any",
                "encryptionKeyRef": {"name": "s", "key": "k"},
            },
            safety={"maxDeletePercent": 30, "minNames": 10, "window": "10m"},
            rateLimit={"requestsPerSecond": 0.5, "burst": 10},
            auditInterval="10m",
            minTTL=0,
            verify={"servers": ["192.0.2.53:53"]},
            onDelete="Delete",
        ),
    ),
    ("Upstream's gates of the DNS days.", gates("CrossClusterServiceDiscovery")),
    ("Upstream's lock.", config(leaderElect={"resourceLock": "configmaps"})),
    ("A Go duration.", config(controllerDuration={"unavailableDelay": "1m0.5s"})),
    ("Ours alone.", config(dns={"onlyManaged": True, "withdrawTimeout": "5m"})),
    ("A star alone.", cluster(disabledTLSValidations=["*"])),
    ("No proxy, as upstream writes it.", cluster(proxyURL="")),
    ("A proxy.", cluster(proxyURL="socks5://example.com")),
    ("Region and zones by hand.", cluster(region="eu-west", zones=["eu-west-1a", "eu-west-1b"])),
    *(
        (
            f"An address: {scheme}{host}{port}{path}",
            cluster(apiEndpoint=scheme + host + port + path),
        )
        for scheme in ("", "http://", "https://")
        for host in ("example.com", "192.0.2.219", "[2001:db8:25a4:8d2::1]")
        for port in ("", ":1", ":65535")
        for path in ("", "/", "/path/to/endpoint")
        for url in (scheme + host + port + path,)
        if scheme or path != "/path/to/endpoint"
    ),
]
