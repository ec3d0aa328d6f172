"""Time, behind the one protocol that asynchronous code takes: the only module that reads the computer's clock."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time for intervals, wall time for what is stored and shown, and sleeping."""

    def monotonic(self) -> float:
        """Seconds that never go back: deadlines, latency, breaker and rate limits use it."""
        ...

    def wall(self) -> float:
        """Unix seconds: time stamps, cache age and `due` instants on disk use it."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Give way for `delay_s` seconds."""
        ...

    async def wait(self, event: asyncio.Event, until: float | None) -> None:
        """Return once `event` is set or monotonic `until` is reached, whichever comes first."""
        ...


class SystemClock:
    """The computer's own clock; `monotonic` is the one asyncio schedules by."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def wait(self, event: asyncio.Event, until: float | None) -> None:
        await wait_for_event(event, None if until is None else until - self.monotonic())


async def wait_for_event(event: asyncio.Event, delay_s: float | None) -> None:
    """Wait for `event`, at most `delay_s` seconds; a passed deadline is no error."""
    if delay_s is not None and delay_s <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(delay_s):
            await event.wait()
    except TimeoutError:
        return
