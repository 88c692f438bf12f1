"""Which kinds a server serves, and which of them a user means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kubefed_core.api.loose import objects, text, texts
from kubefed_core.errors import ApiError, NotFound, Terminal
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import dig
from kubefed_core.resources import Resource

Version: TypeAlias = tuple[str, str]
"""A group and one of its versions."""
CORE = ("", "v1")


@dataclass(frozen=True, slots=True)
class Served:
    """A kind in one version; `scaled` where it has replicas to set."""

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

    It is looked for in that version of every group, or without one in what
    each prefers, and only then in what else is served. Raises Terminal where
    there is none or more than one. What a broken aggregated API hides is only
    warned of.
    """
    preferred, others = _groups(api, version)
    found: dict[str, Served] = {}
    for versions in (preferred, others):
        for each in _served(api, versions, report=report):
            if not each.is_called(name):
                continue
            if not each.resource.group:
                return each
            found.setdefault(str(each.resource), each)
        if found:
            break
    if not found:
        within = f" in version {version}" if version else ""
        raise Terminal(
            f'Unable to find api resource named "{name}"{within}. kubectl api-resources lists them'
        )
    if len(found) > 1:
        named = ", ".join(found)
        raise Terminal(
            f'Multiple resources are matched by "{name}": {named}. '
            "A group-qualified plural name must be provided."
        )
    return next(iter(found.values()))


def served(api: Api, *, report: Report) -> Iterator[Served]:
    """Every kind once, in the version its group prefers if that has it; the core group first."""
    preferred, others = _groups(api, "")
    seen = set()
    for each in _served(api, [*preferred, *others], report=report):
        if str(each.resource) not in seen:
            seen.add(str(each.resource))
            yield each


def _groups(api: Api, version: str) -> tuple[Sequence[Version], Sequence[Version]]:
    """Group versions: those to look at first, and the others."""
    offered: list[list[Version]] = [[CORE]]
    for each in objects(api.read("/apis").get("groups")):
        group = text(each.get("name"))
        names = [text(dig(each, "preferredVersion", "version"))]
        names += [text(one.get("version")) for one in objects(each.get("versions"))]
        offered.append([(group, name) for name in dict.fromkeys(names) if name])
    if version:
        return [each for group in offered for each in group if each[1] == version], ()
    first = [group[0] for group in offered if group]
    return first, [each for group in offered for each in group[1:]]


def _served(api: Api, versions: Sequence[Version], *, report: Report) -> Iterator[Served]:
    for group, version in versions:
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
