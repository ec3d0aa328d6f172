"""The moving average of latency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.telemetry.ewma import Ewma


def test_the_initial_guess_holds_until_the_first_sample_replaces_it():
    average = Ewma()
    assert (average.value, average.seen) == (1.2, False)
    average.add(4.0)
    assert (average.value, average.seen, average.deviation) == (4.0, True, 0.0)


def test_each_later_sample_weighs_three_tenths():
    average = Ewma(alpha=0.3)
    average.add(1.0)
    average.add(2.0)
    assert average.value == pytest.approx(1.3)


def test_alpha_decides_how_fast_it_follows():
    slow, fast = Ewma(alpha=0.1), Ewma(alpha=0.9)
    for average in (slow, fast):
        average.add(1.0)
        average.add(11.0)
    assert (slow.value, fast.value) == (pytest.approx(2.0), pytest.approx(10.0))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_it_stays_between_the_smallest_and_the_largest_sample(samples, alpha):
    average = Ewma(alpha)
    for sample in samples:
        average.add(sample)
    slack = 1e-9 * max(samples) + 1e-12
    assert min(samples) - slack <= average.value <= max(samples) + slack
    assert 0 <= average.error <= average.deviation + 1e-12
