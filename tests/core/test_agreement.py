"""The agreement of two answers: shares with the interval that few observations leave open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.agreement import Agreement, Proportion


@pytest.mark.parametrize(
    ("same", "of", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (1, 1, 0.2065, 1.0),
        (0, 1, 0.0, 0.7935),
        (81, 263, 0.2553, 0.3662),  # the worked example of Newcombe (1998), method 3
        (15, 148, 0.0624, 0.1605),  # the same
        (0, 20, 0.0, 0.1611),  # the same
        (29, 29, 0.8830, 1.0),
    ],
)
def test_the_interval_is_wilsons(same, of, low, high):
    proportion = Proportion(same, of)
    assert (proportion.low, proportion.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(0, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_observed_share_and_narrows_with_more_of_the_same(drawn):
    same, of = drawn
    few, many = Proportion(same, of), Proportion(same * 9, of * 9)
    assert 0.0 <= few.low <= few.high <= 1.0
    if of:
        assert few.low - 1e-9 <= few.share <= few.high + 1e-9
        assert many.high - many.low < few.high - few.low


def test_what_got_no_answer_alone_is_counted_and_proves_nothing():
    found = Agreement(10, 9, 8, 0) + Agreement(unanswered=3)
    assert (found.checked, found.category.of, found.priority.same) == (13, 10, 8)
    assert found.worse == found.priority
