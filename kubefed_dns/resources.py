"""The kinds of the multicluster DNS group."""

from kubefed_core.resources import Resource

GROUP = "multiclusterdns.kubefed.io"

DOMAINS = Resource(GROUP, "v1alpha1", "domains", "Domain")
SERVICE_RECORDS = Resource(GROUP, "v1alpha1", "servicednsrecords", "ServiceDNSRecord")
INGRESS_RECORDS = Resource(GROUP, "v1alpha1", "ingressdnsrecords", "IngressDNSRecord")
ENDPOINTS = Resource(GROUP, "v1alpha1", "dnsendpoints", "DNSEndpoint")
PROVIDERS = Resource(GROUP, "v1alpha1", "dnsproviders", "DNSProvider")
