"""What a command does, step by step: said, remembered, and taken back where it cannot go on."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import click

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl.access import Api
from kubefed_core.objects import Key, Obj, dig, key_of, uid
from kubefed_core.resources import Resource


class Report:
    """What the user is told: steps on stdout unless quiet, warnings on stderr."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def say(self, text: str) -> None:
        if not self._quiet:
            self._write(text, err=False)

    def warn(self, text: str) -> None:
        self._write(f"Warning: {text}", err=True)

    def _write(self, text: str, *, err: bool) -> None:
        try:
            click.echo(text, err=err)
        except BrokenPipeError:
            # Nobody reads any more; what is half done must still be brought to an end.
            self._quiet = True


@dataclass(frozen=True, slots=True)
class _Made:
    api: Api
    resource: Resource
    obj: Obj


class Steps:
    """Writes that belong together: when one fails, what was made by the others is removed again.

    With `dry_run` nothing is written, and each step only says what it would do.
    """

    def __init__(self, report: Report, *, dry_run: bool = False) -> None:
        self.report = report
        self.dry_run = dry_run
        self._made: list[_Made] = []
        self._changed: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._take_back()

    def create(self, api: Api, resource: Resource, obj: Obj) -> Obj:
        if self.dry_run:
            self._say(api, resource, obj, "would be created")
            return obj
        made = api.create(resource, obj)
        self._made.append(_Made(api, resource, made))
        self._say(api, resource, made, "created")
        return made

    def ensure(self, api: Api, resource: Resource, obj: Obj, *, found: Obj | None) -> Obj:
        """Create it, or put right what `found` has otherwise; its metadata is left as it is."""
        if found is None:
            return self.create(api, resource, obj)
        wanted = {name: value for name, value in obj.items() if name != "metadata"}
        if all(found.get(name) == value for name, value in wanted.items()):
            self._say(api, resource, found, "is there already")
            return found
        if self.dry_run:
            self._say(api, resource, found, "would be updated")
            return found
        written = api.replace(resource, {**found, **wanted})
        self.changed(api, resource, written)
        return written

    def changed(self, api: Api, resource: Resource, obj: Obj) -> None:
        """Remember that an object which was there before is no longer as it was."""
        self._changed.append(f"{resource.kind} {key_of(obj)}")
        self._say(api, resource, obj, "updated")

    def _say(self, api: Api, resource: Resource, obj: Obj, done: str) -> None:
        self.report.say(f"{api.label}: {resource.kind} {_named(obj)} {done}")

    def _take_back(self) -> None:
        for made in reversed(self._made):
            what = f"{made.api.label}: {made.resource.kind} {key_of(made.obj)}"
            try:
                made.api.delete(made.resource, key_of(made.obj), uid=uid(made.obj))
                self.report.say(f"{what} removed again")
            except KubeFedError as error:
                self.report.warn(f"{what} was made and could not be removed again: {error}")
        if self._changed:
            self.report.warn(f"changed, and left so: {', '.join(self._changed)}")


def _named(obj: Obj) -> str:
    """By name, or where the server is still to choose one, by what it will start with."""
    name = dig(obj, "metadata", "name") or dig(obj, "metadata", "generateName", default="") + "*"
    return str(Key(dig(obj, "metadata", "namespace", default=""), name))
