"""Breakers and rules for tests: the defaults of the settings, with what matters named."""

from forge_tui.core.breaker import BreakerState
from forge_tui.resilience.circuit_breaker import BreakerRules, CircuitBreaker
from forge_tui.resilience.retry import RetryRules


def breaker_rules(**given):
    usual = {
        "failures": 5,
        "window_s": 20.0,
        "share": 0.5,
        "share_of_last": 20,
        "in_a_row": 5,
        "open_s": 30.0,
        "open_factor": 2.0,
        "open_max_s": 300.0,
        "attempt_max_s": 120.0,
    }
    return BreakerRules(**usual | given)


def a_breaker(**given):
    return CircuitBreaker(breaker_rules(**given))


def answer(breaker, now, *, ok):
    """One request that leaves and comes home at `now`."""
    permit = breaker.admit(now)
    if ok:
        breaker.succeeded(permit, now)
    else:
        breaker.failed(permit, now)


def fail_in_a_row(breaker, now, at_most):
    """Failures until it opens; answers how many it took."""
    for count in range(1, at_most + 1):
        answer(breaker, now, ok=False)
        if breaker.state is BreakerState.OPEN:
            return count
    return at_most


def an_open_breaker(*, at, **given):
    breaker = a_breaker(**given)
    fail_in_a_row(breaker, at, 5)
    assert breaker.state is BreakerState.OPEN
    return breaker


def retry_rules(**given):
    usual = {"max_ticket_attempts": 3, "max_service_attempts": 6, "base_s": 1.0, "cap_s": 60.0, "jitter": 0.2}
    return RetryRules(**usual | given)
