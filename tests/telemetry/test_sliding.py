"""Rates over a sliding minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.telemetry.sliding import SlidingSum


def test_a_steady_stream_has_its_own_rate():
    rate = SlidingSum()
    for tenth in range(1000):
        rate.add(1000 + tenth / 10)
    assert rate.per_s(1099.95, 60) == pytest.approx(10, rel=0.02)


def test_what_is_older_than_the_window_no_longer_counts():
    rate = SlidingSum()
    rate.add(1000.0, 500)
    rate.add(1100.0, 6)
    assert rate.per_s(1100.5, 60) == pytest.approx(0.1, rel=0.02)
    assert rate.per_s(1200.0, 60) == 0


def test_a_clock_set_back_leaves_no_rate_from_the_future():
    rate = SlidingSum()
    rate.add(9000.0, 500)
    rate.add(1000.0, 60)
    assert rate.per_s(1000.5, 60) == pytest.approx(1, rel=0.02)


@given(st.lists(st.tuples(st.floats(0, 1e9), st.integers(0, 1000)), max_size=300))
def test_memory_is_bounded_by_the_horizon(additions):
    rate = SlidingSum(horizon_s=60)
    for at, amount in additions:
        rate.add(at, amount)
        assert len(rate._buckets) <= 62
