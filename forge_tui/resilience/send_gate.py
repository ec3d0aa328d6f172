"""The send gate: one for everybody, shut until the instant a provider's Retry-After named, and never open before it."""

import math
import random


class SendGate:
    """Shut by the first 429 that names a wait; a later one can only move the opening further away.

    It opens up to `jitter` times the wait after the instant, so that several clients do not return as one.
    """

    def __init__(self, rng: random.Random, jitter: float = 0.2) -> None:
        self._rng = rng
        self._jitter = jitter
        self._shut_at = -math.inf
        self._opens_at = -math.inf
        self._shut_before_s = 0.0

    @property
    def opens_at(self) -> float:
        """Monotonic seconds; in the past, or minus infinity if it never was shut, while it is open."""
        return self._opens_at

    def is_open(self, now: float) -> bool:
        return now >= self._opens_at

    def shut(self, now: float, for_s: float) -> None:
        """Let nothing out for the next `for_s` seconds (finite, 0 or more)."""
        if self.is_open(now):
            self._shut_before_s = self.shut_total_s(now)
            self._shut_at = self._opens_at = now
        later = now + for_s + self._rng.uniform(0.0, self._jitter * for_s)
        self._opens_at = max(self._opens_at, later)

    def shut_total_s(self, now: float) -> float:
        """How many seconds it has been shut so far: time that no client could have used."""
        if self._opens_at == -math.inf:
            return 0.0
        return self._shut_before_s + min(now, self._opens_at) - self._shut_at
