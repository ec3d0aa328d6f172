"""P3: a crash after any commit, and the next start ends every ticket once, keeps what was told, pays for nothing again."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from crash_builders import Image, after_every_commit
from forge_tui.core.command import Cancel, Pause, Resume, Retry
from forge_tui.core.event import BatchSettled, CommandAnswered
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.ticket import TicketState
from session_builders import in_a_world, texts
from store_builders import all_rows
from virtual_time import EPOCH

POISON = "rejected by the service"
SIM = "latency=0.2,phases=0.3-5:internal_error,poison=rejected:rejected"
OUTAGE_FIRST = "latency=0.2,phases=0-4:internal_error,poison=rejected:rejected"


@dataclass(frozen=True)
class Told:
    """What had been told when the image was taken: tickets done by job, and the answer to the order given last."""

    done: dict[int, int]
    answer: CommandAnswered | None


@dataclass(frozen=True)
class Crash:
    image: Image
    wall: float
    told: Told


def inputs(seed, size):
    """A file with twins and one ticket that the provider rejects, and another one to be cancelled."""
    first = texts(size)
    rng = random.Random(seed)
    first = [*first, *rng.sample(first, size // 4), POISON]
    rng.shuffle(first)
    return first, [f"{text} again" for text in texts(size)]


def crashes_of(seed, size, db: Path) -> list[Crash]:
    """Run both files with an outage, a pause, a cancel and two retries; a crash for every commit on the way."""
    rng = random.Random(seed)
    first, second = inputs(seed, size)
    found: list[Crash] = []
    given = []

    async def story(w):
        def look():
            found.append(Crash(Image.of(db), w.clock.wall(), told(w, given)))

        def give(command):
            given.append(command.command_id)
            w.session.submit(command)

        def order(delay_s, command):
            asyncio.get_running_loop().call_later(delay_s, give, command)

        with after_every_commit(look):
            job = (await w.prepare(first, "first.txt")).job_id
            order(8 + rng.random(), Pause(1))
            order(20, Resume(2))
            await w.session.run(job)
            give(Retry(3, (first.index(POISON) + 1,)))
            await w.session.run(await w.session.next_run())
            job = (await w.prepare(second, "second.txt")).job_id
            order(rng.random() / 5, Cancel(4))
            await w.session.run(job)
            give(Retry(5, tuple(range(1, size + 1))))
            await w.session.run(await w.session.next_run())

    in_a_world(story, sim=SIM, db=db, seed=seed, concurrency=4, batch_size=1 + seed % 2)
    return found


def told(world, given) -> Told:
    done: dict[int, int] = {}
    for event in world.of(BatchSettled):
        done[event.job_id] = done.get(event.job_id, 0) + event.done + event.twins_done
    answers = [event for event in world.of(CommandAnswered) if event.accepted and event.command_id == given[-1]]
    return Told(done, answers[-1] if answers else None)


async def stored(world):
    jobs = {}
    for job_id in (1, 2):
        if job_id <= (await world.session.store.latest_job() or 0):
            jobs[job_id] = await world.session.store.job(job_id), await all_rows(world.session.store, job_id)
    return jobs


def restarted(crash: Crash, db: Path, seed, size):
    """What the image holds, and what the next start makes of it with the provider down at first."""
    crash.image.restore(db)
    files = dict(zip((1, 2), inputs(seed, size), strict=True))

    async def story(w):
        before = await stored(w)
        for job_id, (record, _) in before.items():
            if record.state is JobState.LOADING:
                await w.prepare(files[job_id], f"{job_id}.txt")
            if (await w.session.store.job(job_id)).counts.open:
                await w.session.run(job_id)
        return before, await stored(w), w.stats

    return in_a_world(story, sim=OUTAGE_FIRST, db=db, epoch=crash.wall, seed=seed, concurrency=4)


def check(crash: Crash, before, after, stats, answers, seed, size):
    for job_id, count in crash.told.done.items():
        assert before[job_id][0].counts.done >= count
    match crash.told.answer:
        case CommandAnswered(command_id=1):
            assert before[1][0].state is JobState.PAUSED
        case CommandAnswered(command_id=3, at=at):
            failures = [row.settled_at for row in before[1][1] if row.state is TicketState.FAILED]
            assert all(failed_at > at for failed_at in failures)
        case CommandAnswered(command_id=4):
            assert before[2][0].state is JobState.CANCELLED
        case CommandAnswered(command_id=5):
            assert before[2][0].counts.cancelled == 0
    for job_id, texts_of_job in zip((1, 2), inputs(seed, size), strict=True):
        if job_id in after:
            check_rows(after[job_id][1], texts_of_job, answers)
            kept = [row for row in before[job_id][1] if row.state is TicketState.DONE]
            assert kept == [row for row in after[job_id][1] if row.position in {done.position for done in kept}]
            assert {stats.calls_of(row.text) for row in kept} <= {0}


def check_rows(rows, texts_of_job, answers):
    """Exactly one row per ticket, each ended, failed only where the provider rejects, answered as without a crash."""
    assert [row.text for row in rows] == texts_of_job
    for row in rows:
        match row.state:
            case TicketState.DONE:
                assert row.classification == answers[row.text]
            case TicketState.FAILED:
                assert (row.text, row.code) == (POISON, Code.REQUEST)
            case _:
                assert row.state is TicketState.CANCELLED


def undisturbed(seed, size):
    async def story(w):
        for name, rows in zip("ab", inputs(seed, size), strict=True):
            await w.run(rows, name)
        return await stored(w)

    jobs = in_a_world(story, sim="latency=0.2")
    return {row.text: row.classification for _, rows in jobs.values() for row in rows}


def prove(seed, size, folder: Path) -> int:
    crashes = crashes_of(seed, size, folder / "forge.db")
    answers = undisturbed(seed, size)
    for number, crash in enumerate(crashes, start=1):
        before, after, stats = restarted(crash, folder / "restarted.db", seed, size)
        try:
            check(crash, before, after, stats, answers, seed, size)
        except AssertionError as broken:
            broken.add_note(f"seed {seed}, image {number} of {len(crashes)}, {crash.wall - EPOCH:.3f} s into the run")
            raise
    return len(crashes)


@pytest.mark.parametrize("seed", range(9))
def test_every_commit_is_a_place_to_start_again_from(seed, tmp_path):
    """D14: each reply is stored when it comes, with all that belongs to it."""
    assert prove(seed, 18, tmp_path) >= 34


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_every_commit_of_a_longer_run_is_too(seed, tmp_path):
    assert prove(seed, 60, tmp_path) >= 40
