"""What a DNSProvider needs beside its object: Secrets, and the owner that it has by default."""

import base64
import binascii
from typing import Protocol

from kubefed_core.errors import Forbidden
from kubefed_core.objects import Key, Obj, dig, uid
from kubefed_core.resources import NAMESPACES, SECRETS, Resource
from kubefed_core.runtime.host import Host
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.decide import seal
from kubefed_dns.errors import Misconfigured

KUBE_SYSTEM = Key("", "kube-system")


class Reads(Protocol):
    """Whoever can look up the host's objects."""

    @property
    def namespace(self) -> str:
        """The control plane's."""
        ...

    def get(self, resource: Resource, key: Key) -> Obj | None: ...


class Missing(Misconfigured):
    """A Secret that is named, or a key in it, is not there."""


def named(spec: DNSProvider) -> frozenset[str]:
    """The Secrets that a provider depends on."""
    key = spec.txt.encryption_key
    return frozenset(filter(None, (spec.credentials, key.name if key else "")))


def credentials(host: Reads, spec: DNSProvider) -> dict[str, str]:
    """The decoded Secret of credentialsRef, empty where none is named.

    Raises Missing or Misconfigured, without a word of what is in it.
    """
    if not spec.credentials:
        return {}
    obj = _secret(host, spec.credentials, "spec.credentialsRef")
    where = f"Secret {spec.credentials}"
    data = dig(obj, "data", default={})
    return {key: _decoded(data, key, where).decode(errors="surrogateescape") for key in data}


def encryption_key(host: Reads, spec: DNSProvider) -> bytes | None:
    """The key of ownership records; None where they are plain. Raises as `credentials`."""
    ref = spec.txt.encryption_key
    if ref is None:
        return None
    field = "spec.txt.encryptionKeyRef"
    data = dig(_secret(host, ref.name, field), "data", default={})
    if ref.key not in data:
        raise Missing(f"{field}: Secret {ref.name} has no key {ref.key!r}; put it there")
    return seal.aes_key(_decoded(data, ref.key, f"Secret {ref.name}"))


async def default_owner(host: Host) -> str:
    """Made from the identity of the hub, so that two hubs never share one."""
    namespace = host.get(NAMESPACES, KUBE_SYSTEM)
    if namespace is None:
        try:
            namespace = await host.client.get(NAMESPACES, KUBE_SYSTEM)
        except Forbidden as error:
            raise Misconfigured(
                "spec.ownerID: the default comes from the UID of namespace kube-system, which may "
                "not be read here; give one"
            ) from error
    return owner_of(uid(namespace))


def owner_of(system: str) -> str:
    """The default owner of the hub whose namespace kube-system has this UID."""
    return f"kubefed-{system[:8]}"


def _secret(host: Reads, name: str, field: str) -> Obj:
    obj = host.get(SECRETS, Key(host.namespace, name))
    if obj is None:
        raise Missing(
            f"{field}: there is no Secret {name} in namespace {host.namespace}; create it"
        )
    return obj


def _decoded(data: Obj, key: str, where: str) -> bytes:
    try:
        return base64.b64decode(data[key] or "", validate=True)
    except binascii.Error:
        # Not chained: the error's own text quotes none of it, but its traceback could.
        raise Misconfigured(f"{where}: key {key!r} is not base64") from None
