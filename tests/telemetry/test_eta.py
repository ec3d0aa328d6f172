"""The ETA against runs whose end is known, and what it says at the edges."""

from heapq import heapify, heappop, heappush
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_builders import COMPLEX, MEDIUM, SIMPLE
from forge_tui.core.ticket import MOST_COMPLEX_FIRST
from forge_tui.telemetry.eta import ClassWork, Pace, estimated_seconds, time_left


def left(work, pace=None, finished=100, **more):
    return time_left(work, pace or Pace(slots=10), finished=finished, eta_after=20, **more)


def run_to_the_end(tickets, latency_s, slots, rng, *, batch=1, rpm=None, deviation=0.0):
    """A plain model of the engine: the instants at which requests came home, per class, complex first."""
    free_at, next_send, homes = [0.0] * slots, 0.0, []
    for complexity in MOST_COMPLEX_FIRST:
        for _ in range(-(-tickets.get(complexity, 0) // batch)):
            start = max(heappop(free_at), next_send)
            next_send = start + 60.0 / rpm if rpm else 0.0
            home = start + latency_s[complexity] * max(0.1, 1 + rng.gauss(0, deviation))
            heappush(free_at, home)
            homes.append((start, home, complexity))
    return homes


def work_at(homes, now, latency_s, batch):
    """What an engine would know of that run at `now`."""
    parts = []
    for complexity in MOST_COMPLEX_FIRST:
        mine = [(start, home) for start, home, c in homes if c is complexity]
        unsent = sum(start > now for start, _ in mine)
        flying = sum(start <= now < home for start, home in mine)
        parts.append(ClassWork(complexity, unsent * batch, batch, latency_s[complexity], in_flight_requests=flying))
    return parts


@pytest.mark.parametrize(
    ("slots", "batch", "rpm"), [(1, 1, None), (4, 1, None), (10, 5, None), (10, 10, 36), (4, 1, 60)]
)
def test_on_steady_runs_it_is_wrong_by_a_twentieth_and_half_a_request_at_most(slots, batch, rpm):
    """D28: the original was 14 to 63 % too high, and counted the last class's latency for all."""
    latency_s = {COMPLEX: 6.0, MEDIUM: 2.0, SIMPLE: 0.5}
    tickets = {COMPLEX: 40, MEDIUM: 120, SIMPLE: 400}
    homes = run_to_the_end(tickets, latency_s, slots, Random("eta"), batch=batch, rpm=rpm, deviation=0.1)
    end = max(home for _, home, _ in homes)
    for tenth in range(10):
        now = end * tenth / 10
        truth, eta = end - now, left(work_at(homes, now, latency_s, batch), Pace(slots, rpm))
        assert abs(eta.seconds - truth) <= 0.05 * truth + max(latency_s.values()) / 2 + 0.1


def test_simple_tickets_after_a_complex_batch_are_counted_at_their_own_latency():
    """D28: 400 simple tickets left after a complex batch were announced as 96 s."""
    work = [ClassWork(COMPLEX, 0, 5, 12.0), ClassWork(SIMPLE, 400, 20, 0.5)]
    assert left(work, Pace(slots=10)).seconds == pytest.approx(1.0, abs=0.5)


@pytest.mark.parametrize("finished", [0, 500])
def test_nothing_left_is_zero(finished):
    """D28: at 0 left the original still announced one batch."""
    eta = left([ClassWork(SIMPLE, 0, requests_sent=60)], finished=finished)
    assert (eta.seconds, eta.low_s, eta.high_s, eta.requests_left, eta.requests_total) == (0, 0, 0, 0, 60)


def test_there_is_none_before_enough_tickets_came_home():
    assert left([ClassWork(SIMPLE, 400)], finished=19) is None
    assert left([ClassWork(SIMPLE, 400)], finished=20) is not None


def test_it_names_the_class_that_decides_it_and_its_requests():
    work = [ClassWork(MEDIUM, 580, 10, 2.9), ClassWork(SIMPLE, 1878, 20, 3.3, requests_sent=60)]
    eta = left(work, Pace(slots=4, requests_per_min=36))
    assert (eta.decided_by, eta.requests_left, eta.requests_total) == (SIMPLE, 94, 154)
    assert eta.seconds == pytest.approx(152 / 36 * 60, abs=4)


def test_retries_make_it_longer_and_its_band_wider():
    calm = left([ClassWork(SIMPLE, 1000)])
    rough = left([ClassWork(SIMPLE, 1000, again_share=0.2)])
    assert rough.seconds == pytest.approx(calm.seconds / 0.8, rel=0.02)
    assert rough.high_s - rough.low_s > calm.high_s - calm.low_s


def test_the_time_to_the_next_probe_and_to_the_last_retry_count():
    work = [ClassWork(SIMPLE, 10)]
    assert left(work, delay_s=30.0).seconds == pytest.approx(left(work).seconds + 30)
    assert left(work, last_due_in_s=60.0).seconds == pytest.approx(61.2)


@pytest.mark.parametrize(
    ("pace", "seconds"),
    [
        (Pace(slots=1), 120.0),
        (Pace(slots=10), 12.0),
        (Pace(slots=1000, requests_per_min=60), 100.2),
        (Pace(slots=1000, tokens_per_min=6000), 100.2),
        (Pace(slots=1000, tickets_per_s=10), 11.1),
    ],
)
def test_before_launch_the_limit_that_takes_longest_gives_the_estimate(pace, seconds):
    assert estimated_seconds([ClassWork(SIMPLE, 100, tokens_per_ticket=100)], pace) == pytest.approx(seconds)


def test_a_job_with_nothing_to_send_is_estimated_at_zero():
    assert estimated_seconds([ClassWork(SIMPLE, 0)], Pace(slots=10, requests_per_min=36)) == 0


@given(
    st.lists(
        st.builds(
            ClassWork,
            st.sampled_from(MOST_COMPLEX_FIRST),
            st.integers(0, 10**7),
            st.integers(1, 20),
            st.floats(0, 1e4),
            st.floats(0, 1e4),
            st.floats(0, 1e4),
            st.integers(0, 2000),
            st.integers(0, 10**6),
            st.floats(0, 1e5),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=3,
    ),
    st.builds(Pace, st.integers(0, 2000), st.none() | st.floats(0.1, 1e6), st.none() | st.floats(1, 1e9)),
    st.floats(0, 1e5),
)
def test_the_band_holds_the_eta_and_never_goes_below_zero(work, pace, delay_s):
    eta = left(work, pace, delay_s=delay_s)
    assert 0 <= eta.low_s <= eta.seconds <= eta.high_s
    assert 0 <= eta.requests_left <= eta.requests_total


def test_the_model_of_the_engine_used_here_fills_its_slots():
    homes = run_to_the_end({SIMPLE: 8}, {SIMPLE: 1.0}, 4, Random(0))
    ends = [home for _, home, _ in homes]
    heapify(ends)
    assert max(ends) == 2.0
