"""The rate limit: GCRA over requests or tokens a minute, which spaces sends so that no window sees too many.

One float of state: the theoretical arrival time `tat` moves `60 / per_min` seconds for each unit sent, and a send of
weight w may leave once `tat` is no more than `burst - w` units ahead of the clock. Law: in no window of W seconds more
than `per_min / 60 * W + max(burst, w)` units. (ITU-T I.371, the virtual scheduling form.)
"""

import math
from collections import deque

# A longer drought is the provider's own 429 to announce: it pauses the job with the time on screen.
LONGEST_HINT_S = 120.0


class RateLimit:
    """Units a minute with `burst` units at once; a rate of None or 0 means no limit, and sends are only counted.

    A weight above `burst` may leave when nothing is owed. `ready_at` only looks; `take` is what spends.
    """

    def __init__(self, per_min: float | None, burst: float = 1.0) -> None:
        self._burst = burst
        self._s_per_unit = _s_per_unit(per_min)
        self._tat = -math.inf
        self._left = math.inf
        self._refilled_at = -math.inf
        self._by_second: deque[tuple[int, float]] = deque()

    @property
    def per_min(self) -> float | None:
        return 60.0 / self._s_per_unit if self._s_per_unit else None

    def ready_at(self, now: float, weight: float = 1.0) -> float:
        """The instant from which `weight` units may leave; `now` or earlier means at once."""
        ready = self._tat - max(0.0, self._burst - weight) * self._s_per_unit
        if weight > self._left and now < self._refilled_at:
            ready = max(ready, self._refilled_at)
        return ready

    def take(self, now: float, weight: float = 1.0) -> None:
        """Spend `weight` units: the request leaves now."""
        self._tat = max(now, self._tat) + weight * self._s_per_unit
        self._left -= weight
        self._forget_old(now)
        second = math.floor(now)
        before = self._by_second.pop()[1] if self._by_second and self._by_second[-1][0] == second else 0.0
        self._by_second.append((second, before + weight))

    def correct(self, weight_delta: float) -> None:
        """What was taken came to `weight_delta` units more (or, negative, less) than estimated."""
        self._tat += weight_delta * self._s_per_unit
        if self._by_second:
            second, units = self._by_second.pop()
            self._by_second.append((second, units + weight_delta))

    def set_rate(self, now: float, per_min: float | None) -> None:
        """Change the limit from now on; units already owed are paid off at the new rate."""
        before = self._s_per_unit
        self._s_per_unit = _s_per_unit(per_min)
        if self._tat > now:
            self._tat = now + (self._tat - now) * (self._s_per_unit / before)

    def drain_hint(self, now: float, remaining: float, reset_s: float | None) -> None:
        """A reply's headers said that `remaining` units are left for the next `reset_s` seconds (None: not said)."""
        if reset_s is not None:
            self._left = remaining
            self._refilled_at = now + min(reset_s, LONGEST_HINT_S)

    def hinted_per_min(self, now: float) -> float | None:
        """Units a minute that the latest headers leave until their limit is refilled; None where they say nothing now."""
        return 60.0 * max(0.0, self._left) / (self._refilled_at - now) if now < self._refilled_at else None

    def used_last_min(self, now: float) -> float:
        """Units sent in the last minute, corrections included; exact to a second."""
        self._forget_old(now)
        return max(0.0, sum(units for _, units in self._by_second))

    def _forget_old(self, now: float) -> None:
        while self._by_second and self._by_second[0][0] <= math.floor(now) - 60:
            self._by_second.popleft()


def _s_per_unit(per_min: float | None) -> float:
    return 60.0 / per_min if per_min else 0.0
