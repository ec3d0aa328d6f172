"""Who pays for a fault, how long a ticket waits, and when it gives up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.failure import RULES, Burn, Code
from forge_tui.core.outcome import AnswerFault, CallFault
from forge_tui.resilience.retry import AskSmaller, Attempts, GiveUp, TryAgain, backoff_s, judge, works_for_others
from resilience_builders import retry_rules

SERVICE_CODES = [code for code, rule in RULES.items() if rule.burn is Burn.SERVICE]
TICKET_CODES = [code for code, rule in RULES.items() if rule.burn is Burn.TICKET]
FREE_CODES = [Code.RATE, Code.POOL]


def a_fault(code, **given_):
    return CallFault(code=code, message="", latency_s=0.1, **given_)


def decide(fault, attempts=Attempts(), **given_):  # noqa: B008 - frozen
    usual = {
        "alone": True,
        "service_works_for_others": True,
        "can_change": False,
        "rng": random.Random(1),
        "rules": retry_rules(),
    }
    return judge(fault, attempts, **usual | given_)


def until_it_gives_up(fault, **given_):
    """The waits of a ticket that meets the same fault each time, and what it has burned at the end."""
    attempts, waits = Attempts(), []
    while isinstance(decision := decide(fault, attempts, **given_), TryAgain):
        attempts = decision.attempts
        waits.append(decision.delay_s)
        assert len(waits) < 100
    return waits, decision.attempts


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_a_ticket_that_alone_breaks_the_service_has_six_attempts(code):
    waits, burned = until_it_gives_up(a_fault(code), rules=retry_rules(jitter=0.0))
    assert waits == [1, 2, 4, 8, 16]
    assert burned == Attempts(ticket=0, service=6)


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_a_batch_that_breaks_the_service_again_and_again_is_halved_and_fails_nobody(code):
    """One ticket aboard may be to blame: its company must not pay for it."""
    first = decide(a_fault(code), alone=False)
    assert (first.attempts, first.smaller) == (Attempts(service=1), False)
    again = decide(a_fault(code), Attempts(service=5), alone=False)
    assert (again.attempts, again.smaller) == (Attempts(service=5), True)
    assert not decide(a_fault(code), first.attempts, alone=False, service_works_for_others=False).smaller


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_an_outage_burns_nothing(code):
    """D1: while the service works for nobody a ticket waits, however often it is tried."""
    attempts = Attempts(ticket=2, service=5)
    for _ in range(50):
        decision = decide(a_fault(code), attempts, service_works_for_others=False)
        assert isinstance(decision, TryAgain)
        assert decision.attempts == attempts


def test_a_connection_that_was_never_made_burns_nothing():
    decision = decide(a_fault(Code.NETWORK, never_connected=True), Attempts(service=5))
    assert isinstance(decision, TryAgain)
    assert decision.attempts == Attempts(service=5)


@pytest.mark.parametrize("code", FREE_CODES)
def test_a_rate_limit_or_our_own_pool_burns_nothing(code):
    """D4: the original burned an attempt on each 429."""
    decision = decide(a_fault(code), Attempts(ticket=2, service=5))
    assert isinstance(decision, TryAgain)
    assert decision.attempts == Attempts(ticket=2, service=5)


@pytest.mark.parametrize("code", TICKET_CODES)
def test_in_company_a_ticket_fault_burns_nobody_and_asks_smaller(code):
    assert decide(AnswerFault(code, ""), Attempts(ticket=2), alone=False) == AskSmaller()


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_a_service_fault_burns_once_for_each_ticket_aboard(code):
    decision = decide(a_fault(code), alone=False)
    assert isinstance(decision, TryAgain)
    assert decision.attempts == Attempts(service=1)


@pytest.mark.parametrize("code", [Code.JSON, Code.SCHEMA])
def test_alone_an_unusable_answer_has_three_attempts(code):
    waits, burned = until_it_gives_up(AnswerFault(code, ""), rules=retry_rules(jitter=0.0))
    assert waits == [1, 2]
    assert burned == Attempts(ticket=3, service=0)


@pytest.mark.parametrize("code", [Code.REQUEST, Code.FILTER, Code.BUG])
def test_alone_what_would_be_refused_again_fails_at_once(code):
    assert decide(a_fault(code)) == GiveUp(Attempts(ticket=1))


@pytest.mark.parametrize("code", [Code.TOO_LONG, Code.LENGTH])
def test_what_needs_a_change_is_asked_again_only_while_it_can_be_changed(code):
    again = decide(a_fault(code), can_change=True)
    assert isinstance(again, TryAgain)
    assert decide(a_fault(code), again.attempts, can_change=False) == GiveUp(Attempts(ticket=2))


def test_the_two_counters_do_not_add_up():
    decision = decide(a_fault(Code.SERVER), Attempts(ticket=2, service=4))
    assert isinstance(decision, TryAgain)
    decision = decide(AnswerFault(Code.JSON, ""), Attempts(ticket=1, service=5))
    assert isinstance(decision, TryAgain)


def test_one_attempt_means_one():
    assert decide(AnswerFault(Code.JSON, ""), rules=retry_rules(max_ticket_attempts=1)) == GiveUp(Attempts(ticket=1))


@pytest.mark.parametrize("status", [408, 409, 502, 504])
def test_no_status_is_tried_again_without_a_wait(status):
    """D10: three requests in 0.2 s were the original's answer to these."""
    waits, _ = until_it_gives_up(a_fault(Code.SERVER, http_status=status))
    assert len(waits) == 5
    assert min(waits) >= 0.8


