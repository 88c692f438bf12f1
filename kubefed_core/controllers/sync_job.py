"""What the parts of the sync controller speak of: a key, a type, and one object's work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kubefed_core.api.federated import DeleteOptions
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide import template
from kubefed_core.decide.overrides import Patch
from kubefed_core.objects import Key, Obj, generation, uid
from kubefed_core.resources import Resource
from kubefed_core.runtime.recorder import Recorder

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "default"})


class FedKey(NamedTuple):
    """Which federated object, or which name one could have."""

    resource: Resource
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.resource.plural} {self.key}"

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


class Hashes(NamedTuple):
    """What was wished when something was propagated."""

    template: str
    overrides: str


UNKNOWN = Hashes("", "")


@dataclass(frozen=True)
class Job:
    """One object's work. `recorded` are the versions that the clusters got of this very wish.

    `patches` and `options` are by cluster and for its deletion; `removing`
    where the federated object itself goes. `built` keeps what was built, by
    cluster and the version of the object that is there.
    """

    key: FedKey
    type: TypeConfig
    federated: Obj
    hashes: Hashes = UNKNOWN
    recorded: Mapping[str, str] = field(default_factory=dict)
    patches: Mapping[str, tuple[Patch, ...]] = field(default_factory=dict)
    options: DeleteOptions = field(default_factory=DeleteOptions)
    removing: bool = False
    built: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def target(self) -> Key:
        return template.target_key(self.federated, self.type.target)

    @property
    def wish(self) -> tuple[str, int, bool]:
        """What makes it worth to try again at once what has failed."""
        return uid(self.federated), generation(self.federated), self.removing


class Doubts:
    """Versions that are recorded of a cluster whose name another has taken since."""

    def __init__(self) -> None:
        self._found: dict[FedKey, set[str]] = {}

    def add(self, key: FedKey, cluster: str) -> None:
        self._found.setdefault(key, set()).add(cluster)

    def believed(self, key: FedKey, recorded: Mapping[str, str]) -> dict[str, str]:
        doubted = self._found.get(key, ())
        return {name: version for name, version in recorded.items() if name not in doubted}

    def settle(self, key: FedKey) -> None:
        """What is recorded has been written anew."""
        self._found.pop(key, None)


class Teller:
    """Says events of federated objects under KubeFed's names."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def warn(self, job: Job, reason: str, message: str) -> None:
        self._event(job, reason, message, warning=True)

    def doing(self, job: Job, cluster: str, *, verb: str, reason: str) -> None:
        """`verb` is as in "Creating"."""
        self._event(job, reason, f"{verb} {self._what(job, cluster)}", warning=False)

    def failed(self, job: Job, cluster: str, why: str, *, verb: str, reason: str) -> None:
        """`verb` is as in "create"."""
        message = f"Failed to {verb} {self._what(job, cluster)}: {why}"
        self._event(job, f"{reason}Failed", message, warning=True)

    def _what(self, job: Job, cluster: str) -> str:
        return f'{job.type.target.kind} "{job.target}" in cluster "{cluster}"'

    def _event(self, job: Job, reason: str, message: str, *, warning: bool) -> None:
        self._recorder.event(
            job.federated,
            resource=job.type.federated,
            reason=reason,
            message=message,
            warning=warning,
            component=f"{job.type.federated.kind.lower()}-controller",
        )
