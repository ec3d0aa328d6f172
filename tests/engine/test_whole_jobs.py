"""Whole jobs in virtual time: every ticket ends once, as fast as the slots allow, and the counts always add up."""

import pytest

from forge_tui.core.errors import InputRefused
from forge_tui.core.event import BatchSent, BatchSettled, JobStateChanged
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.ticket import MOST_COMPLEX_FIRST
from forge_tui.pipeline import load
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.storage.job_store import JobStore
from session_builders import in_a_world, texts


def adds_up(shot):
    return (
        shot.done + shot.failed + shot.cancelled + shot.queued + shot.in_flight + shot.waiting + shot.twins
        == shot.total
    )


def test_every_ticket_is_classified():
    """D40: a whole job through the real client, parser and store."""

    async def story(world):
        state = await world.run(texts(200))
        return state, world.snapshot, world.stats

    state, shot, stats = in_a_world(story, sim="latency=0.2")
    assert state is JobState.FINISHED
    assert (shot.done, shot.failed, shot.total) == (200, 0, 200)
    assert (stats.requests, stats.duplicate_bodies) == (200, 0)


def test_ten_slots_are_kept_busy_without_a_barrier():
    """D7: a freed slot is refilled at once; wall is at most 1.05 of N x latency / slots."""

    async def story(world):
        await world.run(texts(500))
        return world.clock.monotonic(), world.stats.max_in_flight

    wall_s, most = in_a_world(story, sim="latency=0.2")
    assert most == 10
    assert wall_s <= 1.05 * 500 * 0.2 / 10


@pytest.mark.parametrize(("length", "chunks"), [(100, [1_500]), (1_000, [500, 500, 500])], ids=["short", "long"])
def test_rows_are_stored_in_chunks_of_so_many_rows_or_so_much_text(monkeypatch, length, chunks):
    monkeypatch.setattr(load, "CHUNK_CHARS", 500_000)
    stored, stage_rows = [], JobStore.stage_rows

    def stage(store, job_id, tickets, *rest, **named):
        stored.append(len(tickets))
        return stage_rows(store, job_id, tickets, *rest, **named)

    monkeypatch.setattr(JobStore, "stage_rows", stage)

    async def story(world):
        await world.run([f"{n:04} ".ljust(length, "x") for n in range(1_500)])

    in_a_world(story, provider="local")
    assert stored == chunks


def test_a_slow_ticket_holds_nobody_up():
    """D7: one request of a hundred takes ten times as long; the others do not wait for it."""

    async def story(world):
        await world.run(texts(200))
        return world.clock.monotonic()

    calm = in_a_world(story, sim="latency=0.2")
    assert in_a_world(story, sim="latency=0.2,script=20:slow") <= calm + 1.0


def test_the_counts_add_up_after_every_event():
    """D26: done, failed and all that is open are the total, at every moment."""

    async def story(world):
        wrong = []

        def check(event):
            shot = world.snapshot
            if shot.total and not adds_up(shot):
                wrong.append((event, shot))

        world.session.bus.subscribe(check)
        await world.run([*texts(120), *texts(30)])
        return wrong, world.snapshot

    sim = "latency=0.1,error_rate=0.2,rate_limit_rate=0.05,faults=id_missing:0.1+truncated:0.05,seed=5"
    wrong, shot = in_a_world(story, sim=sim, batch_size=5)
    assert wrong == []
    assert shot.done + shot.failed == shot.total == 150


@pytest.mark.parametrize("size", [5, 20])
def test_batches_stay_under_their_class_cap(size):
    async def story(world):
        await world.run(texts(200))
        return world.of(BatchSent), world.snapshot

    sent, shot = in_a_world(story, sim="latency=0.1", batch_size=size)
    caps = dict(zip(MOST_COMPLEX_FIRST, (5, 10, 20), strict=True))
    assert shot.done == 200
    assert {c: max(e.size for e in sent if e.complexity is c) for c in MOST_COMPLEX_FIRST[1:]} == {
        c: min(size, caps[c]) for c in MOST_COMPLEX_FIRST[1:]
    }
    assert all(event.size <= min(size, caps[event.complexity]) for event in sent)


def test_before_the_first_valid_answer_five_tickets_are_at_stake():
    async def story(world):
        await world.run(texts(100))
        return world.events

    events = in_a_world(story, sim="latency=0.1", batch_size=20)
    first = next(n for n, event in enumerate(events) if isinstance(event, BatchSettled))
    sent = [event.size for event in events[:first] if isinstance(event, BatchSent)]
    assert sent == [1, 1, 1, 1, 1]


