"""Outages, limits and halts in virtual time: tickets wait or stay queued, and little is wasted on a dead provider."""

import asyncio

import pytest

from forge_tui.core.command import Drain
from forge_tui.core.event import BatchSent, BatchSettled, BreakerChanged, GateShut, JobStateChanged
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from session_builders import in_a_world, texts
from virtual_time import EPOCH

FAULTS = "latency=0.05,error_rate=0.1,rate_limit_rate=0.05,seed=3"


def a_run(count=500, **world):
    async def story(w):
        state = await w.run(texts(count))
        return state, w.snapshot, w.stats, w.clock.monotonic()

    return in_a_world(story, **world)


@pytest.mark.parametrize("wait", ["", ",retry_after=1"])
def test_ten_per_cent_errors_and_five_per_cent_limits_fail_no_ticket(wait):
    """D1, D2: the original ends with 28 of 500 and its breaker open."""
    state, shot, stats, _ = a_run(sim=FAULTS + wait)
    assert state is JobState.FINISHED
    assert (shot.done, shot.failed) == (500, 0)
    assert shot.breaker.times_opened == 0
    assert stats.requests <= 1.3 * 500 / 0.85


@pytest.mark.parametrize("fault", ["rate_limited", "rejected", "too_long", "filtered", "garbage", "bad_label"])
def test_what_is_no_fault_of_the_service_opens_no_breaker(fault):
    """D4: a rate limit, a refused ticket or an unusable answer says nothing about the service's health."""
    _, shot, stats, _ = a_run(60, sim=f"latency=0.1,script=21-34:{fault}")
    assert stats.faults[fault] == 14
    assert shot.breaker.times_opened == 0
    assert shot.done + shot.failed == 60


def test_limits_that_name_no_wait_cost_little_time():
    assert a_run(sim=FAULTS)[3] <= 10.0


@pytest.mark.parametrize("form", ["seconds", "float", "ms", "date", "text", "groq"])
def test_nobody_sends_before_the_instant_that_a_limit_named(form):
    """D9: every form of Retry-After is a floor for all workers."""
    sim = f"latency=0.05,rate_limit_rate=0.05,headers={form},retry_after=3,seed=4"

    async def story(w):
        await w.run(texts(150))
        shut = w.of(GateShut)
        # What was on its way when the 429 was written arrives inside the hold; nothing is sent after it was read.
        late = [
            (at, event)
            for event in shut
            for at in (sent.at for sent in w.events if type(sent).__name__ == "BatchSent")
            if event.at < at < event.at + 3.0
        ]
        return w.snapshot, shut, late

    shot, shut, late = in_a_world(story, sim=sim)
    assert shot.done == 150
    assert shut
    assert late == []


DAILY_LIMIT = "latency=0.1,script=3:rate_limited,headers=seconds,retry_after=7200"


def limited_for_two_hours_and_left(db):
    """A run that met a daily limit after two requests and was drained a minute later; how many tickets it had done."""

    async def story(w):
        asyncio.get_running_loop().call_later(60.0, w.session.submit, Drain(1))
        await w.run(texts(20))
        return w.snapshot.done

    return in_a_world(story, sim=DAILY_LIMIT, db=db, concurrency=1, batch_size=1)


@pytest.mark.parametrize(
    ("starts_later_s", "first_request_after_s"),
    [(600.0, 6600.0), (8 * 3600.0, 0.0), (-2 * 86_400.0, 0.0)],
    ids=["inside the wait", "after it", "the clock jumped back"],
)
def test_a_restart_goes_on_with_the_wait_that_the_provider_named(tmp_path, starts_later_s, first_request_after_s):
    done = limited_for_two_hours_and_left(tmp_path / "forge.db")

    async def story(w):
        await w.run(texts(20))
        return next(event.at for event in w.events if isinstance(event, BatchSent)) - w.events[0].at, w.snapshot

    waited_s, shot = in_a_world(
        story, sim="latency=0.1", db=tmp_path / "forge.db", epoch=EPOCH + starts_later_s, concurrency=1, batch_size=1
    )
    # The gate opens up to a fifth of the wait after the instant.
    assert first_request_after_s <= waited_s <= first_request_after_s * 1.5 + 1
    assert done == 2
    assert shot.done == 20


OUTAGES = [("refused", 10), ("hang", 10), ("hang", 2), ("internal_error", 10)]


@pytest.mark.parametrize(("fault", "slots"), OUTAGES)
@pytest.mark.parametrize("size", [1, 10])
def test_an_hour_of_outage_fails_no_ticket_and_wastes_few_requests(fault, slots, size):
    """D1, P10: tickets wait behind the open breaker; at most 35 requests find out that the hour is not over."""
    check_outage(fault, slots, 2_000, size, hours=1, wasted=35)


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "slots"), OUTAGES)
def test_eight_hours_over_a_hundred_thousand_tickets_do_no_more_harm(fault, slots):
    """Once the open time is at its longest, an hour costs twelve probes."""
    check_outage(fault, slots, 100_000, 10, hours=8, wasted=35 + 7 * 12)


