"""From DNSEndpoints to the zones of providers, a part a file; `zones` puts them together."""
