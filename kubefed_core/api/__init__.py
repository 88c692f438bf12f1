"""Our own kinds: dict to frozen dataclass and back, one file per kind."""
