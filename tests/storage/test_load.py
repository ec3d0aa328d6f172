"""T0: every input row becomes one row, in order; twins follow, known texts are answered, an ingest can begin again."""

import json

import pytest

from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.ticket import Complexity, Origin, Source, TicketState
from forge_tui.storage.job_store import JobStore
from store_builders import (
    DAY_S,
    NOW,
    a_database,
    a_job,
    a_refusal,
    a_row,
    a_settlement,
    a_spec,
    a_store,
    add_rows,
    all_rows,
    done,
    failed,
    rows,
)


async def _answered_once(store, *texts):
    """An earlier job that put the answers to `texts` into the cache."""
    tickets = [a_row(position, text) for position, text in enumerate(texts, start=1)]
    job_id = await a_job(store, tickets, now=NOW - 60)
    await store.record(a_settlement(job_id, *(done(item.ticket.position) for item in tickets)), NOW - 60)
    return job_id


async def test_every_row_comes_out_as_it_went_in_and_in_order():
    """D19: N in, N out, ordered."""
    row = a_row(1, "Rechnung falsch", Complexity.MEDIUM, external_id="A-7", columns={"team": "blau", "n": [1, None]})
    async with a_store() as store:
        job_id = await a_job(store, [row, *rows(3, start=3)], [a_refusal(2, text="?", columns={"a": "b"})])
        stored = await all_rows(store, job_id)
    assert [ticket.position for ticket in stored] == [1, 2, 3, 4, 5]
    first, refused = stored[:2]
    assert (first.text, first.external_id, first.columns) == (
        "Rechnung falsch",
        "A-7",
        {"team": "blau", "n": [1, None]},
    )
    assert (first.origin, first.complexity, first.state) == (
        Origin("tickets.csv", 2),
        Complexity.MEDIUM,
        TicketState.QUEUED,
    )
    assert (refused.state, refused.code, refused.message) == (TicketState.FAILED, Code.INPUT, "no text")
    assert (refused.complexity, refused.columns) == (None, {"a": "b"})


async def test_a_refused_row_counts_and_stops_nobody():
    """D38: one bad row fails alone."""
    async with a_store() as store:
        job_id = await a_job(store, rows(499), [a_refusal(500, Code.ENCODING)])
        counts = (await store.job(job_id)).counts
    assert (counts.total, counts.queued, counts.failed, counts.refused) == (500, 499, 1, 1)


@pytest.mark.parametrize("chunk", [1, 2, 7])
async def test_twins_follow_the_first_of_their_text_whatever_the_chunks(chunk):
    texts = ["a", "b", "a", "c", "a", "b", "d"]
    tickets = [a_row(position, text) for position, text in enumerate(texts, start=1)]
    async with a_store() as store:
        job_id = await a_job(store, tickets[:chunk])
        for at in range(chunk, len(tickets), chunk):
            await add_rows(store, job_id, tickets[at : at + chunk], [], now=NOW, ttl_s=DAY_S)
        stored = await all_rows(store, job_id)
        counts = (await store.job(job_id)).counts
    assert [ticket.leader for ticket in stored] == [None, None, 1, None, 1, 2, None]
    assert (counts.queued, counts.twins, counts.lookups) == (4, 3, 7)


async def test_known_texts_are_done_at_once_and_cost_nothing():
    """D23: a cached job bills no tokens and shows what it saved."""
    async with a_store() as store:
        await _answered_once(store, "a", "b")
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "new"), a_row(3, "a"), a_row(4, "b")])
        stored, job = await all_rows(store, job_id), await store.job(job_id)
    assert [ticket.source for ticket in stored] == [Source.CACHE, None, Source.CACHE, Source.CACHE]
    assert (job.counts.done, job.counts.from_cache, job.counts.queued) == (3, 3, 1)
    assert (job.tokens, job.cost) == (0, 0)
    assert [(t.tokens, t.saved_tokens, t.saved_cost) for t in stored if t.classification] == [(0, 100, 1.0)] * 3


async def test_a_known_text_is_known_in_every_chunk_that_holds_it():
    async with a_store() as store:
        await _answered_once(store, "a")
        job_id = await store.create_job(a_spec(), NOW)
        first, second = a_row(1, "a"), a_row(2, "a")
        known = [await add_rows(store, job_id, [row], [], now=NOW, ttl_s=DAY_S) for row in (first, second)]
    assert [matched.known for matched in known] == [{1}, {2}]


async def test_each_row_is_one_look_up_and_each_hit_one_hit():
    """D24: the hit rate of two known texts among four rows is one half."""
    async with a_store() as store:
        await _answered_once(store, "a", "b")
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "b"), a_row(3, "c"), a_row(4, "d")])
        counts = (await store.job(job_id)).counts
    assert (counts.from_cache, counts.lookups) == (2, 4)


