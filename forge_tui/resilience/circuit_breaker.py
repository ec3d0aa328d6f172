"""The circuit breaker: while the provider is down tickets wait behind it, and one probe at a time finds out when it is up.

    CLOSED ──failures──▶ OPEN ──its time is over──▶ HALF_OPEN ──probe succeeded──▶ CLOSED
                          ▲                             │
                          └────────probe failed─────────┘   open time doubled, up to a maximum

Each change of state begins a new generation. A permit carries the generation it was given in, and a verdict on a
permit of an older one changes nothing: a success that began before the opening cannot close the breaker.
"""

from collections import deque
from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.snapshot import BreakerView


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When to open and for how long.

    Opens at `failures` within `window_s` seconds while at least `share` of the last `share_of_last` results
    failed, or at `in_a_row` failures with no success between; a `share` or `in_a_row` of 0 switches that rule
    off. Open for `open_s`, times `open_factor` after each failed probe, at most `open_max_s`. `attempt_max_s` is
    the longest one request may take: a probe is taken for lost an open time after that. Not `enabled` means that
    failures never open it; by hand it still trips.
    """

    failures: int
    window_s: float
    share: float
    share_of_last: int
    in_a_row: int
    open_s: float
    open_factor: float
    open_max_s: float
    attempt_max_s: float
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request now; every permit comes back with a verdict, or abandoned."""

    generation: int
    probe: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """No leave before `retry_at`; while a probe is out its verdict, which changes the state, comes sooner."""

    retry_at: float


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state at an instant, with its reason in words; `retry_at` is that of the next probe while open."""

    at: float
    state: BreakerState
    reason: str
    retry_at: float | None


class CircuitBreaker:
    """One per base URL. Every `now` is monotonic seconds and never goes back."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._state = BreakerState.CLOSED
        self._reason = ""
        self._generation = 0
        self._open_for_s = rules.open_s
        self._open_until = 0.0
        self._probe_lost_at: float | None = None
        self._times_opened = 0
        self._transitions: list[Transition] = []
        self._failed_at: deque[float] = deque()
        self._last_failed: deque[bool] = deque(maxlen=rules.share_of_last)
        self._in_a_row = 0

    @property
    def state(self) -> BreakerState:
        return self._state

    @property
    def next_probe_at(self) -> float | None:
        """When an open breaker lets a probe out; None while it is not open."""
        return self._open_until if self._state is BreakerState.OPEN else None

    def admit(self, now: float) -> Permit | Refused:
        """Leave to send one request. The last of the gates: a permit is meant to be used at once."""
        self.tick(now)
        if self._state is BreakerState.CLOSED:
            return Permit(self._generation, probe=False)
        if self._state is BreakerState.OPEN:
            return Refused(self._open_until)
        if self._probe_lost_at is not None:
            if now < self._probe_lost_at:
                return Refused(self._probe_lost_at)
            # Should the lost probe come home after all, its verdict must not count beside its successor's.
            self._generation += 1
        self._probe_lost_at = now + self._rules.attempt_max_s + self._open_for_s
        return Permit(self._generation, probe=True)

    def tick(self, now: float) -> None:
        """Let the state follow the clock: OPEN becomes HALF_OPEN at its time, whether or not anybody asks to send."""
        if self._state is BreakerState.OPEN and now >= self._open_until:
            self._change(now, BreakerState.HALF_OPEN, f"open for {_seconds(self._open_for_s)}: one probe may try")

    def succeeded(self, permit: Permit, now: float) -> None:
        """A 2xx was read to its end, whatever it said."""
        if permit.generation != self._generation:
            return
        if permit.probe:
            self._close(now, "the probe succeeded")
            return
        self._last_failed.append(False)
        self._in_a_row = 0

    def failed(self, permit: Permit, now: float, *, not_before: float = 0.0) -> None:
        """The service failed: 5xx, timeout or network.

        `not_before` is the instant its Retry-After named: an opening lasts at least until then.
        """
        if permit.generation != self._generation:
            return
        if permit.probe:
            self._lengthen()
            self._open(now, not_before, "the probe failed")
            return
        self._forget_old(now)
        self._failed_at.append(now)
        self._last_failed.append(True)
        self._in_a_row += 1
        reason = self._reason_to_open()
        if reason is not None:
            self._open(now, not_before, reason)

    def neutral(self, permit: Permit, now: float, *, alive: bool) -> None:
        """An answer that is neither: `alive` for a refused ticket (other 4xx), not for a rate limit.

        A probe that shows the API alive closes the breaker; otherwise the next request is the probe.
        """
        if permit.generation == self._generation and permit.probe and alive:
            self._close(now, "the probe was answered: the API is alive")
        else:
            self.abandoned(permit)

    def abandoned(self, permit: Permit) -> None:
        """The request came to nothing of the provider's doing: cancelled, our own bug, no connection to spare."""
        if permit.generation == self._generation and permit.probe:
            self._probe_lost_at = None

    def trip(self, now: float) -> None:
        """Open by hand; one that is open already stays as it is."""
        if self._state is not BreakerState.OPEN:
            self._open(now, 0.0, "tripped by hand")

    def reset(self, now: float) -> None:
        """Close by hand and forget what was counted."""
        if self._state is BreakerState.CLOSED:
            self._forget_all()
        else:
            self._close(now, "reset by hand")

    def take_transitions(self) -> list[Transition]:
        """The changes since the last call, oldest first."""
        taken, self._transitions = self._transitions, []
        return taken

    def view(self, now: float) -> BreakerView:
        """What the screen shows; ticks first, so that it follows the clock. History is the event fold's."""
        self.tick(now)
        self._forget_old(now)
        return BreakerView(
            state=self._state,
            enabled=self._rules.enabled,
            reason=self._reason,
            failures_in_window=len(self._failed_at),
            failure_threshold=self._rules.failures,
            window_s=self._rules.window_s,
            failure_share=self._share(),
            share_of_last=self._rules.share_of_last,
            share_threshold=self._rules.share,
            failures_in_a_row=self._in_a_row,
            in_a_row_threshold=self._rules.in_a_row,
            probe_in_flight=self._probe_lost_at is not None,
            retry_at_mono=self.next_probe_at,
            times_opened=self._times_opened,
        )

    def _reason_to_open(self) -> str | None:
        rules = self._rules
        if not rules.enabled:
            return None
        if len(self._failed_at) >= rules.failures and self._share() >= rules.share:
            count = f"{len(self._failed_at)} failures in {_seconds(rules.window_s)}"
            share = f" and {sum(self._last_failed)} of the last {len(self._last_failed)} requests"
            return count + share if rules.share else count
        if 0 < rules.in_a_row <= self._in_a_row:
            return f"{self._in_a_row} failures in a row"
        return None

    def _share(self) -> float:
        return sum(self._last_failed) / len(self._last_failed) if self._last_failed else 0.0

    def _forget_old(self, now: float) -> None:
        while self._failed_at and now - self._failed_at[0] > self._rules.window_s:
            self._failed_at.popleft()

    def _forget_all(self) -> None:
        self._failed_at.clear()
        self._last_failed.clear()
        self._in_a_row = 0

    def _lengthen(self) -> None:
        longest = max(self._rules.open_s, self._rules.open_max_s)
        self._open_for_s = min(self._open_for_s * self._rules.open_factor, longest)

    def _open(self, now: float, not_before: float, why: str) -> None:
        self._open_until = max(now + self._open_for_s, not_before)
        self._times_opened += 1
        self._change(now, BreakerState.OPEN, f"{why}: next probe in {_seconds(self._open_until - now)}")

    def _close(self, now: float, why: str) -> None:
        self._open_for_s = self._rules.open_s
        self._forget_all()
        self._change(now, BreakerState.CLOSED, why)

    def _change(self, now: float, state: BreakerState, reason: str) -> None:
        self._state = state
        self._reason = reason
        self._generation += 1
        self._probe_lost_at = None
        self._transitions.append(Transition(now, state, reason, self.next_probe_at))


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.0f} s"
