"""The host cluster, as every command of this group reaches it, and how they wait for I/O."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings

T = TypeVar("T")


def host(settings: Settings) -> Api:
    """By the context that the flags name; a context manager."""
    return settings.host()


def until_done(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end; a loop that the thread may have already is left alone."""
    import asyncio

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