def check_outage(fault, slots, tickets, size, *, hours, wasted):
    over_s = 2 + 3600 * hours
    sim = f"latency=0.2,phases=2-{over_s}:{fault}"
    state, shot, stats, end_s = a_run(tickets, sim=sim, concurrency=slots, batch_size=size)
    assert state is JobState.FINISHED
    assert (shot.done, shot.failed) == (tickets, 0)
    assert stats.faults[fault] <= wasted
    assert end_s <= over_s + 300 + 60 + 2 * tickets * 0.2 / slots + 60


@pytest.mark.parametrize("slots", [2, 10])
@pytest.mark.parametrize("fault", ["refused", "hang", "internal_error"])
def test_after_an_outage_the_old_rate_is_back_within_a_minute_of_the_probe(fault, slots):
    """P11: the probe comes within 300 s, and a minute after it nine tenths of the old rate are reached again."""
    begins_s, over_s = 60.0, 3_660.0

    async def story(w):
        await w.run(texts(slots * 180))
        return w.stats, w.of(BatchSettled), w.events[0].at

    sim = f"latency=1,phases={begins_s}-{over_s}:{fault}"
    stats, settled, zero = in_a_world(story, sim=sim, concurrency=slots)
    home = [event.at - zero for event in settled if event.done]
    before = sum(begins_s - 20 <= at < begins_s for at in home) / 20
    probe_s = min(at for at in home if at > over_s)
    after = sum(probe_s + 60 <= at < probe_s + 80 for at in home) / 20
    assert stats.sends[0] < 1
    assert probe_s <= over_s + 300 + 60 + 1
    assert after >= 0.9 * before > 0


def check_flapping(tickets, slots, fault):
    """Down for half a minute in every five: each time five failures in a row open the breaker."""
    phases = "+".join(f"{start}-{start + 30}:{fault}" for start in range(5, 3605, 300))
    state, shot, stats, _ = a_run(tickets, sim=f"latency=16,phases={phases}", concurrency=slots)
    assert (state, shot.done, shot.failed) == (JobState.FINISHED, tickets, 0)
    assert stats.faults[fault] <= 120


def test_a_provider_that_is_down_for_half_a_minute_in_every_five_fails_no_ticket():
    check_flapping(2_000, 10, "refused")


@pytest.mark.soak
@pytest.mark.parametrize("slots", [4, 10])
@pytest.mark.parametrize("fault", ["refused", "hang", "internal_error"])
def test_a_flapping_provider_fails_none_of_two_thousand(slots, fault):
    check_flapping(2_000, slots, fault)


def test_a_job_begun_while_the_breaker_is_open_ends_complete():
    """D1: the original fails it whole in 0.2 s."""

    async def story(w):
        def leave(event):
            if isinstance(event, BreakerChanged) and event.state == "OPEN" and event.job_id == 1:
                w.session.submit(Drain(1))

        w.session.bus.subscribe(leave)
        left = await w.run(texts(40), "first.txt")
        begun_with = w.snapshot.breaker.state
        state = await w.run(texts(140)[40:], "second.txt")
        return left, begun_with, state, w.snapshot

    left, begun_with, state, shot = in_a_world(story, sim="latency=0.2,phases=0.5-40:internal_error")
    assert (left, begun_with) == (JobState.READY, "OPEN")
    assert (state, shot.done, shot.failed) == (JobState.FINISHED, 100, 0)


@pytest.mark.parametrize(
    ("script", "key", "code"),
    [
        ("", "sk_wrong", Code.AUTH),
        ("", "sk_sim_noquota", Code.QUOTA),
        ("20-:revoked", "sk_sim_ok", Code.AUTH),
        ("20-:no_credit", "sk_sim_ok", Code.QUOTA),
        ("20:redirect", "sk_sim_ok", Code.REDIRECT),
    ],
)
def test_what_the_operator_must_cure_halts_the_job_and_keeps_every_ticket(script, key, code):
    """D3: a wrong key is told as such, after no more requests than were in flight."""

    async def story(w):
        state = await w.run(texts(60))
        return state, w.snapshot, w.stats, w.of(JobStateChanged)[-1]

    sim = f"latency=0.2,script={script}" if script else "latency=0.2"
    state, shot, stats, last = in_a_world(story, sim=sim, key=key)
    assert state is JobState.HALTED
    assert last.code is code
    assert shot.failed == 0
    assert shot.done + shot.queued + shot.waiting == 60
    assert stats.requests <= 20 + 10


def test_an_unknown_model_halts_the_job():
    state, shot, stats, _ = a_run(60, sim="latency=0.1", model="nope")
    assert (state, shot.failed, shot.queued) == (JobState.HALTED, 0, 60)
    assert stats.requests <= 5


def test_a_halted_job_goes_on_when_the_cause_is_cured(tmp_path):
    rows = texts(60)

    async def story(w):
        state = await w.run(rows)
        return state, w.snapshot, w.stats

    db = tmp_path / "forge.db"
    state, shot, _ = in_a_world(story, sim="latency=0.1,script=20-:revoked", db=db)
    assert state is JobState.HALTED
    cured, after, stats = in_a_world(story, sim="latency=0.1", db=db)
    assert cured is JobState.FINISHED
    assert (after.done, after.failed, after.resumed) == (60, 0, True)
    assert stats.requests == 60 - shot.done


