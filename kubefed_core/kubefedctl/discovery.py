"""Which kinds a server serves, and which of them a user means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubefed_core.api.loose import objects, text, texts
from kubefed_core.errors import ApiError, NotFound, Terminal
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import dig
from kubefed_core.resources import Resource


@dataclass(frozen=True, slots=True)
class Served:
    """A kind in the version that the server prefers; `scaled` where it has replicas to set."""

    resource: Resource
    singular: str = ""
    short_names: tuple[str, ...] = ()
    scaled: bool = False
    verbs: frozenset[str] = frozenset()

    def is_called(self, name: str) -> bool:
        """By plural, singular, kind, short name, or plural and group, in any case."""
        own = self.resource
        names = {own.plural, self.singular, own.kind, str(own), *self.short_names} - {""}
        return name.lower() in {each.lower() for each in names}


def find(api: Api, name: str, *, version: str = "", report: Report) -> Served:
    """The one kind of that name; a match in the core group wins at once.

    Raises Terminal where there is none or more than one. What a broken
    aggregated API hides is only warned of.
    """
    found = []
    for each in served(api, report=report):
        if not each.is_called(name) or (version and each.resource.version != version):
            continue
        if not each.resource.group:
            return each
        found.append(each)
    if not found:
        raise Terminal(f"Unable to find api resource named {name!r}.")
    if len(found) > 1:
        named = ", ".join(str(each.resource) for each in found)
        raise Terminal(
            f"Multiple resources are matched by {name!r}: {named}. "
            "A group-qualified plural name must be provided."
        )
    return found[0]


def served(api: Api, *, report: Report) -> Iterator[Served]:
    """All kinds of the preferred version of each group, the core group first."""
    groups = [("", "v1")]
    for each in objects(api.read("/apis").get("groups")):
        if preferred := text(dig(each, "preferredVersion", "version")):
            groups.append((text(each.get("name")), preferred))
    for group, version in groups:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            yield from _kinds(group, version, objects(api.read(path).get("resources")))
        except NotFound:
            continue
        except ApiError as error:
            report.warn(f"what {group or 'core'}/{version} serves is not known: {error}")


def _kinds(group: str, version: str, items: Sequence[object]) -> Iterator[Served]:
    listed = [each for each in objects(items) if text(each.get("name"))]
    names = {text(each.get("name")) for each in listed}
    for each in listed:
        plural = text(each.get("name"))
        if "/" in plural:
            continue
        yield Served(
            resource=Resource(
                group=text(each.get("group")) or group,
                version=text(each.get("version")) or version,
                plural=plural,
                kind=text(each.get("kind")),
                namespaced=each.get("namespaced") is True,
            ),
            singular=text(each.get("singularName")),
            short_names=texts(each.get("shortNames")),
            scaled=f"{plural}/scale" in names,
            verbs=frozenset(texts(each.get("verbs"))),
        )
