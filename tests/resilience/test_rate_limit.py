"""GCRA: never too many in any window, never slower than the limit, figures that can be shown."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.resilience.rate_limit import LONGEST_HINT_S, RateLimit

TINY = 1e-6


def send_all(limit, count, *, weight=1.0, start=0.0):
    """Send as early as allowed; answers the instants."""
    sent, now = [], start
    for _ in range(count):
        now = max(now, limit.ready_at(now, weight))
        limit.take(now, weight)
        sent.append(now)
    return sent


def test_requests_are_spaced_evenly():
    assert send_all(RateLimit(60), 4) == [0, 1, 2, 3]


def test_a_burst_may_leave_together_and_is_then_paid_off():
    assert send_all(RateLimit(60, burst=3), 6) == [0, 0, 0, 1, 2, 3]


def test_idle_time_saves_up_no_more_than_the_burst():
    limit = RateLimit(60, burst=2)
    send_all(limit, 2)
    assert send_all(limit, 4, start=1000.0) == [1000, 1000, 1001, 1002]


def test_looking_changes_nothing():
    limit = RateLimit(60)
    limit.take(0.0)
    assert [limit.ready_at(now) for now in (0.0, 0.5, 0.5, 0.0)] == [1.0] * 4


@given(
    st.floats(1, 6000),
    st.integers(1, 50),
    st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_window_sees_more_than_the_limit_and_the_burst(per_min, burst, gaps):
    limit = RateLimit(per_min, burst)
    sent = []
    for arrival in accumulate(gaps):
        now = max(arrival, sent[-1] if sent else 0.0)
        now = max(now, limit.ready_at(now))
        limit.take(now)
        sent.append(now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            allowed = per_min / 60 * (sent[last] - sent[first]) + burst
            assert last - first + 1 <= allowed * (1 + TINY)


@given(st.floats(10, 1000), st.floats(1, 500), st.lists(st.tuples(st.floats(0, 9), st.floats(0.1, 800)), max_size=40))
def test_no_window_sees_more_units_than_the_limit_and_the_dearest_send(per_min, burst, arrivals):
    limit, now, sent = RateLimit(per_min, burst), 0.0, []
    for gap, weight in arrivals:
        now += gap
        now = max(now, limit.ready_at(now, weight))
        limit.take(now, weight)
        sent.append((now, weight))
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            window = sent[first : last + 1]
            allowed = per_min / 60 * (window[-1][0] - window[0][0]) + max(burst, window[-1][1])
            assert sum(weight for _, weight in window) <= allowed * (1 + TINY)


@given(st.floats(1, 6000), st.integers(1, 50), st.integers(1, 100))
def test_a_busy_sender_gets_all_of_the_limit(per_min, burst, count):
    last = send_all(RateLimit(per_min, burst), count)[-1]
    assert last == pytest.approx(max(0, count - burst) * 60 / per_min)


@given(st.lists(st.tuples(st.floats(10, 800), st.floats(0, 800)), min_size=1, max_size=40))
def test_corrected_estimates_keep_the_true_units_within_the_limit(requests):
    limit, now, true_units = RateLimit(1000, 800), 0.0, 0.0
    for estimate, actual in requests:
        now = max(now, limit.ready_at(now, estimate))
        limit.take(now, estimate)
        limit.correct(actual - estimate)
        true_units += actual
    dearest = max(max(estimate, actual) for estimate, actual in requests)
    assert true_units <= (1000 / 60 * now + 800 + dearest) * (1 + TINY)


def test_a_request_that_cost_more_than_estimated_delays_the_next():
    limit = RateLimit(60)
    limit.take(0.0, 1.0)
    limit.correct(9.0)
    assert limit.ready_at(0.0) == 10.0


def test_one_heavier_than_the_burst_leaves_when_nothing_is_owed():
    limit = RateLimit(600, burst=100)
    assert send_all(limit, 3, weight=300) == [0, 30, 60]


@pytest.mark.parametrize("per_min", [None, 0])
def test_no_limit_means_no_wait_but_is_counted(per_min):
    limit = RateLimit(per_min)
    assert send_all(limit, 100) == [0] * 100
    assert limit.used_last_min(0.0) == 100
    assert limit.per_min is None


def test_a_new_rate_holds_at_once_and_old_debt_is_paid_at_the_new_rate():
    limit = RateLimit(1)
    limit.take(0.0)
    limit.set_rate(0.0, 60)
    assert limit.ready_at(0.0) == 1.0
    limit.set_rate(0.0, 6)
    assert limit.ready_at(0.0) == 10.0
    limit.set_rate(0.0, None)
    assert limit.ready_at(0.0) <= 0.0
    limit.set_rate(0.0, 60)
    assert limit.per_min == 60
    assert send_all(limit, 2) == [0, 1]


def test_headers_that_say_nothing_is_left_hold_the_next_send():
    limit = RateLimit(None)
    limit.drain_hint(10.0, 2, 30.0)
    assert send_all(limit, 3, start=10.0) == [10, 10, 40]
    assert send_all(limit, 2, start=40.0) == [40, 40]


def test_headers_with_a_long_reset_hold_no_longer_than_a_silent_wait():
    limit = RateLimit(None)
    limit.drain_hint(0.0, 0, 86_400.0)
    assert limit.ready_at(0.0) == LONGEST_HINT_S


def test_headers_without_a_reset_say_nothing():
    limit = RateLimit(60)
    limit.drain_hint(0.0, 0, None)
    assert limit.ready_at(0.0) <= 0.0


def test_what_left_more_than_a_minute_ago_is_not_shown():
    limit = RateLimit(None)
    for now in (0.0, 0.5, 30.0, 59.0):
        limit.take(now, 10.0)
    limit.correct(-4.0)
    assert [limit.used_last_min(now) for now in (59.0, 60.0, 90.0, 120.0)] == [36.0, 16.0, 6.0, 0.0]


def test_headers_leave_a_rate_until_their_reset_and_every_send_uses_it_up():
    limit = RateLimit(None)
    assert limit.hinted_per_min(0.0) is None
    limit.drain_hint(0.0, remaining=10, reset_s=20.0)
    assert limit.hinted_per_min(0.0) == pytest.approx(30.0)
    for _ in range(5):
        limit.take(0.0)
    assert limit.hinted_per_min(10.0) == pytest.approx(30.0)
    for _ in range(7):
        limit.take(10.0)
    assert limit.hinted_per_min(19.0) == 0.0
    assert limit.hinted_per_min(20.0) is None
