"""T4 to T6: pause, cancel, retry, finish and delete are durable, idempotent and count what they moved."""

import pytest

from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState, PauseReason
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.storage.rows import CancelledCounts, RetriedCounts
from store_builders import (
    DAY_S,
    NOW,
    a_job,
    a_refusal,
    a_row,
    a_settlement,
    a_spec,
    a_store,
    all_rows,
    done,
    failed,
    key_of,
    rows,
    waiting,
)

SIMPLE = Complexity.SIMPLE


async def test_a_job_remembers_what_it_is():
    spec = a_spec(files=("a.csv", "b\ud800.csv"), text_column=None, settings={"concurrency": 4, "db": None})
    async with a_store() as store:
        assert await store.latest_job() is None
        job_id = await store.create_job(spec, NOW)
        job = await store.job(job_id)
        assert await store.latest_job() == job_id
    assert (job.spec.files, job.spec.text_column) == (("a.csv", "b�.csv"), None)
    assert job.spec.settings == {"concurrency": 4, "db": None}
    assert (job.state, job.created_at, job.label) == (JobState.LOADING, NOW, "J-0001")


async def test_a_state_is_kept_with_its_reason_until_the_next():
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.set_state(job_id, JobState.RUNNING, now=NOW + 1)
        await store.set_state(job_id, JobState.HALTED, "key refused", Code.AUTH, now=NOW + 2)
        halted = await store.job(job_id)
        await store.set_state(job_id, JobState.PAUSED, PauseReason.PROVIDER, hold_until=NOW + 900, now=NOW + 3)
        paused = await store.job(job_id)
        await store.set_state(job_id, JobState.RUNNING, now=NOW + 4)
        running = await store.job(job_id)
    assert (halted.state, halted.reason, halted.code) == (JobState.HALTED, "key refused", Code.AUTH)
    assert (paused.reason, paused.hold_until, paused.code) == ("provider", NOW + 900, None)
    assert (running.reason, running.hold_until, running.started_at, running.finished_at) == ("", None, NOW + 1, None)


async def test_a_job_finishes_only_when_nothing_is_open():
    async with a_store() as store:
        job_id = await a_job(store, rows(2))
        await store.record(a_settlement(job_id, done(1), waiting(2)), NOW)
        with pytest.raises(RuntimeError, match="J-0001 has 1 open tickets"):
            await store.finish(job_id, NOW)
        await store.record(a_settlement(job_id, done(2)), NOW)
        assert await store.finish(job_id, NOW + 5) is JobState.FINISHED
        assert (await store.job(job_id)).finished_at == NOW + 5


async def test_a_job_whose_tickets_all_failed_says_so():
    """D26: done and failed add up, whatever the mix."""
    async with a_store() as store:
        job_id = await a_job(store, rows(2), [a_refusal(3)])
        await store.record(a_settlement(job_id, failed(1), failed(2)), NOW)
        assert await store.finish(job_id, NOW) is JobState.FINISHED_WITH_FAILURES
        counts = (await store.job(job_id)).counts
    assert (counts.total, counts.done, counts.failed, counts.refused) == (3, 0, 3, 1)


async def test_cancel_ends_what_is_open_and_counts_it_by_class():
    tickets = [*rows(3), a_row(4, "text 1"), a_row(5, complexity=Complexity.COMPLEX)]
    async with a_store() as store:
        job_id = await a_job(store, tickets)
        await store.record(a_settlement(job_id, done(2), waiting(3)), NOW)
        cancelled = await store.cancel(job_id, NOW)
        assert await store.cancel(job_id, NOW) == {}
        stored, job = await all_rows(store, job_id), await store.job(job_id)
    assert cancelled == {
        SIMPLE: CancelledCounts(queued=1, waiting=1, twins=1),
        Complexity.COMPLEX: CancelledCounts(queued=1),
    }
    assert (job.state, job.counts.cancelled, job.counts.done) == (JobState.CANCELLED, 4, 1)
    assert stored[2].due is None


async def test_a_crash_while_a_cancelled_job_comes_home_leaves_no_ticket_open():
    async with a_store() as store:
        job_id = await a_job(store, rows(3))
        await store.set_state(job_id, JobState.CANCELLED, now=NOW)
        other = await a_job(store, rows(2), input_sha256="07")
        await store.end_cancelled(NOW + 1)
        counts = [(await store.job(job)).counts for job in (job_id, other)]
    assert [(job.cancelled, job.open) for job in counts] == [(3, 0), (0, 2)]


async def test_a_cancelled_job_is_not_made_ready_by_a_drain_that_ends_later():
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.cancel(job_id, NOW)
        await store.set_state(job_id, JobState.READY, now=NOW)
        assert await store.finish(job_id, NOW) is JobState.CANCELLED
        assert (await store.job(job_id)).state is JobState.CANCELLED


