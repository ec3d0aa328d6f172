"""Percentiles in bounded memory, and the buckets of the latency chart."""

from math import ceil, inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.core.snapshot import Percentiles
from forge_tui.telemetry.latency import CHART_BUCKETS, LatencyChart, LatencySketch


def nearest_rank(samples, share):
    return sorted(samples)[max(1, ceil(share * len(samples))) - 1]


def sketch_of(samples, exact=4096):
    sketch = LatencySketch(exact)
    for sample in samples:
        sketch.add(sample)
    return sketch


def test_no_request_has_no_latency():
    assert LatencySketch().percentiles() == Percentiles()


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=200))
def test_a_few_thousand_are_exact(samples):
    view = sketch_of(samples).percentiles()
    assert view == Percentiles(*(nearest_rank(samples, share) for share in (0.5, 0.95, 0.99)), len(samples))


@settings(max_examples=60)
@given(st.lists(st.floats(1e-4, 9.9e3), min_size=11, max_size=200))
def test_many_are_within_one_percent(samples):
    view = sketch_of(samples, exact=10).percentiles()
    for shown, share in ((view.p50, 0.5), (view.p95, 0.95), (view.p99, 0.99)):
        assert shown == pytest.approx(nearest_rank(samples, share), rel=0.0101)


def test_a_million_requests_need_no_more_memory_than_a_thousand_buckets():
    sketch = sketch_of((10 ** (-6 + 12 * n / 20_000) for n in range(20_000)), exact=100)
    assert sketch._sorted is None
    assert len(sketch._buckets) < 1000
    assert sketch.percentiles().n == 20_000


@pytest.mark.parametrize("junk", [nan, inf, -inf])
def test_what_is_no_time_is_left_out(junk):
    assert sketch_of([1.0, junk]).percentiles().n == 1


def test_the_chart_has_a_point_with_its_age_for_each_five_seconds_with_requests():
    chart = LatencyChart()
    for at, seconds in ((1000.0, 1.0), (1004.9, 3.0), (1011.0, 2.0)):
        chart.add(at, seconds)
    points = chart.points(1012.5)
    assert [(point.age_s, point.p50, point.p95) for point in points] == [(10.0, 1.0, 3.0), (0.0, 2.0, 2.0)]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e4)), max_size=80), st.floats(0, 1e6))
def test_chart_points_are_finite_few_and_in_order(requests, now):
    chart = LatencyChart()
    for at, seconds in requests:
        chart.add(at, seconds)
    points = chart.points(now)
    assert len(points) <= CHART_BUCKETS
    assert all(isfinite(n) for point in points for n in (point.age_s, point.p50, point.p95))
    assert [point.age_s for point in points] == sorted((point.age_s for point in points), reverse=True)


def test_a_point_changes_when_another_request_falls_into_its_bucket():
    chart = LatencyChart()
    chart.add(1000.0, 1.0)
    assert chart.points(1001.0)[0].p95 == 1.0
    chart.add(1002.0, 9.0)
    assert chart.points(1003.0)[0].p95 == 9.0
