"""Delivery to backends that say which part of a refused request is at fault."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from kubefed_dns.providers.batch import Refused, deliver

T = TypeVar("T")


class Blamed(Exception):
    """A request was refused, nothing of it was done.

    `found` tells the items at fault by their place in it, at least one, and why.
    """

    def __init__(self, found: Mapping[int, Refused]) -> None:
        super().__init__("; ".join(error.reason for error in found.values()))
        self.found = found


def sift(
    items: Sequence[T],
    *,
    send: Callable[[Sequence[T]], None],
    fit: Callable[[Sequence[T]], int],
) -> list[tuple[T, Refused]]:
    """As `deliver`; what `send` blames is taken out and the rest is sent again at once.

    Where it raises Refused, because the backend names nobody, requests are halved.
    """
    blamed: dict[int, Refused] = {}

    def left(some: Sequence[T]) -> list[T]:
        return [item for item in some if id(item) not in blamed]

    def send_blameless(batch: Sequence[T]) -> None:
        while rest := left(batch):
            try:
                send(rest)
            except Blamed as error:
                blamed.update((id(rest[at]), why) for at, why in error.found.items())
            else:
                return

    refused = deliver(items, send=send_blameless, fit=fit)
    return refused + [(item, blamed[id(item)]) for item in items if id(item) in blamed]