def test_a_rate_that_binds_is_answered_with_full_batches():
    async def story(world):
        await world.run(texts(2000))
        return world.clock.monotonic(), world.stats

    limits = {"sim": "latency=1,rpm=40", "requests_per_min": 40}
    alone_s, alone = in_a_world(story, batch_size=1, **limits)
    packed_s, packed = in_a_world(story, batch_size="auto", **limits)
    assert alone.requests == 2000
    assert packed_s <= 1.03 * ((packed.requests - 1) * 60 / 40 + 1)
    assert alone_s / packed_s >= 9
    assert packed.statuses == {200: packed.requests}
    tokens_alone, tokens_packed = (s.prompt_tokens + s.completion_tokens for s in (alone, packed))
    assert tokens_packed <= 0.5 * tokens_alone


def test_free_requests_carry_one_ticket_each():
    async def story(world):
        await world.run(texts(60))
        return world.of(BatchSent)

    assert {event.size for event in in_a_world(story, sim="latency=0.1", batch_size="auto")} == {1}


def test_a_hundred_slots_are_reached_by_doubling():
    """Slow start: ten at first, a hundred within a few round trips, and never more."""

    async def story(world):
        await world.run(texts(3000))
        return world.clock.monotonic(), world.stats.max_in_flight

    wall_s, most = in_a_world(story, sim="latency=0.2", concurrency=100)
    assert most == 100
    assert wall_s <= 1.25 * 3000 * 0.2 / 100


def test_no_window_of_a_minute_sees_more_requests_than_the_limit():
    async def story(world):
        await world.run(texts(200))
        return world.stats

    stats = in_a_world(story, sim="latency=0.3", requests_per_min=60)
    assert stats.most_in(60.0) <= 61


def test_the_same_seed_gives_the_same_run():
    """P30: same seed, same events at the same instants."""

    async def story(world):
        await world.run(texts(150))
        return [repr(event) for event in world.events], world.clock.monotonic()

    sim = "latency=flat:1,error_rate=0.1,rate_limit_rate=0.05,faults=truncated:0.03,seed=9"
    assert in_a_world(story, sim=sim) == in_a_world(story, sim=sim)


def test_two_jobs_with_the_same_tickets_pay_for_them_once():
    """D18, D40: both are loaded before either runs; the second finds what the first was told."""
    rows = texts(40)

    async def story(world):
        jobs = [await world.prepare(rows, "a.txt"), await world.prepare(rows[::-1], "b.txt")]
        states = [await world.session.run(job.job_id) for job in jobs]
        counts = [(await world.session.store.job(job.job_id)).counts for job in jobs]
        return states, counts, world.stats

    states, (first, second), stats = in_a_world(story, sim="latency=0.1")
    assert states == [JobState.FINISHED, JobState.FINISHED]
    assert (first.done, second.done, second.from_cache) == (40, 40, 40)
    assert (stats.requests, len(stats.ticket_calls)) == (40, 40)


def test_hundreds_of_answers_at_once_wait_for_the_one_connection():
    """D12: four jobs of 200 tickets at 200 slots: an internal limit is waited for, no ticket fails of it."""

    async def story(world):
        for number in range(4):
            await world.run([f"{text} in job {number}" for text in texts(200)], f"{number}.txt")
        return [(await world.session.store.job(number)).counts.done for number in range(1, 5)], world.stats

    done, stats = in_a_world(story, sim="latency=1", concurrency=200)
    assert done == [200, 200, 200, 200]
    assert stats.requests == 800
    assert stats.max_in_flight > 150


def test_a_file_that_goes_away_while_it_is_read_ends_in_a_refused_job():
    """D16: an error at start ends in a named state with its reason, and the same command begins anew."""

    async def story(world):
        path = world.folder / "tickets.txt"
        path.write_text("a\nb\n")
        with open_inputs([str(path)], world.settings) as inputs:
            world.session.spec(inputs)
            path.unlink()
            with pytest.raises(InputRefused):
                await world.session.prepare(inputs)
        refused = await world.session.store.job(1)
        return refused, await world.run(["a", "b"]), await world.session.store.latest_job(), world.of(JobStateChanged)

    refused, state, latest, told = in_a_world(story)
    assert (refused.state, refused.code, refused.counts.open) == (JobState.REFUSED, Code.INPUT, 0)
    assert "tickets.txt: no such file" in refused.reason
    assert [change.state for change in told[:2]] == [JobState.LOADING, JobState.REFUSED]
    assert (state, latest) == (JobState.FINISHED, 2)
