"""The breaker, rule by rule; the laws that hold for any history are in test_circuit_breaker_laws."""

import pytest

from forge_tui.core.breaker import BreakerState
from forge_tui.resilience.circuit_breaker import Permit, Refused
from resilience_builders import a_breaker, an_open_breaker, answer, fail_in_a_row

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def test_five_failures_in_the_window_and_half_of_the_results_open_it():
    breaker = a_breaker(in_a_row=0)
    for now in range(4):
        answer(breaker, now, ok=True)
        answer(breaker, now, ok=False)
    answer(breaker, 4, ok=True)
    assert breaker.state is CLOSED
    answer(breaker, 4, ok=False)
    assert breaker.state is OPEN
    assert breaker.next_probe_at == 34


def test_a_tolerable_share_of_failures_never_opens_it():
    """D2: 10 % of failures at 100 calls a second is 50 in the window, and no outage."""
    breaker = a_breaker()
    for call in range(2000):
        answer(breaker, call / 100, ok=call % 10 != 0)
    assert breaker.state is CLOSED
    assert breaker.view(20.0).failures_in_window > 100


def test_a_share_of_zero_restores_the_bare_count():
    breaker = a_breaker(share=0, in_a_row=0)
    for call in range(50):
        answer(breaker, call / 10, ok=call % 10 != 9)
    assert breaker.state is OPEN
    assert breaker.take_transitions()[0].reason == "5 failures in 20 s: next probe in 30 s"


def test_a_hard_outage_after_a_good_run_opens_it_at_once():
    breaker = a_breaker()
    for call in range(1000):
        answer(breaker, call / 100, ok=True)
    assert fail_in_a_row(breaker, 10.0, 10) == 5


def test_failures_that_have_left_the_window_do_not_count():
    breaker = a_breaker(in_a_row=0)
    for now in (0, 6, 12, 18, 24, 30):
        answer(breaker, now, ok=False)
    assert breaker.state is CLOSED
    assert breaker.view(30.0).failures_in_window == 4


def test_five_hangs_in_a_row_open_it_however_long_they_took():
    breaker = a_breaker()
    for now in (60, 120, 180, 240):
        answer(breaker, now, ok=False)
    assert breaker.state is CLOSED
    answer(breaker, 300, ok=False)
    assert breaker.state is OPEN
    assert breaker.take_transitions()[0].reason == "5 failures in a row: next probe in 30 s"


def test_a_row_of_zero_switches_that_rule_off():
    breaker = a_breaker(in_a_row=0)
    for now in range(0, 600, 60):
        answer(breaker, now, ok=False)
    assert breaker.state is CLOSED


def test_one_success_ends_a_row():
    breaker = a_breaker(failures=100)
    for now in range(0, 1200, 60):
        answer(breaker, now, ok=now % 300 == 240)
    assert breaker.state is CLOSED


def test_a_rate_limit_or_a_refused_ticket_moves_no_count():
    """D4: 429, 400, 422 and cancellations are not failures of the service."""
    breaker = a_breaker()
    for now in range(20):
        breaker.neutral(breaker.admit(now), now, alive=now % 2 == 0)
        breaker.abandoned(breaker.admit(now))
    view = breaker.view(20.0)
    assert (view.state, view.failures_in_window, view.failures_in_a_row, view.failure_share) == (CLOSED, 0, 0, 0.0)


def test_a_neutral_answer_between_two_failures_does_not_end_the_row():
    breaker = a_breaker()
    for now in range(0, 300, 60):
        answer(breaker, now, ok=False)
        breaker.neutral(Permit(0, probe=False), now, alive=True)
    assert breaker.state is OPEN


def test_open_refuses_and_names_the_instant():
    breaker = an_open_breaker(at=100.0)
    assert breaker.admit(129.9) == Refused(130.0)


def test_half_open_lets_one_probe_out():
    """D6, D40: twenty waiters, one probe; its success releases all the others at once."""
    breaker = an_open_breaker(at=0.0)
    admitted = [breaker.admit(30.0) for _ in range(20)]
    assert sum(isinstance(leave, Permit) for leave in admitted) == 1
    breaker.succeeded(admitted[0], 30.05)
    assert all(isinstance(breaker.admit(30.05), Permit) for _ in range(19))


