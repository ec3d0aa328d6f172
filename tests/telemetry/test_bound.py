"""What binds the throughput is named, with how much of it is used."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState, Sending
from forge_tui.core.snapshot import BreakerView, LimitsView, Snapshot
from forge_tui.telemetry.bound import LimitUsed, Load, obstacle, what_binds, what_bound

FREE = LimitsView(slots_limit=10)
RUNNING = Snapshot(state=JobState.RUNNING, queued=100)


def test_the_smallest_of_slots_requests_and_tokens_binds():
    load = Load(tickets_per_min=100, requests_per_min=10, busy_slots=9, latency_s=1.0, tokens_per_ticket=100)
    assert what_binds(load, FREE, None).name == "slots x latency"
    assert what_binds(load, replace(FREE, requests_per_min=36), None).name == "requests/min"
    assert what_binds(load, replace(FREE, requests_per_min=36, tokens_per_min=1000), None).name == "tokens/min"


def test_efficiency_is_achieved_over_possible_and_its_factors_explain_it():
    load = Load(tickets_per_min=412, requests_per_min=35, latency_s=3.0, planned_batch=12, fill=0.98, busy_slots=2)
    view = what_binds(load, LimitsView(slots_limit=4, requests_per_min=36), None)
    assert view.possible_per_min == pytest.approx(432)
    assert view.efficiency == pytest.approx(0.953, abs=0.002)
    assert view.factors == ("35/36 rpm", "98% full")


def test_slots_are_shown_by_how_many_were_busy():
    load = Load(tickets_per_min=540, requests_per_min=540, latency_s=1.0, busy_slots=9.0)
    view = what_binds(load, FREE, None)
    assert (view.efficiency, view.factors) == (pytest.approx(0.9), ("9.0/10 slots",))


def test_this_computer_binds_when_no_limit_is_used_and_nothing_disturbed():
    load = Load(tickets_per_min=90_000, requests_per_min=90_000, latency_s=0.0001, busy_slots=0.2, steady=True)
    view = what_binds(load, FREE, None)
    assert (view.name, view.possible_per_min, view.efficiency) == ("this computer", None, None)
    assert what_binds(replace(load, steady=False), FREE, None).name == "slots x latency"


def test_before_there_is_data_there_is_no_efficiency():
    assert what_binds(Load(), FREE, None).efficiency is None


@pytest.mark.parametrize(
    ("job", "name"),
    [
        (replace(RUNNING, state=JobState.PAUSED, state_code=Code.BUDGET), "budget"),
        (replace(RUNNING, state=JobState.PAUSED, state_code=Code.RATE_LONG), "provider hold"),
        (replace(RUNNING, at_mono=5.0, limits=LimitsView(hold_until_mono=9.0)), "provider hold"),
        (replace(RUNNING, state=JobState.PAUSED), "paused"),
        (replace(RUNNING, state=JobState.HALTED, state_code=Code.AUTH), "paused"),
        (replace(RUNNING, queued=0), "queue empty"),
        (replace(RUNNING, state=JobState.FINISHED), "queue empty"),
        (replace(RUNNING, breaker=BreakerView(state=BreakerState.OPEN)), "breaker open"),
        (replace(RUNNING, breaker=BreakerView(state=BreakerState.HALF_OPEN)), "breaker open"),
        (replace(RUNNING, breaker=BreakerView(state=BreakerState.OPEN, enabled=False)), None),
        (replace(RUNNING, at_mono=9.5, limits=LimitsView(hold_until_mono=9.0)), None),
        (RUNNING, None),
    ],
)
def test_what_keeps_the_engine_from_sending_is_named_first(job, name):
    assert obstacle(job) == name
    if name is not None:
        assert what_binds(Load(tickets_per_min=3), FREE, name).name == name


NUMBER = st.floats(0, 1e9)


@given(
    st.builds(Load, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, st.floats(1, 100), st.floats(0, 1), st.booleans()),
    st.builds(
        LimitsView,
        slots_limit=st.integers(0, 2000),
        requests_per_min=st.none() | NUMBER,
        tokens_per_min=st.none() | NUMBER,
    ),
)
def test_efficiency_is_a_share_whatever_was_measured(load, limits):
    view = what_binds(load, limits, None)
    assert view.efficiency is None or 0 <= view.efficiency <= 1


def a_record(sending, provider="sarvam", tokens=0, **limits):
    spec = JobSpec(("tickets.csv",), "5e", "text", provider, "", "m", "p1", {"limits": limits})
    return JobRecord(
        7, spec, JobState.FINISHED, "", 0.0, 0.0, 60.0, None, JobCounts(), tokens, 0.0, None, sending=sending
    )


# In a minute: so many requests, in flight for so many seconds together.
@pytest.mark.parametrize(
    ("sending", "limits", "bound"),
    [
        (Sending(36, 60.0, 100.0), {"slots": 4, "requests_per_min": 36}, LimitUsed("requests/min", 35 / 36)),
        (Sending(101, 60.0, 202.0), {"slots": 4, "requests_per_min": 600}, LimitUsed("slots x latency", 200 / 240)),
        (Sending(11, 60.0, 11.0), {"slots": 4, "tokens_per_min": 1_000}, LimitUsed("tokens/min", 1.0)),
        (Sending(11, 60.0, 11.0), {"slots": 4, "requests_per_min": 36}, None),
        (Sending(60, 60.0, 60.0), {"slots": 4, "requests_per_min": 36}, LimitUsed("requests/min", 1.0)),
        (Sending(1, 0.0, 2.0), {"slots": 1}, None),
        (Sending(36, 60.0, 100.0), {}, None),
    ],
)
def test_an_earlier_job_was_bound_by_the_limit_it_used_most(sending, limits, bound):
    found = what_bound(a_record(sending, tokens=1_200, **limits))
    assert (found and found.name) == (bound and bound.name)
    assert (found and found.share) == pytest.approx(bound and bound.share)


def test_rules_in_process_are_bound_by_this_computer_and_a_job_of_old_by_nothing_known():
    assert what_bound(a_record(Sending(9, 1.0, 1.0), provider="local", slots=4)) == LimitUsed("this computer")
    old = replace(a_record(Sending(36, 60.0, 240.0)), spec=JobSpec(("t",), "5e", None, "sarvam", "", "m", "p1"))
    assert what_bound(old) is None
