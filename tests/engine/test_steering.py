"""An operator's commands on a running job: obeyed at once, durable, each answered, nothing lost."""

import asyncio
from itertools import pairwise

import pytest

from forge_tui.core.command import (
    BreakerOrder,
    Cancel,
    Drain,
    Pause,
    Resume,
    Retry,
    SetBreaker,
    SetLimits,
    StopNow,
)
from forge_tui.core.event import BatchSent, BreakerChanged, CommandAnswered, JobStateChanged
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState, PauseReason
from session_builders import in_a_world, texts


def at(world, delay_s, command):
    """Submit `command` after `delay_s` virtual seconds."""
    asyncio.get_running_loop().call_later(delay_s, world.session.submit, command)


def states(world):
    return [event.state for event in world.of(JobStateChanged)]


def sent_between(world, begin_s, end_s):
    begin = world.of(JobStateChanged)[0].at
    return [event for event in world.of(BatchSent) if begin + begin_s < event.at < begin + end_s]


def test_a_pause_sends_nothing_until_resume_and_is_on_disk():
    async def story(w):
        at(w, 1.05, Pause(1))
        at(w, 1.5, Pause(2))
        at(w, 30.0, Resume(3))
        prepared = await w.prepare(texts(100))
        stored = []

        async def look():
            await w.clock.sleep(10)
            stored.append((await w.session.store.job(prepared.job_id)).state)

        looking = asyncio.create_task(look())
        state = await w.session.run(prepared.job_id)
        await looking
        return state, stored, sent_between(w, 1.06, 29.9), w.snapshot

    state, stored, sent, shot = in_a_world(story, sim="latency=0.2")
    assert stored == [JobState.PAUSED]
    assert sent == []
    assert (state, shot.done) == (JobState.FINISHED, 100)
    assert [(reply.command_id, reply.accepted) for reply in shot.replies] == [(1, True), (2, True), (3, True)]


@pytest.mark.parametrize(
    ("comes_home", "options", "code"),
    [("revoked", "", Code.AUTH), ("no_credit", "", Code.QUOTA), ("rate_limited", ",retry_after=1800", None)],
)
def test_a_pause_outlives_whatever_comes_home_after_it(comes_home, options, code):
    """Halted, or paused for the provider's half hour, the job would be gone on with by the next start or by itself."""

    async def story(w):
        at(w, 1.1, Pause(1))
        job_id = (await w.prepare(texts(100))).job_id
        running = asyncio.create_task(w.session.run(job_id))
        await w.clock.sleep(7_200)
        paused = await w.session.store.job(job_id)
        next_start = await w.session.store.unfinished_job(paused.spec)
        sent = w.stats.sends[-1] - w.stats.sends[0]
        w.session.submit(Resume(2))
        await w.clock.sleep(1)
        await asyncio.wait([running])
        return paused, next_start, sent

    sim = f"latency=0.5,reject=0.5,script=21-30:{comes_home}{options}"
    paused, next_start, last_sent_s = in_a_world(story, sim=sim, canary_requests=0)
    assert (paused.state, paused.reason, paused.code) == (JobState.PAUSED, PauseReason.OPERATOR, code)
    assert next_start is None
    assert last_sent_s == 1.0


def test_drain_lets_what_is_in_flight_come_home_and_nothing_is_paid_twice(tmp_path):
    """P2: a clean stop repeats nothing."""
    rows = texts(100)

    async def stopped(w):
        at(w, 0.55, Drain(1))
        state = await w.run(rows)
        assert sent_between(w, 0.55, 1e9) == []  # P19: nothing leaves after the order, while the rest comes home
        return state, w.snapshot, w.stats.requests

    async def resumed(w):
        state = await w.run(rows)
        return state, w.snapshot, w.stats.requests

    db = tmp_path / "forge.db"
    state, shot, first = in_a_world(stopped, sim="latency=0.2", db=db)
    assert (state, shot.in_flight) == (JobState.READY, 0)
    assert shot.done == first < 100
    state, shot, second = in_a_world(resumed, sim="latency=0.2", db=db)
    assert (state, shot.done) == (JobState.FINISHED, 100)
    assert first + second == 100


def test_stop_now_drops_what_is_in_flight_and_keeps_its_tickets_queued():
    async def story(w):
        at(w, 5.0, StopNow(1))
        state = await w.run(texts(100))
        return state, w.snapshot, w.clock.monotonic(), w.stats

    state, shot, end_s, stats = in_a_world(story, sim="latency=60")
    assert state is JobState.READY
    assert end_s < 5.1
    assert (shot.queued, shot.in_flight) == (100, 0)
    assert stats.in_flight == 0


def test_a_probe_that_was_dropped_leaves_its_place_to_the_next():
    """Taken for in flight, it would hold the breaker half-open for minutes after the operator went on."""

    async def story(w):
        at(w, 36.0, StopNow(1))
        job_id = (await w.prepare(texts(60))).job_id
        stopped = await w.session.run(job_id)
        state = await w.session.run(job_id)
        return stopped, state, w.clock.monotonic(), [event.probe for event in w.of(BatchSent)][-60:]

    sim = "latency=0.2,phases=0.5-20:internal_error+20-36:hang"
    stopped, state, end_s, probes = in_a_world(story, sim=sim)
    assert (stopped, state) == (JobState.READY, JobState.FINISHED)
    assert any(probes)
    assert end_s < 60


def test_what_hangs_longer_than_the_grace_is_dropped_by_a_drain():
    async def story(w):
        at(w, 1.0, Drain(1))
        await w.run(texts(20))
        return w.clock.monotonic(), w.snapshot

    end_s, shot = in_a_world(story, sim="latency=0.2,faults=hang:1", grace_s=20.0)
    assert 20.9 <= end_s <= 21.5
    assert shot.queued == 20