async def test_a_retry_opens_tickets_again_in_a_new_epoch_and_twice_is_once():
    async with a_store() as store:
        job_id = await a_job(store, rows(3), [a_refusal(4)])
        await store.record(a_settlement(job_id, done(1), failed(2, code=Code.SERVER), failed(3)), NOW)
        await store.finish(job_id, NOW)
        retried = await store.retry(job_id, [1, 2, 4], now=NOW, ttl_s=None)
        assert await store.retry(job_id, [1, 2, 4], now=NOW, ttl_s=None) == {}
        stored, job = await all_rows(store, job_id), await store.job(job_id)
        (ticket,) = await store.next_queued(job_id, SIMPLE, 0, 10)
    assert retried == {SIMPLE: RetriedCounts(from_failed=1, codes={Code.SERVER: 1})}
    assert (ticket.position, ticket.epoch, ticket.ticket_attempts, ticket.service_attempts) == (2, 1, 0, 0)
    assert (stored[1].code, stored[1].message, stored[1].settled_at) == (None, "", None)
    assert stored[1].tokens == 100  # what it cost is not forgotten
    assert (job.state, job.finished_at, job.counts.failed) == (JobState.READY, None, 2)


async def test_a_retry_of_everything_leaves_refused_rows_alone():
    async with a_store() as store:
        job_id = await a_job(store, rows(3), [a_refusal(4)])
        await store.record(a_settlement(job_id, failed(1)), NOW)
        await store.cancel(job_id, NOW)
        retried = await store.retry(job_id, None, now=NOW, ttl_s=None)
        counts = (await store.job(job_id)).counts
    assert retried == {SIMPLE: RetriedCounts(from_failed=1, from_cancelled=2, codes={Code.SCHEMA: 1})}
    assert (counts.queued, counts.failed, counts.refused) == (3, 1, 1)


async def test_a_retry_while_the_job_runs_leaves_its_state():
    async with a_store() as store:
        job_id = await a_job(store, rows(2))
        await store.set_state(job_id, JobState.RUNNING, now=NOW)
        await store.record(a_settlement(job_id, failed(1)), NOW)
        await store.retry(job_id, [1], now=NOW, ttl_s=None)
        assert (await store.job(job_id)).state is JobState.RUNNING


async def _three_failed_twins(store):
    job_id = await a_job(store, [a_row(1, "a"), a_row(2, "a"), a_row(3, "a")])
    await store.record(a_settlement(job_id, failed(1)), NOW)
    return job_id


async def test_of_retried_twins_the_first_leads():
    async with a_store() as store:
        job_id = await _three_failed_twins(store)
        retried = await store.retry(job_id, [3, 2], now=NOW, ttl_s=None)
        (leader,) = await store.next_queued(job_id, SIMPLE, 0, 10)
        settled = await store.record(a_settlement(job_id, done(2, epoch=1)), NOW)
        states = [ticket.state for ticket in await all_rows(store, job_id)]
    assert retried == {SIMPLE: RetriedCounts(from_failed=2, twins=1, codes={Code.SCHEMA: 2})}
    assert (leader.position, leader.twins) == (2, 1)
    assert dict(settled.twins_done) == {2: 1}
    assert states == [TicketState.FAILED, TicketState.DONE, TicketState.DONE]


async def test_a_retried_ticket_follows_a_twin_that_is_open_already():
    async with a_store() as store:
        job_id = await _three_failed_twins(store)
        await store.retry(job_id, [2], now=NOW, ttl_s=None)
        retried = await store.retry(job_id, None, now=NOW, ttl_s=None)
        stored = await all_rows(store, job_id)
        settled = await store.record(a_settlement(job_id, done(2, epoch=1)), NOW)
    assert retried[SIMPLE].twins == 2
    assert [ticket.leader for ticket in stored] == [2, None, 2]
    assert dict(settled.twins_done) == {2: 2}


async def test_a_retried_twin_of_an_answered_leader_is_done_at_once_and_paid_by_nobody():
    async with a_store() as store:
        job_id = await _three_failed_twins(store)
        await store.retry(job_id, [1], now=NOW, ttl_s=None)
        await store.record(a_settlement(job_id, done(1, epoch=1)), NOW)
        retried = await store.retry(job_id, [2, 3], now=NOW, ttl_s=None)
        stored = await all_rows(store, job_id)
        counts = (await store.job(job_id)).counts
    (counted,) = retried.values()
    assert (counted.from_failed, counted.twins, counted.known_to_twin, counted.known_to_cache) == (2, 0, 2, 0)
    assert counted.saved_tokens == 2 * stored[0].tokens
    assert [ticket.leader for ticket in stored] == [None, 1, 1]
    assert (stored[1].code, stored[1].source) == (None, Source.TWIN)
    assert (counts.done, counts.from_twin, counts.open) == (3, 2, 0)


