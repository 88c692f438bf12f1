"""The kinds of the multicluster DNS group: dict to frozen dataclass and back."""