def test_cancel_keeps_what_is_paid_for_and_ends_the_rest():
    async def story(w):
        at(w, 0.65, Cancel(1))
        state = await w.run([*texts(100), *texts(10)])
        return state, w.snapshot, w.stats.requests

    state, shot, requests = in_a_world(story, sim="latency=0.2")
    assert state is JobState.CANCELLED
    assert shot.done >= requests > 0
    assert shot.done + shot.cancelled == shot.total == 110
    assert (shot.queued, shot.in_flight, shot.twins) == (0, 0, 0)


def test_retry_queues_failed_tickets_again_and_pressed_twice_finds_nothing():
    async def story(w):
        first = await w.run(["POISON one", "POISON two", "fine"])
        failed = w.snapshot.failed
        w.stats.faults.clear()
        w.session.submit(Retry(1, (1, 2)))
        w.session.submit(Retry(2, (1, 2)))
        job_id = await w.session.next_run()
        second = await w.session.run(job_id)
        return first, failed, second, w.snapshot, w.of(CommandAnswered)

    sim = "latency=0.1,script=1-2:rejected"
    first, failed, second, shot, answers = in_a_world(story, sim=sim)
    assert (first, failed) == (JobState.FINISHED_WITH_FAILURES, 2)
    assert (second, shot.done, shot.failed) == (JobState.FINISHED, 3, 0)
    assert [answer.accepted for answer in answers] == [True, False]
    assert "2 queued again" in answers[0].message


def test_a_retried_twin_whose_leader_was_answered_since_is_not_paid_again():
    async def story(w):
        await w.run(["POISON same", "POISON same", "fine"])
        w.stats.faults.clear()
        for command_id, position in ((1, 1), (2, 2)):
            w.session.submit(Retry(command_id, (position,)))
            await w.session.run(await w.session.next_run())
        return w.snapshot, w.stats.requests, w.of(CommandAnswered)

    shot, requests, answers = in_a_world(story, sim="latency=0.1,script=1:rejected")
    assert (shot.done, shot.failed, shot.from_twin) == (3, 0, 1)
    assert requests == 3
    assert answers[1].message == "0 queued again, 1 known by now"


def test_a_retry_while_the_job_runs_joins_the_line():
    async def story(w):
        at(w, 1.0, Retry(1, (1,)))
        await w.run(["reject POISON", *texts(100, mix=(1, 0, 0))])
        return w.snapshot, w.of(CommandAnswered)

    shot, answers = in_a_world(story, sim="latency=0.2,script=1:rejected")
    assert [answer.accepted for answer in answers] == [True]
    assert (shot.done, shot.failed) == (101, 0)


def test_a_retry_behind_an_open_breaker_waits_and_says_so():
    async def story(w):
        at(w, 1.0, Retry(1, (1,)))
        await w.run(["reject POISON", *texts(100, mix=(1, 0, 0))])
        return w.snapshot, w.of(CommandAnswered)

    shot, answers = in_a_world(story, sim="latency=0.1,script=1:rejected,phases=0.5-20:internal_error")
    assert "the breaker is open" in answers[0].message
    assert (shot.done, shot.failed) == (101, 0)


def test_limits_move_while_the_job_runs():
    async def story(w):
        at(w, 2.1, SetLimits(1, concurrency=2))
        await w.run(texts(200))
        return w

    w = in_a_world(story, sim="latency=0.2")
    flying = most = 0
    begin = w.of(JobStateChanged)[0].at
    for event in w.events:
        if event.at < begin + 2.4:
            continue
        flying += isinstance(event, BatchSent)
        flying -= type(event).__name__ == "BatchSettled"
        most = max(most, flying)
    assert most <= 2


def test_a_rate_that_is_set_spaces_what_leaves():
    async def story(w):
        at(w, 1.0, SetLimits(1, requests_per_min=60))
        await w.run(texts(80))
        return w.stats.sends, w.clock.monotonic()

    sends, _ = in_a_world(story, sim="latency=0.2")
    late = [instant for instant in sends if instant > 1.0]
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(late))


def test_a_raised_budget_lets_a_paused_job_go_on():
    async def story(w):
        state = await w.run(texts(300))
        spent = w.snapshot.cost
        w.session.submit(SetLimits(1, max_cost=100.0))
        w.session.submit(Resume(2))
        again = await w.session.run(await w.session.next_run())
        return state, spent, again, w.snapshot

    state, spent, again, shot = in_a_world(story, sim="latency=0.1", max_cost=1.0)
    assert (state, again) == (JobState.PAUSED, JobState.FINISHED)
    assert spent <= 1.0 < shot.cost
    assert shot.done == 300


def test_the_breaker_is_tripped_and_reset_by_hand():
    async def story(w):
        at(w, 1.0, SetBreaker(1, BreakerOrder.TRIP))
        at(w, 10.0, SetBreaker(2, BreakerOrder.RESET))
        await w.run(texts(200))
        return [event.state for event in w.of(BreakerChanged)], sent_between(w, 1.01, 9.9), w.snapshot

    changes, sent, shot = in_a_world(story, sim="latency=0.2")
    assert changes == ["OPEN", "CLOSED"]
    assert sent == []
    assert shot.done == 200


@pytest.mark.parametrize("command", [Pause(1), Drain(1), StopNow(1)])
def test_a_command_without_a_running_job_is_refused_with_a_reason(command):
    async def story(w):
        await w.run(texts(2))
        w.session.submit(command)
        await w.clock.sleep(0.1)
        return w.snapshot.replies[-1]

    reply = in_a_world(story, sim="latency=0.1")
    assert (reply.accepted, reply.message) == (False, "nothing is running")
