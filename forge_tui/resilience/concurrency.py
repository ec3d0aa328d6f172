"""The concurrency limit: how many requests may be in flight, found by asking for more until a 429 says too many.

    start ──clean round──▶ doubled, until the first 429 ──▶ x 0.7 ──clean round──▶ + 1
    outage over ──▶ a quarter ──clean round──▶ doubled, up to the limit held before ──▶ as before the outage

A round is as many successes as the limit; it is clean without a fault of the service. Latency decides nothing: it
follows the length of the answers. (AIMD with slow start, after RFC 5681; the cut of 0.7 is CUBIC's.)
"""

START = 10
CUT = 0.7
BUSY_SHARE = 0.8
SAME_BURST_S = 1.0


class Concurrency:
    """The limit moves between 1 and `cap`; `reason` tells the operator why it stands where it stands."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._limit = min(cap, START)
        self._reason = "start"
        self._ever_cut = False
        self._next_cut_at = 0.0
        self._recover_to: int | None = None
        self._successes = 0
        self._peak = 0
        self._clean = True

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def cap(self) -> int:
        return self._cap

    @property
    def reason(self) -> str:
        return self._reason

    @property
    def was_cut(self) -> bool:
        """Whether 429s hold the limit under the cap."""
        return self._ever_cut and self._limit < self._cap

    def on_success(self, in_flight: int) -> None:
        """A request came home well; `in_flight` counts it and those beside it.

        A full clean round raises the limit, if it was used to 80 %: room that nobody needed proves nothing.
        """
        self._successes += 1
        self._peak = max(self._peak, in_flight)
        if self._successes < self._limit:
            return
        if self._clean and self._peak >= BUSY_SHARE * self._limit:
            self._grow()
        self._begin_round()

    def on_rate_limited(self, now: float, retry_after_s: float | None) -> None:
        """A 429 cuts the limit; those of the same burst, until max(Retry-After, 1 s) after it, do not cut again."""
        self._begin_round()
        if now < self._next_cut_at:
            return
        self._next_cut_at = now + max(retry_after_s or 0.0, SAME_BURST_S)
        self._ever_cut = True
        self._recover_to = None
        self._set(int(self._limit * CUT), "a 429: fewer at once")

    def on_service_fault(self) -> None:
        """A 5xx or a timeout stops growth for this round; it says nothing about how many are too many."""
        self._clean = False

    def after_outage(self) -> None:
        """The breaker closed: start small and double up to the limit held before, or the crowd fells it again."""
        held = self._recover_to or self._limit
        self._set(held // 4, f"after an outage: from a quarter back to {held}")
        self._recover_to = held if self._limit < held else None
        self._begin_round()

    def set_cap(self, cap: int) -> None:
        """A new ceiling, at once; requests above it that are in flight come home as they are."""
        self._cap = cap
        if self._recover_to is not None:
            self._recover_to = min(self._recover_to, cap)
        if self._limit > cap:
            self._set(cap, "the ceiling was lowered")
            self._begin_round()

    def _grow(self) -> None:
        if self._recover_to is not None:
            self._set(min(self._limit * 2, self._recover_to), f"after an outage: doubling back to {self._recover_to}")
            if self._limit >= self._recover_to:
                self._recover_to = None
        elif self._ever_cut:
            self._set(self._limit + 1, "a clean round: one more")
        else:
            self._set(self._limit * 2, "a clean round, no 429 yet: doubled")

    def _set(self, limit: int, reason: str) -> None:
        bounded = max(1, min(limit, self._cap))
        if bounded != self._limit:
            self._limit = bounded
            self._reason = reason

    def _begin_round(self) -> None:
        self._successes = 0
        self._peak = 0
        self._clean = True
