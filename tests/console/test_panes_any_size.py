"""Whatever the numbers and however small the pane, something is drawn and nothing breaks."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import console_states as states
from forge_tui.console.view import View
from forge_tui.console.widgets.breaker import BreakerPane
from forge_tui.console.widgets.by_class import ByClassPane
from forge_tui.console.widgets.events_tail import EventLine, EventsPane
from forge_tui.console.widgets.header import Header
from forge_tui.console.widgets.jobs_list import JobsPane
from forge_tui.console.widgets.latency import LatencyPane
from forge_tui.console.widgets.limits import LimitsPane
from forge_tui.console.widgets.progress import ProgressPane
from forge_tui.console.widgets.queue import QueuePane
from forge_tui.console.widgets.status_line import StatusLine
from forge_tui.core.job import JobState
from forge_tui.core.snapshot import BoundView, BreakerView, Eta, LatencyPoint, LimitsView, Percentiles, Snapshot
from forge_tui.core.ticket import Complexity

PANES = (BreakerPane, ByClassPane, EventsPane, JobsPane, LatencyPane, LimitsPane, ProgressPane, QueuePane)
LINES = (EventLine, Header, StatusLine)

numbers = st.floats(allow_nan=True, allow_infinity=True)
counts = st.integers(0, 10**12)
text = st.text(max_size=40)
points = st.builds(LatencyPoint, numbers, numbers, numbers)
percentiles = st.builds(Percentiles, numbers, numbers, numbers, st.integers(0, 10**9))
etas = st.none() | st.builds(Eta, numbers, numbers, numbers, st.sampled_from(Complexity), counts, counts)
breakers = st.builds(
    BreakerView,
    state=st.sampled_from(["CLOSED", "OPEN", "HALF_OPEN"]),
    enabled=st.booleans(),
    reason=text,
    failure_share=numbers,
    window_s=numbers,
    retry_at_mono=st.none() | numbers,
)
limits = st.builds(
    LimitsView,
    slots_in_use=counts,
    slots_limit=counts,
    requests_last_min=counts,
    requests_per_min=st.none() | numbers,
    tokens_last_min=counts,
    tokens_per_min=st.none() | numbers,
    next_send_at_mono=st.none() | numbers,
    hold_until_mono=st.none() | numbers,
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    latencies = draw(st.lists(numbers, max_size=14))
    recent = replace(
        states.busy().classes[0], recent_latencies_s=tuple(latencies), queued=draw(counts), ewma_s=draw(numbers)
    )
    return states.busy(
        job_id=draw(st.integers(0, 10**6)),
        file=draw(text),
        model=draw(text),
        state=draw(st.sampled_from(JobState)),
        state_reason=draw(text),
        state_code=draw(st.sampled_from(["", "E-AUTH", "E-BUDGET", "E-RATE-LONG"])),
        elapsed_s=draw(numbers),
        total=draw(counts),
        done=draw(counts),
        failed=draw(counts),
        queued=draw(counts),
        tickets_per_s=draw(numbers),
        tokens_per_s=draw(numbers),
        cost=draw(numbers),
        cost_projected=draw(st.none() | numbers),
        eta=draw(etas),
        classes=(recent, *states.busy().classes[1:]),
        breaker=draw(breakers),
        limits=draw(limits),
        bound=BoundView(
            draw(st.sampled_from(["requests/min", "breaker open", "budget"])),
            0.0,
            None,
            draw(st.none() | st.floats(0, 1)),
            (),
        ),
        latency=draw(percentiles),
        latency_series=tuple(draw(st.lists(points, max_size=30))),
    )


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.integers(16, 150), st.integers(1, 12))
def test_any_snapshot_is_drawn_in_every_pane_at_any_size(job, width, height):
    view = View(job=job, now_mono=states.NOW_MONO, at=states.NOW)
    for pane in PANES:
        for drawn in pane().lines(view, width, height):
            assert "\n" not in drawn.plain
    for line in LINES:
        assert line().content(view, width).cell_length <= width


@pytest.mark.parametrize("width", [20, 34, 60, 140])
def test_a_bar_never_leaves_its_pane(width):
    view = View(job=states.busy(done=5003, failed=0), now_mono=states.NOW_MONO, at=states.NOW)
    for pane in (ProgressPane, QueuePane, BreakerPane):
        assert all(line.cell_length <= width - 4 for line in pane().lines(view, width - 4, 4))
