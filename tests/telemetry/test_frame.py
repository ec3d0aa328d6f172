"""The frame: the lines of the dashboard, and something readable for every snapshot at every width."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.core.agreement import Agreement
from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.snapshot import BoundView, BreakerView, Eta, LimitsView, Snapshot
from forge_tui.core.text import cell_width
from forge_tui.core.ticket import Complexity
from forge_tui.telemetry import frame
from snapshot_builders import MID_RUN, mid_run


def test_at_80_columns_the_block_reads_as_the_dashboard():
    assert frame.render_frame(MID_RUN, 76)[:5] == [
        "J-0042 tickets_5k.csv   RUNNING 09:12",
        "████████████████░░░░░░░░░░░░░░░░  2446/5003  49%   ETA 04:30 ±20s",
        "done 2416  failed 30 (1.2%)  retry 13  in flight 20  waiting 2458 + 66 twins",
        "cache hits 280 (5.6%)  6.3/s  1.5k tokens/s  ₹24.00 of ₹50 (→ ₹41.40)",
        "bound by: requests/min 35/36 · efficiency 95% · simple decides the ETA",
    ]


def test_at_140_columns_it_says_more():
    assert frame.render_frame(MID_RUN, 102)[1:] == [
        "█" * 31 + "░" * 33 + "  2446/5003  48.9%   ETA 04:30 ±20 s",
        "done 2416  failed 30 (1.2%)  retry 13  in flight 20  waiting 2458 + 66 twins  cache hits 280 (5.6%)",
        "6.3 tickets/s · 1.5k tokens/s · 620k tokens · ₹24.00 of ₹50 → ≈ ₹41.40 · ₹0.0116 a ticket",
        "bound by: requests/min · efficiency 95% (35/36 rpm, 98% full) · ETA by simple: 94 of 154 requests",
        "breaker ● CLOSED · 1/5 in 20 s · 5% of last 20 <50% · in a row 1/5 · never opened",
    ]


def test_an_audit_shows_how_far_answers_alone_agree():
    job = mid_run(agreement=Agreement(120, 118, 113, 2))
    assert frame.render_frame(job, 76)[4] == ("bound by: requests/min 35/36 · efficiency 95% · agreement 88–97% of 120")
    assert frame.agreement_text(job.agreement) == (
        "of 120 asked again alone: category 98% (94–100%) priority 94% (88–97%)"
    )


def test_the_failure_share_is_of_all_that_finished():
    """D30: the original's panel divided each status by itself and always read 100 %."""
    assert "failed 30 (1.2%)" in frame.counts_parts(mid_run(done=2416, failed=30))
    assert "failed 5 (100.0%)" in frame.counts_parts(mid_run(done=0, failed=5))


def test_plain_symbols_leave_nothing_but_ascii():
    lines = [*frame.render_frame(MID_RUN, 120, ascii_only=True), frame.progress_line(MID_RUN, 120, ascii_only=True)]
    assert all(line.isascii() for line in lines)
    assert "Rs 24.00 of Rs 50 -> ~ Rs 41.40" in lines[3]


def test_one_line_for_headless_keeps_what_matters_and_drops_the_rest_whole():
    assert frame.progress_line(MID_RUN, 200) == (
        "██████████░░░░░░░░░░ 2446/5003  49%  failed 30  6.3/s  ETA 04:30 ±20s  "
        "₹24.00 of ₹50 (→ ₹41.40)  breaker ● CLOSED  bound by requests/min"
    )
    assert frame.progress_line(MID_RUN, 50) == "2446/5003  49%  failed 30  6.3/s  ETA 04:30 ±20s"


def test_the_last_line_of_a_job_names_nothing_that_would_bind_it():
    over = mid_run(state=JobState.FINISHED, done=5003, failed=0, tickets_per_s=0.0)
    assert (
        frame.progress_line(over, 200) == "████████████████████ 5003/5003  100%  done  ₹24.00 of ₹50  breaker ● CLOSED"
    )


def test_before_enough_tickets_are_home_there_is_no_eta_and_no_zero():
    assert frame.eta_text(mid_run(eta=None)) == "ETA after 20 finished"
    assert frame.eta_text(mid_run(eta=Eta(0.3, 0, 1, Complexity.SIMPLE, 1, 1))) == "ETA 00:01 ±1s"


def test_the_end_reads_zero_and_an_ended_job_no_eta():
    assert frame.eta_text(mid_run(eta=Eta(0, 0, 0, Complexity.SIMPLE, 0, 9))) == "ETA 00:00"
    assert not frame.eta_text(mid_run(state=JobState.FINISHED))
    assert frame.eta_text(mid_run(state=JobState.HALTED, eta=None)) == "ETA –"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": JobState.LOADING}, "loading"),
        ({"state": JobState.READY}, "queued"),
        ({}, "running"),
        ({"breaker": BreakerView(state=BreakerState.OPEN)}, "waiting for the API"),
        ({"state": JobState.DRAINING}, "draining"),
        ({"state": JobState.PAUSED, "state_reason": "operator"}, "paused: operator"),
        (
            {"state": JobState.PAUSED, "state_reason": "provider", "limits": LimitsView(hold_until=66_600.0)},
            "paused: provider, until 18:30:00Z",
        ),
        (
            {"state": JobState.HALTED, "state_code": "E-AUTH", "state_reason": "key refused"},
            "halted: E-AUTH key refused",
        ),
        ({"state": JobState.FINISHED, "failed": 0}, "done"),
        ({"state": JobState.FINISHED_WITH_FAILURES}, "done, 30 failed"),
        ({"state": JobState.REFUSED, "state_code": "E-INPUT"}, "refused: E-INPUT"),
        ({"state": JobState.CANCELLED}, "cancelled"),
    ],
)
def test_states_have_the_words_that_operators_know(changes, words):
    assert frame.state_words(mid_run(**changes)) == words