@pytest.mark.parametrize("code", [*FREE_CODES, *SERVICE_CODES])
def test_a_waiting_ticket_has_a_wait_and_holds_no_slot(code):
    """D8: what comes back is a delay for the heap, also for a 429 that names none."""
    decision = decide(a_fault(code), service_works_for_others=False)
    assert isinstance(decision, TryAgain)
    assert decision.delay_s >= 0.8


@given(st.sampled_from([*FREE_CODES, *SERVICE_CODES]), st.floats(0, 86_400), st.integers(0, 99))
def test_no_ticket_is_due_before_its_retry_after(code, retry_after_s, seed):
    """D9: on a 429 and on a 503 alike."""
    decision = decide(a_fault(code, retry_after_s=retry_after_s), rng=random.Random(seed))
    assert isinstance(decision, TryAgain)
    assert decision.delay_s >= retry_after_s


@given(st.integers(1, 10_000), st.floats(0.1, 10), st.floats(1, 300), st.floats(0, 0.9), st.integers(0, 99))
def test_backoff_doubles_within_its_jitter_and_its_cap(number, base_s, cap_s, jitter, seed):
    rules = retry_rules(base_s=base_s, cap_s=cap_s, jitter=jitter)
    wait_s = backoff_s(number, rules, random.Random(seed))
    plain_s = base_s * 2.0 ** min(number - 1, 60)
    assert min(cap_s, plain_s * (1 - jitter)) <= wait_s * (1 + 1e-9)
    assert wait_s <= min(cap_s, plain_s * (1 + jitter) if number <= 60 else cap_s) * (1 + 1e-9)


def test_a_seed_repeats_its_waits():
    assert until_it_gives_up(a_fault(Code.SERVER), rng=random.Random(7)) == until_it_gives_up(
        a_fault(Code.SERVER), rng=random.Random(7)
    )


@given(
    st.lists(st.sampled_from(Code), max_size=60),
    st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_a_fault_burns_at_most_one_attempt_and_counters_never_pass_their_limits(codes, works):
    attempts, rules = Attempts(), retry_rules()
    for code, service_works in zip(codes, works, strict=False):
        decision = decide(a_fault(code), attempts, service_works_for_others=service_works)
        burned = decision.attempts.ticket + decision.attempts.service - attempts.ticket - attempts.service
        assert burned in (0, 1)
        if isinstance(decision, GiveUp):
            assert burned == 1
            return
        attempts = decision.attempts
        assert attempts.ticket < rules.max_ticket_attempts
        assert attempts.service < rules.max_service_attempts


@pytest.mark.parametrize(
    ("successes", "seen", "works"), [(0, -1, False), (1, -1, True), (7, 7, False), (8, 7, True), (0, 0, False)]
)
def test_rule_s_asks_for_a_success_since_the_last_fault(successes, seen, works):
    assert works_for_others(successes, seen) is works
