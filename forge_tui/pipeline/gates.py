"""The gates before the call: slot, send gate, rate, then budget and breaker in the same step, and what they learn.

    hold(now)                 slot → Retry-After → requests/min        asked before a batch is formed
    admit(now, tokens, cost)  tokens/min → budget → breaker permit     takes everything, or nothing and says why
    heard(pass, outcome)      gives the slot back and teaches breaker, send gate, rate and slots

Nothing is awaited between `hold`, forming the batch and `admit`, so no token ages in a line and none is given back.
"""

import random
from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import RULES, Code, Verdict
from forge_tui.core.outcome import CallFault, CallOutcome, RateHints, Reply
from forge_tui.core.snapshot import LimitsView
from forge_tui.provider.presets import Endpoint
from forge_tui.resilience.budget import Budget
from forge_tui.resilience.circuit_breaker import BreakerRules, CircuitBreaker, Permit, Refused
from forge_tui.resilience.concurrency import Concurrency
from forge_tui.resilience.rate_limit import RateLimit
from forge_tui.resilience.retry import RetryRules, backoff_s
from forge_tui.resilience.send_gate import SendGate
from forge_tui.settings import Settings
from forge_tui.telemetry.bound import BREAKER, BUDGET, HOLD, REQUESTS, SLOTS, TOKENS

LONE_LIMITS = 2


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing may be sent before monotonic `until` (None: until something changes)."""

    why: str
    until: float | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to send one request: the breaker's permit and what was reserved for it."""

    permit: Permit
    reservation: int
    tokens: int


