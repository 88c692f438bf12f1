"""Deliver items in requests that are taken or refused whole, and single out those at fault.

A refused request is halved until the item at fault stands alone; whatever was
in doubt beside it goes out with the next request. One bad item among n thus
costs about log2(n) + 1 requests more than none, and when all are bad, about one
request an item.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from kubefed_dns.errors import ProviderError

ALIKE = 8

T = TypeVar("T")


class Refused(Exception):
    """A request was refused, nothing of it was done.

    `lost` is as in a Refusal. `whole` is what it means when nothing at all gets
    through: then the backend is at fault rather than each item, and `whole` is raised.
    """

    def __init__(
        self, reason: str, *, lost: bool = False, whole: ProviderError | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lost = lost
        self.whole = whole


def deliver(
    items: Sequence[T],
    *,
    send: Callable[[Sequence[T]], None],
    fit: Callable[[Sequence[T]], int],
) -> list[tuple[T, Refused]]:
    """Send all items in order; returns those that were refused when sent alone, with the reason.

    `send` makes one request of some items, and raises Refused if it was not
    taken; what else it raises ends the delivery. `fit` tells how many of the
    first of some items one request carries; it is never taken as less than one.
    """
    refused: list[tuple[T, Refused]] = []
    start = doubt = run = 0
    window = len(items)
    while start < len(items):
        # Up to `doubt` at least one is bad, so that half of it is the best next guess.
        size = max(1, (doubt - start) // 2) if doubt > start else window
        batch = items[start : start + size]
        batch = batch[: max(1, fit(batch))]
        try:
            send(batch)
        except Refused as error:
            doubt = start + len(batch)
            if len(batch) > 1:
                continue
            # After the first bad item the rest may well be good; where bad ones
            # are frequent, requests as long as the runs between them are cheaper.
            window = max(1, 2 * run) if refused else window
            run = 0
            start += 1
            refused.append((batch[0], error))
            _give_up(refused, done=start, total=len(items))
        else:
            start += len(batch)
            run += len(batch)
            window = min(2 * window, len(items))
    return refused


def _give_up(refused: Sequence[tuple[object, Refused]], *, done: int, total: int) -> None:
    """Raise what the refusals mean together, if nothing got through and enough was tried."""
    if len(refused) < done or (done < total and len(refused) < ALIKE):
        return
    meanings = [error.whole for _, error in refused]
    if None not in meanings and (last := meanings[-1]) is not None:
        raise last
