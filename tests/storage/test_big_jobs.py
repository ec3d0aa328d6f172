"""Work grows with what is asked for, not with what is stored: counted in SQLite's own steps, so no clock is involved."""

import random
from contextlib import asynccontextmanager
from functools import partial

from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity
from forge_tui.storage.job_store import JobStore
from store_builders import (
    DAY_S,
    NOW,
    a_database,
    a_job,
    a_row,
    a_settlement,
    add_rows,
    an_entry,
    done,
    failed,
    looked_at,
    rows,
    waiting,
)

SMALL, BIG = 500, 5_000
GRAIN = 50  # steps per count


@asynccontextmanager
async def _a_job_of(size, text=lambda n: f"text {n}"):
    async with a_database() as database:
        store = JobStore(database)
        job_id = await a_job(store)
        for start in range(1, size + 1, 10_000):
            chunk = [a_row(n, text(n)) for n in range(start, min(start + 10_000, size + 1))]
            await add_rows(store, job_id, chunk, [], now=NOW, ttl_s=DAY_S)
        yield store, job_id


async def _steps(store, work):
    """How many virtual machine steps SQLite takes for `work`."""
    counted = [0]

    def count():
        counted[0] += GRAIN
        return 0

    await store._database.read(lambda connection: connection.set_progress_handler(count, GRAIN))
    await work()
    await store._database.read(lambda connection: connection.set_progress_handler(None, GRAIN))
    return counted[0]


async def _grown(work, **shape):
    """Steps at BIG over steps at SMALL."""
    taken = []
    for size in (SMALL, BIG):
        async with _a_job_of(size, **shape) as (store, job_id):
            taken.append(await _steps(store, lambda store=store, job_id=job_id: work(store, job_id)))
    return (taken[1] + GRAIN) / (taken[0] + GRAIN)


async def test_a_window_of_the_queue_costs_the_same_in_a_big_job():
    assert await _grown(lambda store, job_id: store.next_queued(job_id, Complexity.SIMPLE, 100, 100)) < 1.5


async def test_the_last_window_costs_no_more_than_the_first():
    async with _a_job_of(BIG) as (store, job_id):
        first = await _steps(store, lambda: store.next_queued(job_id, Complexity.SIMPLE, 0, 100))
        last = await _steps(store, lambda: store.next_queued(job_id, Complexity.SIMPLE, BIG - 200, 100))
    assert last < 1.5 * first


async def test_settling_a_batch_costs_the_same_in_a_big_job():
    async def settle(store, job_id):
        outcomes = [done(1), done(2), failed(3), waiting(4)]
        await store.record(a_settlement(job_id, *outcomes), NOW)

    assert await _grown(settle) < 1.5


async def test_a_leader_finds_its_followers_among_many_that_wait():
    async def settle(store, job_id):
        settled = await store.record(a_settlement(job_id, done(1)), NOW)
        assert settled.twins_done == {1: 1}

    assert await _grown(settle, text=lambda n: f"text {1 if n == 2 else n}") < 1.5


async def test_going_on_asks_the_smaller_side_what_the_cache_knows_by_now():
    """A resume of a million tickets took 0.44 s here, before it asked the few answers and not the many tickets."""

    async def refresh(store, job_id):
        other = await a_job(store, rows(20, start=1), input_sha256="other")
        await store.record(a_settlement(other, *(done(n) for n in range(1, 21))), NOW)
        assert await store.refresh_from_cache(job_id, NOW + 1, DAY_S) == 20

    assert await _grown(refresh) < 1.5


async def test_a_start_ends_cancelled_jobs_without_reading_the_others():
    assert await _grown(lambda store, _: store.end_cancelled(NOW)) < 1.5


async def test_loading_one_more_chunk_costs_the_same_in_a_big_job():
    async def load(store, job_id):
        loaded = await store.loaded_rows(job_id)
        await add_rows(store, job_id, rows(100, start=loaded + 1), [], now=NOW, ttl_s=DAY_S)

    assert await _grown(load) < 1.5


async def _fail_all(store, job_id, size):
    codes = [Code.JSON, Code.SCHEMA, Code.FILTER]
    for start in range(1, size + 1, 500):
        outcomes = [failed(n, code=codes[n % 3], message=f"cause {n % 40}") for n in range(start, start + 500)]
        await store.record(a_settlement(job_id, *outcomes), NOW)


async def test_a_page_of_failures_costs_the_same_among_many():
    filters = [{}, {"codes": [Code.FILTER]}, {"exclude_codes": [Code.FILTER]}, {"words": "text 5"}]
    taken = []
    for size in (SMALL, BIG):
        async with _a_job_of(size) as (store, job_id):
            await _fail_all(store, job_id, size)
            taken.append([await _steps(store, partial(_a_page, store, job_id, wanted)) for wanted in filters])
    for small, big in zip(*taken, strict=True):
        assert big < 1.5 * small


async def _a_page(store, job_id, wanted):
    page = await looked_at(store, lambda reader: reader.failures(job_id, after=200, limit=20, **wanted))
    assert len(page) == 20


async def test_failures_and_their_causes_are_counted_from_an_index_alone():
    async with _a_job_of(BIG) as (store, job_id):
        await _fail_all(store, job_id, BIG)
        groups = await _steps(store, lambda: looked_at(store, lambda reader: reader.failure_groups(job_id)))
        count = await _steps(
            store, lambda: looked_at(store, lambda reader: reader.failure_codes(job_id, codes=[Code.JSON]))
        )
        found = await looked_at(store, lambda reader: len(reader.failure_groups(job_id)))
    assert found == 3  # the numbers in a message make no cause of their own
    assert groups < 20 * BIG
    assert count < 10 * BIG


async def test_a_rare_label_is_found_without_reading_every_row():
    async with _a_job_of(BIG) as (store, job_id):
        common, rare = Classification("billing", "low", "x"), Classification("other", "low", "x")
        for start in range(1, BIG + 1, 500):
            answers = [done(n, classification=rare if n == 2_999 else common) for n in range(start, start + 500)]
            await store.record(a_settlement(job_id, *answers), NOW)
        page = await _steps(
            store, lambda: looked_at(store, lambda reader: reader.results(job_id, categories=["other"]))
        )
        found = await looked_at(
            store, lambda reader: [row.position for row in reader.results(job_id, categories=["other"])]
        )
    assert found == [2_999]
    assert page < 10 * BIG


async def test_thousands_of_rows_come_out_as_they_went_in():
    """D12: a big job fails no ticket by the store's own limits."""
    shuffled = random.Random(5)
    texts = [f"text {shuffled.randrange(BIG // 2)}" for _ in range(BIG)]
    async with _a_job_of(BIG, lambda n: texts[n - 1]) as (store, job_id):
        counts = (await store.job(job_id)).counts
        assert (counts.total, counts.queued) == (BIG, len(set(texts)))
        while page := await store.next_queued(job_id, Complexity.SIMPLE, 0, 1000):
            positions = [ticket.position for ticket in page]
            await store.record(a_settlement(job_id, *(done(n) for n in positions), entry=an_entry(*positions)), NOW)
        await store.finish(job_id, NOW)
        again = await a_job(store, [a_row(n, text) for n, text in enumerate(texts, start=1)])
        stored = await looked_at(store, lambda reader: [row.text for row in reader.settled_rows(again)])
        counts = (await store.job(again)).counts
    assert stored == texts
    assert (counts.done, counts.from_cache, counts.open) == (BIG, BIG, 0)
