"""The admission rules of our DNS kinds, and with the core's the whole of what we serve."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from kubefed_core.admission import rules, service
from kubefed_core.admission.rules import Rule, Verdict
from kubefed_core.api import checks
from kubefed_core.api.fields import Fields
from kubefed_core.api.review import Review
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, dig
from kubefed_core.resources import Resource
from kubefed_core.runtime import probes
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.lasting import Work
from kubefed_dns.api import domains, providers
from kubefed_dns.decide import admission
from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.protocol import Context
from kubefed_dns.resources import (
    DOMAINS,
    ENDPOINTS,
    INGRESS_RECORDS,
    PROVIDERS,
    SERVICE_RECORDS,
)


def every(host: Host) -> tuple[Rule, ...]:
    """All rules; `host` is asked for type configs, Domains, and who may what."""
    return (
        *rules.core(host),
        rules.pure("validate-domain", DOMAINS, admission.domain),
        rules.pure("validate-dnsprovider", PROVIDERS, _provider),
        rules.pure("validate-dnsendpoint", ENDPOINTS, admission.endpoint),
        Rule(
            "validate-servicednsrecord",
            partial(_record, host, SERVICE_RECORDS),
            SERVICE_RECORDS,
        ),
        Rule(
            "validate-ingressdnsrecord",
            partial(_record, host, INGRESS_RECORDS),
            INGRESS_RECORDS,
        ),
    )


def works(
    address: str, *, host: Host, access: Access, now: Callable[[], datetime]
) -> Mapping[str, Work]:
    """The webhook with all rules, to be kept running beside other work; `address` is a flag's."""
    place, port = probes.split(address, flag="--admission-addr")
    options = service.Options(host=place, port=port)
    return service.works(every(host), host=host, access=access, options=options, now=now)


async def _record(host: Host, resource: Resource, review: Review) -> Verdict:
    if review.subresource:
        return rules.FINE
    domain = ""
    name = dig(review.obj, "spec", "domainRef")
    if isinstance(name, str) and (obj := host.get(DOMAINS, Key(host.namespace, name))) is not None:
        try:
            domain = domains.parse(obj).domain
        except Terminal:
            domain = ""
    return Verdict(tuple(admission.record(review, resource, domain)))


def _provider(review: Review) -> list[str]:
    if review.subresource:
        return []
    found = admission.provider(review)
    if found or review.settled:
        return found
    spec = providers.parse(review.obj)
    context = Context(
        spec.key.name,
        zones=spec.zones,
        zone_ids=spec.zone_ids,
        settings=spec.settings,
        secret=_Unseen() if spec.credentials else {},
    )
    check = _SETTINGS.get(spec.type)
    return checks.faults([partial(check, context)]) if check else []


class _Unseen(Mapping[str, str]):
    """A Secret that is not looked into: whatever is asked for is there."""

    def __getitem__(self, key: str) -> str:
        return "dW5zZWVu"

    def __iter__(self) -> Iterator[str]:
        return iter(("unseen",))

    def __len__(self) -> int:
        return 1


# Each brings a library that others do not need, so they are imported when they are asked for.


def _embedded(context: Context) -> None:
    from kubefed_dns.providers import embedded_settings

    embedded_settings.parse(context)


def _rfc2136(context: Context) -> None:
    from kubefed_dns.providers import rfc2136_settings

    rfc2136_settings.parse(context)


def _route53(context: Context) -> None:
    from kubefed_dns.providers import route53_settings

    route53_settings.parse(context)


def _google(context: Context) -> None:
    from kubefed_dns.providers import google_settings

    google_settings.parse(context)


def _webhook(context: Context) -> None:
    from kubefed_dns.providers.webhook import Webhook

    Webhook(context).close()


def _octodns(context: Context) -> None:
    """As far as it can be told without running the code of its class."""
    fields = Fields(context.settings, "spec.octodns", error=Misconfigured)
    fields.text("class", required=True)
    fields.at("settings")


_SETTINGS: Mapping[str, Callable[[Context], None]] = {
    "embedded": _embedded,
    "rfc2136": _rfc2136,
    "route53": _route53,
    "google": _google,
    "webhook": _webhook,
    "octodns": _octodns,
}
"""Raises Terminal where the settings of a built-in type cannot work."""
