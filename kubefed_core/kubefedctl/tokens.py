"""The Secrets on the host that hold a member's token."""

import base64
import json
from collections.abc import Sequence

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl import registration
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.member import TOKEN_KEY
from kubefed_core.kubefedctl.rights import Names
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, dig
from kubefed_core.resources import SECRETS


def of(host: Api, called: Names, cluster: Obj | None, *, report: Report) -> Sequence[Obj]:
    """Those of a cluster that no other cluster uses.

    The one that its KubeFedCluster names, and those that a join made for it
    and no KubeFedCluster names any more, because somebody deleted that by hand.
    """
    used = registration.used_secrets(host, called.namespace, but=called.cluster)
    name = dig(cluster or {}, "spec", "secretRef", "name", default="")
    named = host.get(SECRETS, Key(called.namespace, name)) if name and name not in used else None
    found = [] if named is None else [named]
    try:
        listed = host.list(SECRETS, namespace=called.namespace)
    except KubeFedError as error:
        report.warn(f"whether other Secrets hold a token of the cluster is not known: {error}")
        return found
    left = [obj for obj in listed if obj["metadata"]["name"] not in {*used, name}]
    return [*found, *(obj for obj in left if _is_left_over(obj, called))]


def _is_left_over(secret: Obj, called: Names) -> bool:
    """Whether a join of this cluster made it: by its token, or by what its name was made of."""
    if secret.get("type", "Opaque") != "Opaque" or set(secret.get("data") or ()) != {TOKEN_KEY}:
        return False
    if account(secret) == (called.namespace, called.service_account):
        return True
    return bool(dig(secret, "metadata", "generateName") == f"{called.cluster}-")


def account(secret: Obj | None) -> tuple[str, str] | None:
    """Whose token a Secret holds, as the token itself says: namespace and name."""
    raw = dig(secret or {}, "data", TOKEN_KEY, default="")
    try:
        claims = base64.b64decode(raw).split(b".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))
        *_, namespace, name = said["sub"].removeprefix("system:serviceaccount:").split(":")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return namespace, name
