"""What can go wrong with local control planes."""

from kubefed_core.errors import KubeFedError


class LocalError(KubeFedError):
    """A local control plane, or a program it needs, is not to be had; the message says why."""
