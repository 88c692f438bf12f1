"""Domain: a DNS zone or a part of one in which names are made."""

from dataclasses import dataclass

from kubefed_core.api import selectors
from kubefed_core.api.fields import Fields
from kubefed_core.api.selectors import Selector
from kubefed_core.objects import Key, Obj, dig, key_of, uid
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import canonical


@dataclass(frozen=True, slots=True)
class Domain:
    """`domain` is lower case and without the dot at the end.

    `providers` empty: the provider whose zone is the longest suffix serves it.
    `allowed_namespaces` None: all may use it.
    """

    key: Key
    domain: str
    name_server: str = ""
    providers: tuple[str, ...] = ()
    allowed_namespaces: Selector | None = None
    uid: str = ""
    created: str = ""


def parse(obj: Obj) -> Domain:
    """Raises Terminal, naming the field, where something is wrong; InvalidName for the domain."""
    fields = Fields(obj)
    return Domain(
        key=key_of(obj),
        domain=_name(fields, "domain"),
        name_server=_name(fields, "nameServer") if fields.text("nameServer") else "",
        providers=fields.texts("providers"),
        allowed_namespaces=selectors.parse(obj.get("allowedNamespaces"), "allowedNamespaces"),
        uid=uid(obj),
        created=dig(obj, "metadata", "creationTimestamp", default=""),
    )


def _name(fields: Fields, name: str) -> str:
    text = fields.text(name, required=True)
    try:
        return canonical(text).rstrip(".")
    except InvalidName as error:
        raise InvalidName(f"{fields.where(name)}: Invalid value: {error}") from error