def test_five_unusable_first_answers_stop_the_job_before_more_is_spent():
    state, shot, stats, _ = a_run(100, sim="latency=0.1,faults=garbage:1")
    assert state is JobState.PAUSED
    assert stats.requests <= 9
    assert shot.done == 0
    assert shot.failed == 0


def test_a_budget_is_passed_by_no_more_than_what_was_in_flight():
    state, shot, _, _ = a_run(300, sim="latency=0.1", max_cost=1.0)
    assert state is JobState.PAUSED
    assert shot.state_code == Code.BUDGET
    assert 0.8 <= shot.cost <= 1.0
    assert shot.failed == 0
    assert shot.done + shot.queued == 300


def test_what_is_in_flight_is_reserved_so_that_full_batches_pass_no_budget():
    """P7: ten slots of twenty tickets each would cost three times as much at once."""
    _, dear, _, _ = a_run(200, sim="latency=0.1", batch_size=20, canary_requests=0)
    state, shot, _, _ = a_run(200, sim="latency=0.1", batch_size=20, canary_requests=0, max_cost=dear.cost / 3)
    assert (state, shot.state_code) == (JobState.PAUSED, Code.BUDGET)
    assert 0 < shot.cost <= dear.cost / 3


def test_a_long_wait_pauses_the_job_which_resumes_by_itself():
    """D9: Retry-After of half an hour holds no slot and fails nothing."""

    async def story(w):
        state = await w.run(texts(50))
        return state, w.snapshot, [event.state for event in w.of(JobStateChanged)], w.clock.monotonic()

    state, shot, states, end_s = in_a_world(story, sim="latency=0.2,retry_after=1800,script=20:rate_limited")
    assert state is JobState.FINISHED
    assert shot.done == 50
    assert states.count(JobState.PAUSED) == 1
    assert 1800 <= end_s <= 1800 * 1.2 + 60


@pytest.mark.parametrize(("hours", "state"), [(5, JobState.FINISHED), (7, JobState.PAUSED)])
def test_a_wait_longer_than_the_run_may_take_ends_it_with_the_time_to_come_back(hours, state):
    async def story(w):
        left = await w.run(texts(20))
        job = await w.session.store.job(1)
        return left, job, w.clock.monotonic(), w.clock.wall()

    sim = f"latency=0.1,script=5:rate_limited,retry_after={hours * 3600}"
    left, job, ended_s, now = in_a_world(story, sim=sim, concurrency=1, max_outage_s=6 * 3600.0)
    assert left is state
    if state is JobState.PAUSED:
        assert (job.code, job.counts.failed, ended_s < 10) == (Code.RATE_LONG, 0, True)
        assert job.hold_until == pytest.approx(now + hours * 3600, abs=hours * 3600 * 0.2)


def test_a_run_that_may_not_outlast_an_outage_stops_and_keeps_its_tickets():
    state, shot, _, end_s = a_run(300, sim="latency=0.2,phases=2-90000:refused", max_outage_s=3600.0)
    assert state is JobState.PAUSED
    assert shot.failed == 0
    assert 3600 <= end_s <= 3600 + 400


def test_a_host_that_never_answered_halts_after_a_minute():
    state, shot, _, end_s = a_run(30, sim="latency=0.2,phases=0-90000:refused")
    assert (state, shot.failed, shot.done) == (JobState.HALTED, 0, 0)
    assert 60 <= end_s <= 200


@pytest.mark.parametrize("fault", ["bad_gateway", "gateway_timeout", "overloaded", "billing_unavailable", "reset"])
def test_a_failing_request_is_repeated_after_a_backoff_never_at_once(fault):
    """D10: the original sends three requests in 0.2 s."""

    async def story(w):
        await w.run(texts(30))
        return w.snapshot, w.stats

    shot, stats = in_a_world(story, sim=f"latency=0.01,script=10-11:{fault}", concurrency=1)
    assert (shot.done, shot.failed) == (30, 0)
    gaps = [later - earlier for earlier, later in zip(stats.sends, stats.sends[1:], strict=False)]
    assert stats.requests == 32
    assert max(gaps) >= 0.8 or stats.sends[-1] - stats.sends[0] >= 0.8


def test_a_waiting_retry_holds_no_slot():
    """D8: two tickets wait for seconds on two slots; the others go on."""

    async def story(w):
        await w.run(texts(60))
        return w.clock.monotonic()

    calm = in_a_world(story, sim="latency=0.1", concurrency=2)
    assert in_a_world(story, sim="latency=0.1,script=10-11:internal_error", concurrency=2) <= calm + 1.5


def test_a_model_that_reasons_unless_told_otherwise_is_usable_by_the_operators_own_field():
    server = {"provider": "openai", "base_url": "https://host.example/v1", "model": "sarvam-105b"}
    starved, *_ = a_run(12, **server)
    spared, shot, *_ = a_run(12, **server, extra_body={"reasoning_effort": None})
    assert (starved, spared, shot.done) == (JobState.PAUSED, JobState.FINISHED, 12)
