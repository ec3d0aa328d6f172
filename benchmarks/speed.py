"""How fast the machine is: additions in Python, before a section and while something else runs."""

import statistics
import threading
import time
from collections.abc import Callable
from typing import Self

_AT_ONCE, _REPORTED = 5_000_000, 100_000
_SAMPLED, _EVERY_S = 20_000, 0.2


def additions_s(count: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of `clock` that so many additions take."""
    started, total = clock(), 0
    for number in range(count):
        total += number
    return clock() - started


def speed_s() -> float:
    """How fast this machine is just now: the least of three runs of five million additions in Python, in seconds."""
    return min(additions_s(_AT_ONCE) for _ in range(3))


class Speed:
    """How fast the machine is while something else runs: a few additions in Python five times a second, timed in a thread.

    A shared machine changes its speed by half within the minutes that a million tickets take: time in seconds cannot
    tell then whether a ticket of a million costs more than one of ten thousand; time in such additions can.
    """

    def __init__(self) -> None:
        self._took: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="speed", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def ms(self) -> float:
        """CPU milliseconds of 100,000 additions, the mean of all samples."""
        return statistics.mean(self._took) * 1000 * _REPORTED / _SAMPLED

    def _measure(self) -> None:
        while True:
            self._took.append(additions_s(_SAMPLED, time.thread_time))
            if self._over.wait(_EVERY_S):
                return
