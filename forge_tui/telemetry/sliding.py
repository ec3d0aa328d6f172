"""Rates over the last minute in one-second buckets: the memory is the horizon's, however many events come."""

from math import floor


class SlidingSum:
    """Sums amounts per second and tells their rate over a window of at most `horizon_s` seconds.

    A wall clock that is set back or far ahead empties the window instead of spoiling it.
    """

    def __init__(self, horizon_s: int = 60) -> None:
        self._horizon_s = horizon_s
        self._buckets: dict[int, float] = {}

    def add(self, at: float, amount: float = 1.0) -> None:
        second = floor(at)
        self._buckets[second] = self._buckets.get(second, 0.0) + amount
        if len(self._buckets) > self._horizon_s + 1:
            self._buckets = {s: v for s, v in self._buckets.items() if second - self._horizon_s <= s <= second}

    def per_s(self, now: float, window_s: float) -> float:
        """The mean rate over the whole seconds that lie inside the last `window_s` seconds, and the running one."""
        first = floor(now - min(max(window_s, 2.0), self._horizon_s)) + 1
        covered_s = max(1.0, now - first)
        return sum(amount for second, amount in self._buckets.items() if first <= second <= now) / covered_s