async def test_without_the_cache_nothing_is_looked_up():
    async with a_store() as store:
        await _answered_once(store, "a")
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "a")], ttl_s=None)
        counts = (await store.job(job_id)).counts
    assert (counts.queued, counts.twins, counts.lookups, counts.from_cache) == (1, 1, 0, 0)


async def test_an_ingest_begun_again_stores_no_row_twice():
    async with a_store() as store:
        job_id = await store.create_job(a_spec(), NOW)
        await add_rows(store, job_id, rows(10), [a_refusal(11)], now=NOW, ttl_s=DAY_S)
        assert await store.loaded_rows(job_id) == 11
        await add_rows(store, job_id, [*rows(10), *rows(4, start=12)], [a_refusal(11)], now=NOW, ttl_s=DAY_S)
        await add_rows(store, job_id, rows(10), [], now=NOW, ttl_s=DAY_S)
        stored, counts = await all_rows(store, job_id), (await store.job(job_id)).counts
        assert await store.loaded_rows(job_id) == 15
    assert [ticket.position for ticket in stored] == list(range(1, 16))
    assert (counts.total, counts.lookups) == (15, 14)


async def test_a_row_that_comes_after_its_leader_ended_ends_like_it():
    async with a_store() as store:
        await _answered_once(store, "known")
        first = [a_row(1, "answered"), a_row(2, "broken"), a_row(3, "known"), a_row(4, "open")]
        job_id = await a_job(store, first)
        await store.record(a_settlement(job_id, done(1), failed(2, code=Code.FILTER)), NOW)
        late = [a_row(n, text) for n, text in enumerate(("answered", "broken", "known", "open"), start=5)]
        await add_rows(store, job_id, late, [], now=NOW, ttl_s=None)
        answered, broken, known, still_open = (await all_rows(store, job_id))[4:]
    assert (answered.state, answered.source, answered.saved_tokens) == (TicketState.DONE, Source.TWIN, 100)
    assert (broken.state, broken.code, broken.message) == (TicketState.FAILED, Code.FILTER, "category x")
    assert (known.state, known.source, known.saved_tokens) == (TicketState.DONE, Source.CACHE, 100)
    assert (still_open.state, still_open.leader) == (TicketState.QUEUED, 4)


async def test_a_chunk_asks_the_cache_once():
    """One statement a chunk, never one a ticket; and no more of them for ten times the rows."""
    async with a_database() as database:
        store = JobStore(database)
        counted = {}
        for count in (100, 1000):
            seen = []
            job_id = await a_job(store)
            await database.read(lambda c, seen=seen: c.set_trace_callback(seen.append))
            await add_rows(
                store, job_id, [a_row(n, f"text {n % 50}") for n in range(1, count + 1)], [], now=NOW, ttl_s=1
            )
            await database.read(lambda c: c.set_trace_callback(None))
            counted[count] = [s for s in seen if not s.startswith("INSERT INTO staged")]
    assert len([statement for statement in counted[1000] if "AS known" in statement]) == 1
    assert len(counted[100]) == len(counted[1000])


async def test_hostile_text_is_stored_with_its_holes_marked():
    nasty = "a\x00b\ud800c\x1b]0;x\x07"
    row = a_row(1, nasty, external_id=nasty, columns={nasty: [nasty]})
    async with a_store() as store:
        job_id = await a_job(store, [row], [a_refusal(2, message=nasty, text=nasty)])
        ticket, refused = await all_rows(store, job_id)
    assert ticket.text == ticket.external_id == refused.text == refused.message == "a�b�c\x1b]0;x\x07"
    assert "\ud800" not in json.dumps(ticket.columns, ensure_ascii=False)


async def test_ready_only_after_the_last_chunk():
    async with a_store() as store:
        job_id = await store.create_job(a_spec(), NOW)
        assert (await store.job(job_id)).state is JobState.LOADING
        await store.finish_loading(job_id)
        assert (await store.job(job_id)).state is JobState.READY


async def test_rows_for_a_job_that_is_not_there_are_refused():
    async with a_store() as store:
        with pytest.raises(UnknownJob, match="J-0007"):
            await add_rows(store, 7, rows(1), [], now=NOW, ttl_s=None)


async def test_a_chunk_staged_over_another_loses_no_row_unseen():
    async with a_store() as store:
        job_id = await store.create_job(a_spec(), NOW)
        first = await store.stage_rows(job_id, rows(3), [], now=NOW)
        await store.stage_rows(job_id, rows(2), [], now=NOW)
        with pytest.raises(RuntimeError, match="staged over"):
            await store.add_staged(first, now=NOW, ttl_s=None)
        assert await store.loaded_rows(job_id) == 0


async def test_a_chunk_that_was_staged_and_never_stored_leaves_nothing_behind():
    async with a_store() as store:
        job_id = await store.create_job(a_spec(), NOW)
        await store.stage_rows(job_id, rows(3), [], now=NOW)
        await add_rows(store, job_id, rows(1), [], now=NOW, ttl_s=None)
        assert [ticket.position for ticket in await all_rows(store, job_id)] == [1]
