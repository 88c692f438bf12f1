"""The administrator's kubeconfig of a local cluster, whole in one file."""

import base64
import json

from kubefed_core.runtime.certificates import Pair


def admin(cluster: str, *, server: str, ca: bytes, identity: Pair) -> bytes:
    """JSON, which is YAML; the context is called like the cluster."""
    user = f"{cluster}-admin"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": cluster,
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
            "clusters": [
                {
                    "name": cluster,
                    "cluster": {"server": server, "certificate-authority-data": _text(ca)},
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate-data": _text(identity.certificate),
                        "client-key-data": _text(identity.key),
                    },
                }
            ],
        },
        indent=2,
    ).encode()


def _text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
