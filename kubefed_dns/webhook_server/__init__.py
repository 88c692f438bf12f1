"""A provider of ours as a webhook provider of external-dns."""
