"""The fold of events: same events, same snapshot, in bounded memory."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_builders import COMPLEX, MEDIUM, SIMPLE, World, opened, running, sent, settled, ticket_checked, ticket_failed
from forge_tui.core.agreement import Agreement
from forge_tui.core.breaker import BreakerState
from forge_tui.core.event import (
    BreakerChanged,
    CommandAnswered,
    GateShut,
    JobExported,
    JobStateChanged,
    LimitChanged,
    Notice,
)
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobState
from forge_tui.core.snapshot import BreakerView, LimitsView
from forge_tui.telemetry.fold import TAIL, Accumulator, fold
from forge_tui.telemetry.live import BatchView, LiveViews

LIVE = LiveViews(limits=LimitsView(slots_limit=10))


def shot_of(*events, live=LIVE, now=1010.0, now_mono=10.0):
    return fold(events, live, now, now_mono)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_same_events_make_the_same_snapshot(data):
    world = World(lambda least, most: data.draw(st.integers(least, most)))
    world.start()
    for _ in range(data.draw(st.integers(0, 15))):
        world.step()
    live = Accumulator()
    for event in world.events:
        live.apply(event)
        live.freeze(LIVE, world.at, 5.0)
    shown = live.freeze(LIVE, world.at, 5.0)
    assert replace(shown, seq=1) == fold(world.events, LIVE, world.at, 5.0)


def test_each_freeze_has_its_own_number():
    accumulator = Accumulator()
    assert [accumulator.freeze(LIVE, 1.0, 1.0).seq for _ in range(3)] == [1, 2, 3]


def test_the_tail_keeps_the_last_events_and_counts_the_others():
    accumulator = Accumulator()
    for number in range(TAIL + 7):
        accumulator.apply(Notice(1000.0, 42, "info", str(number)))
    shot = accumulator.freeze(LIVE, 1001.0, 1.0)
    assert (len(shot.events), shot.events_dropped, shot.events_seen) == (TAIL, 7, TAIL + 7)
    assert shot.events[-1].text == str(TAIL + 6)


def test_rates_latency_tokens_and_cost_are_those_of_the_requests():
    events = [opened({SIMPLE: 100}), running()]
    for second in range(10):
        events += [sent(2, at=1000.0 + second), settled(2, at=1000.9 + second, latency_ms=900, tokens=300, cost=0.5)]
    shot = shot_of(*events)
    assert shot.tickets_per_s == pytest.approx(2, rel=0.15)
    assert shot.tokens_per_s == pytest.approx(300, rel=0.15)
    assert (shot.requests, shot.tokens, shot.cost) == (10, 3000, pytest.approx(5.0))
    assert (shot.latency.p50, shot.latency.n) == (0.9, 10)
    assert shot.of_class(SIMPLE).recent_latencies_s == (0.9,) * 10
    assert [point.p95 for point in shot.latency_series] == [0.9, 0.9]


def test_tokens_and_saved_cost_of_earlier_runs_are_carried_on():
    """D23: what the cache answers is not billed again; the saved amount is shown."""
    shot = shot_of(opened(tokens=500, cost=2.0, saved_tokens=90, saved_cost=0.3), sent(), settled(saved_cost=0.2))
    assert (shot.tokens, shot.cost, shot.saved_cost) == (600, 2.01, 0.5)


def test_requests_that_brought_nothing_count_in_calls_tokens_and_latency():
    """D25: a timeout and a malformed reply are calls too, with their tokens and their time."""
    shot = shot_of(
        opened(),
        sent(),
        settled(0, waiting=1, code=Code.TIMEOUT, latency_ms=30_000, tokens=0),
        sent(),
        settled(0, requeued=1, code=Code.JSON, latency_ms=2000, tokens=120),
    )
    assert (shot.requests, shot.requests_failed, shot.tokens, shot.latency.p99) == (2, 2, 120, 30.0)


def test_percentiles_start_anew_with_another_job():
    """D27: percentiles are those of one job."""
    accumulator = Accumulator()
    for event in [opened(), sent(), settled(latency_ms=60_000)]:
        accumulator.apply(event)
    for event in [opened(job_id=43), sent(job_id=43), settled(latency_ms=1000, job_id=43)]:
        accumulator.apply(event)
    shot = accumulator.freeze(LIVE, 1010.0, 10.0)
    assert (shot.job_id, shot.latency.n, shot.latency.p99, shot.breaker.history) == (43, 1, 1.0, ())


def test_alpha_and_the_default_latency_have_their_effect():
    """D27: each setting has a test of its effect."""
    events = [opened(), sent(2), settled(latency_ms=1000), settled(latency_ms=11_000)]
    slow = [Accumulator(ewma_alpha=0.1), Accumulator(ewma_alpha=0.9)]
    for accumulator in slow:
        for event in events:
            accumulator.apply(event)
    views = [accumulator.freeze(LIVE, 1002.0, 2.0).of_class(SIMPLE).ewma_s for accumulator in slow]
    assert views == [pytest.approx(2.0), pytest.approx(10.0)]


def test_a_refused_connection_does_not_pass_for_a_fast_answer():
    shot = shot_of(
        opened(), sent(), settled(latency_ms=3000), sent(), settled(0, waiting=1, code=Code.NETWORK, latency_ms=1)
    )
    assert shot.of_class(SIMPLE).ewma_s == 3.0


def test_the_breakers_history_and_openings_are_kept():
    live = LiveViews(breaker=BreakerView(state=BreakerState.OPEN, retry_at_mono=30.0))
    shot = shot_of(
        opened(),
        BreakerChanged(1001.0, 42, BreakerState.OPEN, "5 in a row", 30.0),
        BreakerChanged(1031.0, 42, BreakerState.HALF_OPEN, "time for a probe"),
        BreakerChanged(1032.0, 42, BreakerState.OPEN, "the probe failed", 60.0),
        live=live,
    )
    assert [change.state for change in shot.breaker.history] == ["OPEN", "HALF_OPEN", "OPEN"]
    assert (shot.breaker.times_opened, shot.breaker.changed_at) == (2, 1032.0)


def test_gate_shut_seconds_are_counted_once_where_they_overlap_and_only_when_over():
    shot = shot_of(opened(), GateShut(1000.0, 42, 10.0, Code.RATE), GateShut(1005.0, 42, 10.0, Code.RATE), now=1012.0)
    assert shot.limits.gate_shut_s == pytest.approx(12.0)


def test_the_clock_of_a_job_stands_while_it_does_not_run():
    shot = shot_of(
        opened(),
        running(1000.0),
        JobStateChanged(1060.0, 42, JobState.HALTED, "key refused", Code.AUTH),
        running(1500.0),
        now=1530.0,
    )
    assert shot.elapsed_s == 90.0


def test_lists_have_a_new_version_only_when_they_changed():
    accumulator = Accumulator()
    versions = []
    for event in [opened(), sent(2), settled(1, failed=1), ticket_failed(), JobExported(1002.0, 42, "out", 1)]:
        accumulator.apply(event)
        shot = accumulator.freeze(LIVE, 1002.0, 2.0)
        versions.append((shot.failures_version, shot.results_version, shot.jobs_version))
    assert versions == [(1, 1, 1), (1, 1, 1), (1, 2, 1), (2, 2, 1), (2, 2, 2)]
    assert shot.exported_to == "out"


def test_answers_to_commands_and_a_raised_budget_reach_the_screen():
    shot = shot_of(
        opened(max_cost=50.0),
        LimitChanged(1001.0, 42, "budget", 50.0, 80.0, "operator"),
        CommandAnswered(1001.0, 42, 9, "SetLimits", accepted=True, message="budget 50 → 80"),
    )
    assert shot.max_cost == 80.0
    assert [(reply.command_id, reply.accepted) for reply in shot.replies] == [(9, True)]


def test_another_jobs_state_leaves_the_running_one_alone():
    shot = shot_of(opened(), running(), JobStateChanged(1001.0, 39, JobState.CANCELLED))
    assert (shot.job_id, shot.state, shot.total) == (42, JobState.RUNNING, 100)


def test_batch_figures_and_the_canary_come_from_the_engine():
    live = LiveViews(batches=(BatchView(MEDIUM, 8, 10, "5 clean"),), canary=True, free=True, engine_lag_p99_ms=2.0)
    shot = shot_of(opened(), live=live)
    view = shot.of_class(MEDIUM)
    assert (view.batch_size, view.batch_cap, view.batch_reason) == (8, 10, "5 clean")
    assert (shot.canary, shot.free, shot.engine_lag_p99_ms, shot.of_class(COMPLEX).batch_size) == (True, True, 2.0, 1)


def steady_run(tickets, slots, rng):
    """Events of a run with full slots: (events, end)."""
    events, homes = [opened({SIMPLE: tickets}), running()], []
    free_at = [1000.0] * slots
    for _ in range(tickets):
        free_at.sort()
        latency = max(0.1, rng.gauss(1.0, 0.1))
        events.append(sent(at=free_at[0]))
        free_at[0] += latency
        homes.append(settled(at=free_at[0], latency_ms=latency * 1000))
    return sorted([*events, *homes], key=lambda event: event.at), max(free_at)


def test_the_eta_of_a_steady_run_is_right_within_15_percent_all_along():
    """D28: bounded error on a running job, zero at its end, nothing before there is data."""
    events, end = steady_run(400, 10, Random("steady"))
    accumulator, etas = Accumulator(), []
    for event in events:
        accumulator.apply(event)
        etas.append((event.at, accumulator.freeze(LIVE, event.at, 0.0).eta))
    assert all(eta is None for at, eta in etas if at < 1001.5)
    told = [(end - at, eta.seconds) for at, eta in etas if eta is not None]
    assert len(told) > 700
    assert all(abs(seconds - left) <= 0.15 * left + 1.0 for left, seconds in told)
    assert told[-1] == (0, 0)


def test_a_computer_that_cannot_keep_up_is_what_binds_and_decides_the_eta():
    events = [opened({SIMPLE: 9000}), running()]
    for tick in range(2000):
        at = 1000.0 + tick / 100
        events += [sent(at=at), settled(at=at, latency_ms=0.05, cost=0.0)]
    shot = shot_of(*events, now=1020.0)
    assert shot.bound.name == "this computer"
    assert shot.eta.seconds == pytest.approx(70, rel=0.05)


def test_the_cost_at_the_end_is_foreseen_from_the_cost_per_ticket():
    counts = JobCounts(total=100, queued=100)
    events = [opened({SIMPLE: 100}, counts=counts), running()]
    events += [step for _ in range(20) for step in (sent(), settled(cost=0.5))]
    assert shot_of(*events).cost_projected == pytest.approx(50.0)
    assert shot_of(*events[:20]).cost_projected is None


def test_no_eta_is_promised_while_the_operator_has_paused():
    events = [opened({SIMPLE: 100}), running(), *[step for _ in range(30) for step in (sent(), settled())]]
    assert shot_of(*events).eta is not None
    assert shot_of(*events, JobStateChanged(1002.0, 42, JobState.PAUSED, "operator")).eta is None


def test_a_check_costs_and_counts_and_moves_no_ticket():
    accumulator = Accumulator()
    before = [opened(agreement=Agreement(3, 3, 3)), running(), sent(5), settled(5)]
    for event in before:
        accumulator.apply(event)
    was = accumulator.freeze(LiveViews(), 1002.0, 0.0)
    for check in (
        ticket_checked(),
        ticket_checked(same_priority=False),
        ticket_checked(same_category=None, same_priority=None, code=Code.JSON),
    ):
        accumulator.apply(check)
    now = accumulator.freeze(LiveViews(), 1002.0, 0.0)
    assert now.agreement == Agreement(5, 5, 4, unanswered=1)
    assert (now.requests, now.requests_failed, now.tokens) == (
        was.requests + 3,
        was.requests_failed + 1,
        was.tokens + 300,
    )
    assert (now.done, now.queued, now.in_flight) == (was.done, was.queued, was.in_flight)


def test_a_check_that_will_be_asked_once_more_is_not_counted_yet():
    again = ticket_checked(same_category=None, same_priority=None, again=True, code=Code.SERVER)
    assert fold([opened(), running(), again], LiveViews(), 1002.0, 0.0).agreement == Agreement()
