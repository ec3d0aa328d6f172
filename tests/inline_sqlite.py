"""aiosqlite without its thread, or with its thread counted, so that it takes part in virtual time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any
from unittest.mock import patch

import aiosqlite.core

from virtual_time import VirtualTimeLoop


class _InlineQueue:
    """Runs a job where aiosqlite would queue it; the answer comes at the loop's next turn."""

    def put_nowait(self, job: tuple[Any, Callable[[], Any]]) -> None:
        future, function = job
        try:
            answer, result = aiosqlite.core.set_result, function()
        except BaseException as error:  # noqa: BLE001 - aiosqlite hands all of them to the caller
            answer, result = aiosqlite.core.set_exception, error
        if future is not None:
            future.get_loop().call_soon(answer, future, result)


class _NoThread:
    def __init__(self, **_: Any) -> None:
        pass

    def start(self) -> None:
        pass


@contextmanager
def inline_sqlite() -> Iterator[None]:
    """Connections made inside run every statement at once, in the loop's own thread."""
    with patch.object(aiosqlite.core, "SimpleQueue", _InlineQueue), patch.object(aiosqlite.core, "Thread", _NoThread):
        yield


class _CountedQueue:
    """aiosqlite's queue; the virtual clock stands still from put to answer."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Any, Callable[[], Any]]] = SimpleQueue()

    def put_nowait(self, job: tuple[Any, Callable[[], Any]]) -> None:
        future = job[0]
        if future is not None and isinstance(loop := future.get_loop(), VirtualTimeLoop):
            loop.jobs_out += 1
        self._jobs.put(job)

    def get(self) -> tuple[Any, Callable[[], Any]]:
        return self._jobs.get()


def _counted(answer: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def answered(future: Any, result: Any) -> None:
        if isinstance(loop := future.get_loop(), VirtualTimeLoop):
            loop.jobs_out -= 1
        answer(future, result)

    return answered


@contextmanager
def counted_sqlite() -> Iterator[None]:
    """Connections made and closed inside keep their real thread, and virtual time waits for it."""
    core = aiosqlite.core
    with (
        patch.object(core, "SimpleQueue", _CountedQueue),
        patch.object(core, "set_result", _counted(core.set_result)),
        patch.object(core, "set_exception", _counted(core.set_exception)),
    ):
        yield