def test_an_open_breaker_counts_down_and_says_that_no_ticket_fails():
    breaker = BreakerView(state=BreakerState.OPEN, reason="5 in a row", retry_at_mono=118.0)
    assert frame.breaker_mark(breaker, 100.0) == "✖ OPEN 00:18 left"
    assert frame.breaker_parts(breaker) == ["5 in a row", "tickets wait, none fails"]


def test_half_open_and_switched_off_are_told_in_words_too():
    probing = BreakerView(state=BreakerState.HALF_OPEN, probe_in_flight=True)
    assert (frame.breaker_mark(probing, 0), frame.breaker_parts(probing)) == ("◐ HALF_OPEN probing", ["one probe out"])
    assert frame.breaker_mark(BreakerView(enabled=False), 0) == "– OFF"


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"state": JobState.PAUSED, "state_code": Code.BUDGET}, "₹50.00 reached after 2,446"),
        ({"limits": LimitsView(hold_until_mono=142.0)}, "Retry-After 00:42, resumes by itself"),
        (
            {"limits": LimitsView(hold_until_mono=9e3, hold_until=66_600.0, hold_code=Code.RATE_LONG)},
            "daily limit, resumes 18:30Z",
        ),
        ({"state": JobState.HALTED}, "no ticket was lost"),
        ({"canary": True}, "no valid answer yet: at most 5 in flight, one ticket each"),
        ({"resumed": True, "done_before": 612, "asked_again": 12}, "J-0042: 612 done before, 12 asked again"),
        ({"state": JobState.FINISHED_WITH_FAILURES}, "5,003 in 09:12, 30 failed"),
        (
            {"state": JobState.FINISHED_WITH_FAILURES, "requests": 0, "cost": 0.0, "done": 5000, "from_cache": 5000},
            "5,000 known, 3 refused of 5,003: 0 requests, ₹0.00",
        ),
    ],
)
def test_a_moment_that_needs_saying_has_its_note(changes, note):
    assert frame.notes(mid_run(**changes)) == [note]
    assert note in "\n".join(frame.render_frame(mid_run(**changes), 200))


def test_a_job_that_just_runs_has_no_notes():
    assert frame.notes(MID_RUN) == []


def test_hostile_names_and_reasons_stay_text():
    """A file name that sets the window title reaches no terminal."""
    job = mid_run(file="\x1b]0;owned\x07.csv", state=JobState.PAUSED, state_reason="\x1b[2J")
    assert "\x1b" not in "\n".join(frame.render_frame(job, 200))


COUNT = st.integers(0, 10**18)
NUMBER = st.floats(0, 1e300)
TEXT = st.text(max_size=40)
SNAPSHOTS = st.builds(
    Snapshot,
    job_id=st.integers(0, 10**9),
    file=TEXT,
    state=st.sampled_from(JobState),
    state_reason=TEXT,
    state_code=st.sampled_from(["", *Code]),
    elapsed_s=NUMBER,
    total=COUNT,
    done=COUNT,
    failed=COUNT,
    cancelled=COUNT,
    queued=COUNT,
    in_flight=COUNT,
    twins=COUNT,
    from_cache=COUNT,
    lookups=COUNT,
    requests=COUNT,
    tokens=COUNT,
    tickets_per_s=NUMBER,
    tokens_per_s=NUMBER,
    currency=st.sampled_from(["", "INR", "USD", "XYZ"]),
    cost=NUMBER,
    cost_projected=st.none() | NUMBER,
    max_cost=st.none() | NUMBER,
    eta=st.none() | st.builds(Eta, NUMBER, NUMBER, NUMBER, st.sampled_from(Complexity), COUNT, COUNT),
    breaker=st.builds(
        BreakerView,
        state=st.sampled_from(["CLOSED", "OPEN", "HALF_OPEN"]),
        enabled=st.booleans(),
        reason=TEXT,
        retry_at_mono=st.none() | NUMBER,
        times_opened=COUNT,
    ),
    limits=st.builds(LimitsView, hold_until_mono=st.none() | NUMBER, hold_until=st.none() | NUMBER),
    bound=st.builds(BoundView, efficiency=st.none() | st.floats(0, 1), factors=st.just(("35/36 rpm", "98% full"))),
    canary=st.booleans(),
    resumed=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(SNAPSHOTS, st.integers(20, 250), st.booleans())
def test_any_snapshot_renders_at_any_width(job, width, ascii_only):
    lines = [*frame.render_frame(job, width, ascii_only=ascii_only), frame.progress_line(job, width)]
    assert len(lines) >= 7
    assert all(line and cell_width(line) <= width and "\n" not in line for line in lines)


def test_the_first_frame_of_all_renders():
    assert frame.render_frame(Snapshot.empty(), 80)[0] == "no job"
    assert frame.progress_line(replace(Snapshot.empty(), job_id=1), 80).startswith("░")