def test_the_shown_state_follows_the_clock_without_a_call():
    """D6: at its time OPEN is shown as HALF_OPEN, though nobody asked to send."""
    breaker = an_open_breaker(at=0.0)
    assert breaker.view(29.9).state == OPEN
    assert breaker.view(30.0).state == HALF_OPEN
    breaker = an_open_breaker(at=0.0)
    breaker.tick(30.0)
    assert breaker.state is HALF_OPEN


def test_a_failed_probe_reopens_it_for_twice_as_long():
    breaker = an_open_breaker(at=0.0)
    lengths = []
    for _ in range(6):
        probe_at = breaker.next_probe_at
        breaker.failed(breaker.admit(probe_at), probe_at)
        lengths.append(breaker.next_probe_at - probe_at)
    assert lengths == [60, 120, 240, 300, 300, 300]


def test_closing_brings_the_open_time_back():
    breaker = an_open_breaker(at=0.0)
    breaker.failed(breaker.admit(30), 30)
    breaker.succeeded(breaker.admit(90), 90)
    assert breaker.state is CLOSED
    fail_in_a_row(breaker, 100.0, 5)
    assert breaker.next_probe_at == 130


def test_a_factor_of_one_restores_the_fixed_open_time():
    breaker = an_open_breaker(at=0.0, open_factor=1.0)
    breaker.failed(breaker.admit(30), 30)
    assert breaker.next_probe_at == 60


def test_a_failed_probe_counts_once():
    """D4: the original counted a probe's failure twice; here it reopens and adds to no window."""
    breaker = an_open_breaker(at=0.0)
    before = breaker.view(30.0).failures_in_window
    breaker.failed(breaker.admit(30.0), 30.0)
    assert breaker.view(30.0).failures_in_window <= before
    assert breaker.view(30.0).times_opened == 2


def test_the_retry_after_of_a_503_is_a_floor_for_the_open_time():
    """D9: a Retry-After on a 503 is obeyed."""
    breaker = a_breaker()
    fail_in_a_row(breaker, 0.0, 4)
    breaker.failed(breaker.admit(0.0), 0.0, not_before=75.0)
    assert breaker.admit(74.9) == Refused(75.0)
    probe = breaker.admit(75.0)
    breaker.failed(probe, 75.0, not_before=76.0)
    assert breaker.next_probe_at == 135.0


def test_a_success_begun_before_the_opening_cannot_close_it():
    """D5: the verdict of an older generation changes nothing."""
    breaker = a_breaker()
    early = breaker.admit(0.0)
    fail_in_a_row(breaker, 1.0, 5)
    breaker.succeeded(early, 2.0)
    assert breaker.state is OPEN
    probe = breaker.admit(31.0)
    breaker.succeeded(early, 31.5)
    assert breaker.state is HALF_OPEN
    breaker.failed(probe, 32.0)
    assert breaker.state is OPEN


def test_the_probe_of_an_earlier_opening_cannot_close_a_later_one():
    """D5: being a probe is not enough; it must be this opening's."""
    breaker = an_open_breaker(at=0.0)
    old_probe = breaker.admit(30.0)
    breaker.trip(31.0)
    for verdict in (breaker.succeeded, breaker.failed):
        verdict(old_probe, 40.0)
        assert breaker.state is OPEN
        assert breaker.next_probe_at == 61.0
    breaker.tick(61.0)
    breaker.neutral(old_probe, 62.0, alive=True)
    assert breaker.state is HALF_OPEN


def test_a_failure_begun_before_the_opening_does_not_count_after_the_closing():
    breaker = a_breaker()
    early = [breaker.admit(0.0) for _ in range(10)]
    fail_in_a_row(breaker, 1.0, 5)
    breaker.succeeded(breaker.admit(31.0), 31.0)
    for permit in early:
        breaker.failed(permit, 32.0)
    assert breaker.view(32.0).failures_in_window == 0


