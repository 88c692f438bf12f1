"""The health check that is always healthy.

Route 53 takes no PRIMARY set of plain values without a health check. Ours are
there as long as the hub wants them, so theirs has to be one that never fails:
one that is disabled, which by AWS's word is always healthy. An account needs
one; it is made when the first such set is written.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kubefed_dns.errors import Denied, ProviderError
from kubefed_dns.providers.route53_errors import Unfit
from kubefed_dns.providers.route53_routes import ALWAYS
from kubefed_dns.providers.spelling import Raw

REFERENCE = "kubefed-dns-always-healthy"
CONFIG = {
    "Type": "HTTP",
    "FullyQualifiedDomainName": "example.com",
    "Port": 80,
    "Disabled": True,
}
MOST = 10
"""A reference of one that was deleted is not free again; so many are tried."""

Ask = Callable[..., Mapping[str, Any]]


class HealthCheck:
    """`ask` makes one request. In sets, ALWAYS stands for its id."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._id = ""
        self._others: set[str] = set()

    def read(self, raw: Raw) -> Raw:
        """A set as it was read; a check that is seen for the first time costs a request."""
        found = str(raw.get("HealthCheckId") or "")
        if raw.get("Failover") != "PRIMARY" or not found or not self._is_ours(found):
            return raw
        return {**raw, "HealthCheckId": ALWAYS}

    def written(self, raw: Raw) -> Raw:
        """A set as it is sent; `find` comes before."""
        if raw.get("HealthCheckId") != ALWAYS:
            return raw
        return {**raw, "HealthCheckId": self._id}

    def forget(self) -> None:
        """It was not there any more."""
        self._id = ""

    def find(self) -> None:
        """See that it is there. Raises ProviderError where it can be neither found nor made."""
        for number in range(MOST if not self._id else 0):
            try:
                made = self._ask(
                    "create_health_check",
                    CallerReference=f"{REFERENCE}-{number}",
                    HealthCheckConfig=CONFIG,
                )
            except Unfit:
                continue
            self._id = str(made["HealthCheck"]["Id"])
            return
        if not self._id:
            raise ProviderError(
                f"Route 53: health checks {REFERENCE}-0 to -{MOST - 1} were all deleted or changed;"
                " give property aws/health-check-id to the first tier"
            )

    def _is_ours(self, found: str) -> bool:
        if found == self._id or found in self._others:
            return found == self._id
        try:
            check = self._ask("get_health_check", HealthCheckId=found)["HealthCheck"]
        except (Denied, Unfit):
            check = {}
        ours = str(check.get("CallerReference", "")).startswith(REFERENCE) and not self._id
        if ours:
            self._id = found
        else:
            self._others.add(found)
        return ours
