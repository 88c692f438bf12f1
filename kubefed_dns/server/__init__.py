"""The embedded authoritative DNS server: zones in memory, answers over UDP and TCP."""
