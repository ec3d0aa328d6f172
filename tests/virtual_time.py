"""An event loop whose clock jumps to the next timer whenever nothing is ready: an hour of waiting costs milliseconds."""

import asyncio
import io
import selectors
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from forge_tui.core.clock import wait_for_event

T = TypeVar("T")

EPOCH = 1_795_377_600.0  # 2026-11-22T20:00:00Z


class VirtualDeadlock(Exception):
    """Nothing is ready, no timer is set and no thread job is out: nobody will ever wake these tasks."""


class VirtualTimeOver(Exception):
    """The world did not end within its virtual time."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time from 0 to `limit_s`.

    Its clock stands still while thread jobs are out (`jobs_out`), so that real threads may take part.
    """

    def __init__(self, limit_s: float) -> None:
        self._now = 0.0
        self._limit_s = limit_s
        self.jobs_out = 0
        super().__init__(_JumpingSelector(self))
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._now

    def idle(self, timeout_s: float | None) -> bool:
        """Move on while nothing is ready; True when only a thread or a socket can wake the loop."""
        if self.jobs_out or (timeout_s is None and len(self._selector.get_map()) > 1):
            return True
        if timeout_s is None:
            raise VirtualDeadlock(f"deadlock at virtual {self._now:.3f} s\n{self._stacks()}")
        target = self._scheduled[0].when() if self._scheduled else self._now + timeout_s
        if target > self._limit_s:
            message = f"not over at the end of virtual time, {self._limit_s:.3f} s\n{self._stacks()}"
            self._limit_s = float("inf")
            raise VirtualTimeOver(message)
        self._now = max(self._now, target)
        return False

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self.jobs_out += 1
        future.add_done_callback(lambda _: self._job_is_home())
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        self.jobs_out += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._job_is_home()

    def _job_is_home(self) -> None:
        self.jobs_out -= 1

    def _stacks(self) -> str:
        return "\n".join(sorted(_stack_of(task) for task in asyncio.all_tasks(self)))


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0 or not self._loop.idle(timeout):
            return ready
        return super().select(None)


def _stack_of(task: "asyncio.Task[Any]") -> str:
    """Where a task waits, through every coroutine it awaits (`Task.print_stack` shows the outermost only)."""
    out = io.StringIO()
    out.write(f"task {task.get_name()}:\n")
    awaited: Any = task.get_coro()
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        out.writelines(traceback.StackSummary.extract([(frame, frame.f_lineno)]).format())
        awaited = awaited.cr_await
    return out.getvalue()


class VirtualClock:
    """`core.clock.Clock` over the running virtual loop; `jump_wall` moves the computer's date, not the time."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = epoch

    def monotonic(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._epoch + self._loop.time()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)  # noqa: TID251 - this is a clock

    async def wait(self, event: asyncio.Event, until: float | None) -> None:
        await wait_for_event(event, None if until is None else until - self.monotonic())

    def jump_wall(self, by_s: float) -> None:
        self._epoch += by_s


def run_virtual(world: Coroutine[Any, Any, T], *, limit_s: float) -> T:
    """The result of `world` in virtual time; raises VirtualDeadlock, or VirtualTimeOver after `limit_s`."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(limit_s)) as runner:
        return runner.run(world)
