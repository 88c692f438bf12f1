"""The objects that the demo applies; the first two are a user's, the rest is what DNS needs."""

from pathlib import Path

from kubefed_core.errors import Terminal

REPOSITORY = Path(__file__).parents[2]
DOMAIN = "example.com"
GLOBAL = f"web.shop.acme.svc.{DOMAIN}"
HOST = f"shop.{DOMAIN}"

MEMBER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example.com/web}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}}
"""

DOMAIN_OBJECT = """
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: Domain
metadata: {name: acme, namespace: kube-federation-system}
domain: example.com
"""

RECORDS = """
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: ServiceDNSRecord
metadata: {name: web, namespace: shop}
spec: {domainRef: acme, recordTTL: 30, dnsPrefix: www}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: IngressDNSRecord
metadata: {name: web, namespace: shop}
spec: {hosts: [shop.example.com], recordTTL: 30}
"""

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""

SETTINGS = """
apiVersion: core.kubefed.io/v1beta1
kind: KubeFedConfig
metadata: {name: kubefed, namespace: kube-federation-system}
spec:
  scope: Cluster
  controllerDuration: {availableDelay: 20s, unavailableDelay: 5s}
  clusterHealthCheck: {period: 2s, timeout: 1s, failureThreshold: 3, successThreshold: 1}
"""


def directory(name: str) -> Path:
    """`crds` or `deploy` of the source tree; raises Terminal where there is none."""
    found = REPOSITORY / name
    if not found.is_dir():
        raise Terminal(f"{found} is missing; run the demo from a checkout of the source")
    return found
