"""Curves: what would kill plotext never reaches it, and our own hand draws the same without it."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.console.plot import Plotter, bucketed, own_curve

WILD = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WILD, WILD), max_size=40), WILD, WILD, st.integers(0, 30), st.integers(0, 6))
def test_no_point_and_no_size_breaks_a_curve(points, low, high, width, height):
    lines = Plotter().curve(points, (-120.0, 0.0), (low, high), width, height)
    assert [len(line) for line in lines] == [width] * height


def test_a_rising_line_rises():
    lines = Plotter().curve([(0.0, 0.0), (10.0, 10.0)], (0.0, 10.0), (0.0, 10.0), 20, 4)
    assert lines[0].strip()
    assert lines[0].index(lines[0].strip()[0]) > lines[-1].index(lines[-1].strip()[0])


def test_nothing_is_drawn_where_there_is_no_room():
    assert Plotter().curve([(0.0, 1.0), (1.0, 2.0)], (0.0, 1.0), (0.0, 3.0), 5, 1) == ["     "]


def test_without_plotext_our_own_hand_draws(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotext", None)
    lines = Plotter().curve([(0.0, 0.0), (10.0, 10.0)], (0.0, 10.0), (0.0, 10.0), 12, 3)
    assert lines == own_curve([(0.0, 0.0), (10.0, 10.0)], (0.0, 10.0), (0.0, 10.0), 12, 3)
    assert "".join(lines).strip()


def test_of_many_points_the_highest_of_each_bucket_stays():
    points = [(float(n), float(n % 10)) for n in range(1000)]
    kept = bucketed(points, (0.0, 999.0), 20)
    assert len(kept) == 20
    assert all(y == 9.0 for _, y in kept)


@pytest.mark.parametrize("x_range", [(0.0, 0.0), (1.0, 0.0), (float("nan"), 1.0), (-1e308, 1e308)])
def test_a_range_without_extent_draws_nothing(x_range):
    assert Plotter().curve([(0.0, 1.0)], x_range, (0.0, 2.0), 10, 3) == [" " * 10] * 3