def test_a_refused_ticket_as_probe_closes_it():
    breaker = an_open_breaker(at=0.0)
    breaker.neutral(breaker.admit(30.0), 30.0, alive=True)
    assert breaker.state is CLOSED


@pytest.mark.parametrize("give_back", ["rate_limited", "cancelled"])
def test_a_probe_that_proves_nothing_leaves_its_place_to_the_next(give_back):
    breaker = an_open_breaker(at=0.0)
    probe = breaker.admit(30.0)
    if give_back == "rate_limited":
        breaker.neutral(probe, 31.0, alive=False)
    else:
        breaker.abandoned(probe)
    assert breaker.state is HALF_OPEN
    assert breaker.admit(31.0) == probe
    assert isinstance(breaker.admit(31.0), Refused)


def test_a_lost_probe_is_replaced_after_the_open_time_and_can_do_no_harm():
    breaker = an_open_breaker(at=0.0, attempt_max_s=120.0)
    lost = breaker.admit(30.0)
    assert breaker.admit(179.9) == Refused(180.0)
    successor = breaker.admit(180.0)
    assert successor.probe
    breaker.failed(lost, 181.0)
    breaker.abandoned(lost)
    assert breaker.state is HALF_OPEN
    assert isinstance(breaker.admit(181.0), Refused)
    breaker.succeeded(successor, 182.0)
    assert breaker.state is CLOSED


def test_a_hanging_probe_is_not_taken_for_a_lost_one():
    breaker = an_open_breaker(at=0.0, attempt_max_s=120.0)
    breaker.admit(30.0)
    assert isinstance(breaker.admit(30.0 + 120.0), Refused)


def test_it_trips_and_resets_by_hand_and_twice_is_once():
    breaker = a_breaker()
    for _ in range(2):
        breaker.trip(0.0)
    breaker.failed(breaker.admit(30.0), 30.0)
    for _ in range(2):
        breaker.reset(31.0)
    breaker.trip(32.0)
    assert [(t.state, t.reason) for t in breaker.take_transitions()] == [
        (OPEN, "tripped by hand: next probe in 30 s"),
        (HALF_OPEN, "open for 30 s: one probe may try"),
        (OPEN, "the probe failed: next probe in 60 s"),
        (CLOSED, "reset by hand"),
        (OPEN, "tripped by hand: next probe in 30 s"),
    ]


def test_a_reset_forgets_what_was_counted():
    breaker = a_breaker()
    fail_in_a_row(breaker, 0.0, 4)
    breaker.reset(0.0)
    assert fail_in_a_row(breaker, 0.0, 5) == 5


def test_switched_off_it_never_opens_by_itself():
    breaker = a_breaker(enabled=False)
    fail_in_a_row(breaker, 0.0, 100)
    assert breaker.state is CLOSED
    assert not breaker.view(0.0).enabled


def test_every_transition_is_told_once_with_its_reason_and_the_next_probe():
    breaker = a_breaker()
    fail_in_a_row(breaker, 0.0, 5)
    breaker.succeeded(breaker.admit(30.0), 31.0)
    assert [(t.at, t.state, t.reason, t.retry_at) for t in breaker.take_transitions()] == [
        (0.0, OPEN, "5 failures in 20 s and 5 of the last 5 requests: next probe in 30 s", 30.0),
        (30.0, HALF_OPEN, "open for 30 s: one probe may try", None),
        (31.0, CLOSED, "the probe succeeded", None),
    ]
    assert breaker.take_transitions() == []


def test_the_view_holds_the_figures_the_rules_look_at():
    breaker = a_breaker()
    for ok in (True, True, False, False):
        answer(breaker, 1.0, ok=ok)
    view = breaker.view(2.0)
    assert (view.failures_in_window, view.failure_share, view.failures_in_a_row) == (2, 0.5, 2)
    assert (view.failure_threshold, view.window_s, view.share_of_last, view.in_a_row_threshold) == (5, 20.0, 20, 5)
    fail_in_a_row(breaker, 2.0, 3)
    assert breaker.view(3.0).retry_at_mono == 32.0
    breaker.admit(32.0)
    assert breaker.view(32.0).probe_in_flight
