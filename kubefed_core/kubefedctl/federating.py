"""From objects of the host to federated objects on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from kubefed_core.api import types
from kubefed_core.api.types import TypeConfig
from kubefed_core.errors import Conflict, KubeFedError, NotFound, Terminal
from kubefed_core.kubefedctl import (
    configured,
    conflicts,
    contents,
    discovery,
    enable,
    output,
    state,
    templates,
)
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.kubefedctl.enable import Directive, Enabled
from kubefed_core.kubefedctl.settings import Settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, key_of
from kubefed_core.resources import Resource

SERVING = 10.0
"""Seconds in which the host must serve a kind that has just been enabled."""


@dataclass(frozen=True, slots=True)
class Work:
    """One federated object to be, and the type that it is of."""

    config: TypeConfig
    made: Obj

    def __str__(self) -> str:
        return f'{self.config.federated.kind} "{key_of(self.made)}"'


def federated(obj: Obj, target: Resource, kind: Resource, report: Report) -> Obj:
    """The federated object of one; raises Terminal where it cannot be made."""
    try:
        made = templates.federated(obj, target, kind)
    except Terminal as error:
        raise Terminal(f'{target.kind} "{key_of(obj)}": {error}') from error
    if lost := templates.lost(obj):
        report.warn(
            f'Annotations defined for {target.kind} "{key_of(obj)}" will not appear in the '
            f"template of the federated resource: {', '.join(lost)}; overrides can set them"
        )
    return made


@dataclass(slots=True)
class Federating:
    """One command line; `shown` where all is printed and nothing is made."""

    host: Api
    settings: Settings
    shown: bool
    enabling: bool
    report: Report = field(default_factory=Report)
    configs: dict[str, TypeConfig] = field(default_factory=dict)
    enabled: dict[str, Enabled] = field(default_factory=dict)
    """The types that are still to be enabled, by name."""

    def run(self, type_name: str, key: Key, *, contained: bool, skip: Sequence[str]) -> None:
        """Raises KubeFedError where not everything could be federated."""
        self._read_configs()
        found = discovery.find(self.host, type_name, report=self.report)
        is_space = str(found.resource) == types.NAMESPACES
        if contained and not is_space:
            raise Terminal("Flag '--contents' can only be used with type 'namespaces'.")
        if contained and key.name == self.settings.namespace:
            raise Terminal(
                f"namespace {key.name} holds the control plane, with the credentials of the "
                "members: its contents are not for them. Federate what is yours one by one"
            )
        config = self._types([found], remedy="")[0]
        works = [self._work(self._source(config, key), config)]
        if contained:
            works += self._contents(key.name, skip)
        if self.shown:
            output.documents([work.made for work in works])
            return
        for each in self.enabled.values():
            enable.write(self.host, each, settings=self.settings, report=self.report)
        self._create_all(works)
        self._warn_of_unfederated(works[0])

    def _read_configs(self) -> None:
        try:
            self.configs.update(configured.read(self.host, self.settings.namespace))
        except Terminal:
            if not self.shown:
                raise

    def _types(self, kinds: Sequence[Served], *, remedy: str) -> list[TypeConfig]:
        """The types of kinds; raises Terminal where one is neither enabled nor to be."""
        missing = [each for each in kinds if str(each.resource) not in self.configs]
        for each in missing:
            conflicts.refuse_unfit(each)
        names = ",".join(str(each.resource) for each in missing)
        if missing and not (self.shown or self.enabling):
            raise Terminal(
                f"FederatedTypeConfig not found for {names}: enable what is missing with "
                "--enable-type (-t) or kubefedctl enable" + (remedy and f"{remedy}{names}")
            )
        for each in missing:
            name = str(each.resource)
            directive = Directive(name)
            if self.enabling:
                self.enabled[name] = enable.describe(self.host, each, directive)
            self.configs[name] = enable.federating(each, directive).config
        return [self._checked(self.configs[str(each.resource)]) for each in kinds]

    def _checked(self, config: TypeConfig) -> TypeConfig:
        if not config.propagated:
            self.report.warn(
                f"the type {config.name} is disabled, and its objects go nowhere: "
                f"kubefedctl enable {config.name}"
            )
        return config

    def _source(self, config: TypeConfig, key: Key) -> Obj:
        key = Key(key.namespace if config.target.namespaced else "", key.name)
        obj = self.host.get(config.target, key)
        if obj is None:
            raise Terminal(
                f'{self.host.label}: {config.target.kind} "{key}" does not exist; '
                + ("give its namespace with -n" if key.namespace else "see kubectl get")
            )
        if owner := contents.controller(obj):
            self.report.warn(
                f'{config.target.kind} "{key}" is made by {owner}: federate that in its place'
            )
        return obj

    def _contents(self, namespace: str, skip: Sequence[str]) -> list[Work]:
        found = contents.of(
            self.host, namespace, skip=skip, configs=self.configs, report=self.report
        )
        configs = self._types([each.served for each in found], remedy=", or leave it out with -s ")
        return [
            self._work(obj, config)
            for config, each in zip(configs, found, strict=True)
            for obj in each.objects
        ]

    def _work(self, obj: Obj, config: TypeConfig) -> Work:
        return Work(config, federated(obj, config.target, config.federated, self.report))

    def _create_all(self, works: Sequence[Work]) -> None:
        """All that can be made is made; what cannot is said one by one."""
        failed: list[KubeFedError] = []
        for work in works:
            try:
                self._create(work)
            except KubeFedError as error:
                failed.append(error)
                if len(works) > 1:
                    click.echo(f"Error: {error}", err=True)
        if failed and len(works) == 1:
            raise failed[0]
        if failed:
            raise KubeFedError(
                f"{len(failed)} of {len(works)} objects could not be federated, as said above"
            )

    def _create(self, work: Work) -> None:
        kind, dry = work.config.federated, self.settings.dry_run
        if not (dry and work.config.name in self.enabled):
            try:
                self._post(kind, work.made)
            except Conflict as error:
                if error.reason not in ("AlreadyExists", ""):
                    raise
                raise Terminal(
                    f"{work} exists already: change it with kubectl, or delete it first"
                ) from error
        said = " (dry run)" if dry else ""
        source = work.config.target.kind
        click.echo(f"Successfully created {work} from {source}{said}", err=True)

    def _post(self, kind: Resource, obj: Obj) -> None:
        """A kind that has just been enabled may not be served yet."""
        missing: list[NotFound] = []

        def post() -> Obj | None:
            try:
                return self.host.create(kind, obj, dry_run=self.settings.dry_run)
            except NotFound as error:
                missing[:] = [error]
                return None

        if self.settings.clock.wait(post, limit=SERVING, every=1.0) is None:
            raise missing[0]

    def _warn_of_unfederated(self, work: Work) -> None:
        """Nothing is propagated from a namespace that is not federated itself, or not served."""
        where = key_of(work.made).namespace
        spaces = self.configs.get(types.NAMESPACES)
        if not work.config.namespaced:
            return
        if state.is_limited(self.host, self.settings.namespace):
            if where != self.settings.namespace:
                self.report.warn(
                    f"the control plane's scope is its namespace {self.settings.namespace}: "
                    f"nothing in {where} goes anywhere"
                )
        elif spaces is None or self.host.get(spaces.federated, Key(where, where)) is None:
            self.report.warn(
                f"namespace {where} is not federated, and nothing in it goes anywhere before it "
                f"is: kubefedctl federate namespaces {where}" + ("" if spaces else " --enable-type")
            )