async def test_a_retried_ticket_that_another_job_has_answered_comes_from_the_cache():
    async with a_store() as store:
        job_id = await _three_failed_twins(store)
        other = await a_job(store, [a_row(1, "a")])
        await store.record(a_settlement(other, done(1)), NOW)
        retried = await store.retry(job_id, None, now=NOW, ttl_s=DAY_S)
        counts = (await store.job(job_id)).counts
    assert retried[SIMPLE].known_to_cache == 3
    assert (counts.done, counts.from_cache, counts.open) == (3, 3, 0)


async def test_a_job_of_the_same_content_goes_on():
    async with a_store() as store:
        assert await store.unfinished_job(a_spec()) is None
        older, newer = await a_job(store, rows(1)), await a_job(store, rows(1))
        assert await store.unfinished_job(a_spec(provider="openai", settings={"rpm": 1})) == newer
        await store.set_state(newer, JobState.HALTED, "", Code.AUTH, now=NOW)
        assert await store.unfinished_job(a_spec()) == newer
        await store.set_state(newer, JobState.PAUSED, PauseReason.BUDGET, now=NOW)
        assert await store.unfinished_job(a_spec()) == newer
        await store.set_state(newer, JobState.PAUSED, PauseReason.OPERATOR, now=NOW)
        assert await store.unfinished_job(a_spec()) == older
        await store.cancel(older, NOW)
        assert await store.unfinished_job(a_spec()) is None


@pytest.mark.parametrize("changed", ["input_sha256", "text_column", "model", "prompt_version"])
async def test_another_content_column_model_or_prompt_is_another_job(changed):
    async with a_store() as store:
        await a_job(store, rows(1))
        assert await store.unfinished_job(a_spec(**{changed: "other"})) is None
        assert await store.unfinished_job(a_spec(text_column=None)) is None


async def test_an_opening_tells_where_every_ticket_stands():
    tickets = [*rows(4), a_row(5, "text 1"), a_row(6, complexity=Complexity.COMPLEX), a_row(7, "text 2")]
    async with a_store() as store:
        job_id = await a_job(store, tickets, [a_refusal(8)])
        await store.record(a_settlement(job_id, done(2), waiting(3), failed(4)), NOW)
        opening = await store.opening(job_id)
    assert opening.queued == {SIMPLE: 1, Complexity.MEDIUM: 0, Complexity.COMPLEX: 1}
    assert (opening.waiting[SIMPLE], opening.done[SIMPLE], opening.failed[SIMPLE]) == (1, 2, 1)
    assert opening.failed_codes == {Code.SCHEMA: 1, Code.INPUT: 1}
    assert (opening.tokens, opening.cost, opening.saved_tokens, opening.saved_cost) == (100, 1.0, 100, 1.0)
    assert (opening.counts.twins, opening.counts.failed, opening.counts.total) == (1, 2, 8)


async def test_a_deleted_job_leaves_no_text_of_it_in_any_file(tmp_path):
    path = tmp_path / "forge.db"
    async with a_store(path) as store:
        kept = await a_job(store, [a_row(1, "KEPT-TEXT")])
        tickets = [a_row(n, f"SECRET-{n} " + "filler " * 60, columns={"who": f"SECRET-{n}"}) for n in range(1, 400)]
        job_id = await a_job(store, tickets, [a_refusal(400, text="SECRET-400", message="SECRET-400")])
        for n in range(1, 200, 2):
            outcome = failed(n, message=f"SECRET-{n}") if n % 3 else done(n)
            await store.record(a_settlement(job_id, outcome, waiting(n + 1, message=f"SECRET-{n}")), NOW)
        await store.delete_job(job_id)
        with pytest.raises(UnknownJob):
            await store.job(job_id)
        assert await store.cached([key_of(tickets[2].ticket.text)], NOW, DAY_S) == set()
        found = {file.name for file in tmp_path.iterdir() if b"SECRET" in file.read_bytes()}
        assert [row.text for row in await all_rows(store, kept)] == ["KEPT-TEXT"]
        assert await a_job(store, rows(1)) == job_id + 1  # a number is never given twice
    assert found == set()


async def test_what_is_not_there_is_named():
    async with a_store() as store:
        for attempt in (
            store.set_state(9, JobState.READY, now=NOW),
            store.finish(9, NOW),
            store.cancel(9, NOW),
            store.delete_job(9),
            store.opening(9),
        ):
            with pytest.raises(UnknownJob, match="J-0009"):
                await attempt
