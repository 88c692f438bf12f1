"""The embedded authoritative DNS server."""