class Gates:
    """Everything that decides whether a request may leave now; one per endpoint, through all the jobs of a session."""

    def __init__(self, settings: Settings, endpoint: Endpoint, rng: random.Random) -> None:
        self.breaker = CircuitBreaker(_breaker_rules(settings, endpoint))
        self.send_gate = SendGate(rng)
        self.requests = RateLimit(endpoint.requests_per_min, endpoint.burst)
        self.tokens = RateLimit(endpoint.tokens_per_min, endpoint.tokens_per_min or 1.0)
        self.slots = Concurrency(settings.concurrency)
        self.budget = Budget(settings.max_cost)
        self.in_flight = 0
        self.canary: int | None = None
        self.hold_code: Code | None = None
        self._rng = rng
        self._backoff = retry_rules(settings)
        self._limits_in_a_row = 0

    def begin_job(self, max_cost: float | None, spent: float, canary: int | None) -> None:
        """A job starts or goes on: its own budget, and `canary` requests at most until its first valid answer."""
        self.budget = Budget(max_cost, spent)
        self.canary = canary

    def go_on_holding(self, now: float, for_s: float) -> None:
        """An earlier run was told to wait, and `for_s` seconds of it are left."""
        self.send_gate.shut(now, for_s)
        self.hold_code = Code.RATE_LONG

    def long_hold_s(self, now: float) -> float | None:
        """The seconds left of a provider's long wait; None where there is none."""
        held = self.hold_code is Code.RATE_LONG and not self.send_gate.is_open(now)
        return self.send_gate.opens_at - now if held else None

    @property
    def slot_limit(self) -> int:
        """Requests that may be in flight now: the adaptive limit, and the canary's until the first valid answer."""
        limit = self.slots.limit
        return limit if self.canary is None else min(limit, self.canary)

    def hold(self, now: float) -> Hold | None:
        """Why no request may leave now, before anybody knows which; None when one may."""
        if self.in_flight >= self.slot_limit:
            return Hold(SLOTS, None)
        if not self.send_gate.is_open(now):
            return Hold(HOLD, self.send_gate.opens_at)
        ready_at = self.requests.ready_at(now)
        return Hold(REQUESTS, ready_at) if ready_at > now else None

    def admit(self, now: float, tokens: int, cost: float) -> Pass | Hold:
        """Leave to send a formed batch of `tokens` and at most `cost`; takes slot, rate, budget and permit at once."""
        ready_at = self.tokens.ready_at(now, tokens)
        if ready_at > now:
            return Hold(TOKENS, ready_at)
        if not self.budget.fits(cost):
            return Hold(BUDGET, None)
        match self.breaker.admit(now):
            case Refused(retry_at=retry_at):
                return Hold(BREAKER, retry_at)
            case Permit() as permit:
                self.requests.take(now)
                self.tokens.take(now, tokens)
                self.in_flight += 1
                return Pass(permit, self.budget.reserve(cost), tokens)

    def heard(self, leave: Pass, outcome: CallOutcome, now: float, cost: float) -> None:
        """A request is home: teach everybody, and give its reservation back for what it really cost."""
        self.budget.settle(leave.reservation, cost)
        match outcome:
            case Reply():
                self.breaker.succeeded(leave.permit, now)
                self.slots.on_success(self.in_flight)
                self._limits_in_a_row = 0
                self.tokens.correct(outcome.usage.total_tokens - leave.tokens)
                self._hint(outcome.hints, now)
            case CallFault():
                self._heard_fault(leave.permit, outcome, now)
                self._hint(outcome.hints, now)

    def slot_free(self) -> None:
        """The request's outcome is on disk: its slot may be refilled."""
        self.in_flight -= 1

    def dropped(self, leave: Pass, cost: float) -> None:
        """A request was cancelled at shutdown: assume that it costs what was expected; the breaker hears nothing."""
        self.budget.settle(leave.reservation, cost)
        self.breaker.abandoned(leave.permit)

    def _heard_fault(self, permit: Permit, fault: CallFault, now: float) -> None:
        wait_s = fault.retry_after_s or 0.0
        match RULES[fault.code].breaker:
            case Verdict.FAILURE:
                self.breaker.failed(permit, now, not_before=now + wait_s)
                self.slots.on_service_fault()
            case Verdict.SUCCESS:
                self.breaker.succeeded(permit, now)
            case Verdict.NEUTRAL:
                alive = fault.http_status is not None and fault.code is not Code.RATE
                self.breaker.neutral(permit, now, alive=alive)
        if fault.code in {Code.RATE, Code.RATE_LONG}:
            self.slots.on_rate_limited(now, fault.retry_after_s)
            self._limits_in_a_row += 1
            # One or two 429s that name no wait are the slots' business; a longer row means that nobody is let in.
            beyond = self._limits_in_a_row - LONE_LIMITS
            if not wait_s and beyond > 0:
                wait_s = backoff_s(beyond, self._backoff, self._rng)
        if wait_s > 0:
            self.send_gate.shut(now, wait_s)
            self.hold_code = fault.code

    def _hint(self, hints: RateHints, now: float) -> None:
        if hints.requests_remaining is not None and hints.requests_reset_s is not None:
            # Those still in flight were sent after the request that this tells of: they are not yet counted in it.
            left = max(0, hints.requests_remaining - (self.in_flight - 1))
            self.requests.drain_hint(now, left, hints.requests_reset_s)
        if hints.tokens_remaining is not None and hints.tokens_reset_s is not None:
            self.tokens.drain_hint(now, hints.tokens_remaining, hints.tokens_reset_s)

    def limits_view(self, now: float) -> LimitsView:
        """The figures of the limits for the snapshot."""
        shut = not self.send_gate.is_open(now)
        ready_at = self.requests.ready_at(now)
        return LimitsView(
            slots_in_use=self.in_flight,
            slots_limit=self.slot_limit,
            slots_cap=self.slots.cap,
            slots_reason=self.slots.reason,
            requests_last_min=round(self.requests.used_last_min(now)),
            requests_per_min=self.requests.per_min,
            tokens_last_min=round(self.tokens.used_last_min(now)),
            tokens_per_min=self.tokens.per_min,
            next_send_at_mono=ready_at if ready_at > now else None,
            hold_until_mono=self.send_gate.opens_at if shut else None,
            hold_code=str(self.hold_code) if shut and self.hold_code else "",
            gate_shut_s=self.send_gate.shut_total_s(now),
        )

    def must_probe(self, now: float) -> bool:
        """Whether the next request is the breaker's probe, which should be the cheapest there is."""
        self.breaker.tick(now)
        return self.breaker.state is BreakerState.HALF_OPEN


def retry_rules(settings: Settings) -> RetryRules:
    """The attempts and waits that settings allow."""
    return RetryRules(
        max_ticket_attempts=settings.max_attempts,
        max_service_attempts=settings.max_service_attempts,
        base_s=settings.backoff_base_s,
        cap_s=settings.backoff_cap_s,
        jitter=settings.backoff_jitter,
    )


def _breaker_rules(settings: Settings, endpoint: Endpoint) -> BreakerRules:
    return BreakerRules(
        failures=settings.breaker_failures,
        window_s=settings.breaker_window_s,
        share=settings.breaker_share,
        share_of_last=settings.breaker_share_of_last,
        in_a_row=settings.breaker_in_a_row,
        open_s=settings.breaker_open_s,
        open_factor=settings.breaker_open_factor,
        open_max_s=settings.breaker_open_max_s,
        attempt_max_s=endpoint.total_timeout_s,
        enabled=settings.breaker_enabled,
    )
