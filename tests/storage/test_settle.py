"""T1 to T3: a request's outcome, its ledger row, its cache entries and its followers are one transaction."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.core.failure import Code
from forge_tui.core.job import Sending
from forge_tui.core.outcome import Classification, Paid, Usage
from forge_tui.core.ticket import Complexity, Source, TicketState
from store_builders import (
    DAY_S,
    NOW,
    a_job,
    a_row,
    a_settlement,
    a_store,
    all_rows,
    an_entry,
    done,
    failed,
    key_of,
    looked_at,
    requeued,
    rows,
    waiting,
)


async def test_a_settled_batch_moves_each_ticket_to_its_state():
    async with a_store() as store:
        job_id = await a_job(store, rows(5))
        settled = await store.record(a_settlement(job_id, done(1), waiting(2), requeued(3), failed(4)), NOW)
        again = await store.record(a_settlement(job_id, done(5)), NOW)
        states = [ticket.state for ticket in await all_rows(store, job_id)]
    assert states == [
        TicketState.DONE,
        TicketState.WAITING,
        TicketState.QUEUED,
        TicketState.FAILED,
        TicketState.DONE,
    ]
    assert again.commit > settled.commit


async def test_a_result_keeps_answer_attempts_batch_and_instant():
    answer = Classification("other", "low", "Asks for a price", ("repaired",))
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        outcome = done(1, classification=answer, ticket_attempts=2, service_attempts=1)
        await store.record(a_settlement(job_id, outcome, entry=an_entry(1, batch=31)), NOW + 9)
        (ticket,) = await all_rows(store, job_id)
    assert (ticket.classification, ticket.source) == (answer, Source.MODEL)
    assert (ticket.ticket_attempts, ticket.service_attempts, ticket.batch) == (2, 1, 31)
    assert (ticket.settled_at, ticket.code, ticket.message) == (NOW + 9, None, "")


async def test_a_failure_keeps_its_cause():
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.record(a_settlement(job_id, failed(1, code=Code.FILTER, message="refused\x00")), NOW)
        (ticket,) = await all_rows(store, job_id)
    assert (ticket.code, ticket.message, ticket.http_status, ticket.request_id) == (Code.FILTER, "refused�", 200, "r-1")
    assert (ticket.ticket_attempts, ticket.classification) == (3, None)


async def test_every_request_is_one_ledger_row_and_rows_sum_to_it():
    """D25: tokens of unusable replies count too."""
    spent = Usage(60, 40)
    async with a_store() as store:
        job_id = await a_job(store, rows(2))
        await store.record(
            a_settlement(
                job_id,
                requeued(1, tokens=50, cost=0.5),
                waiting(2, tokens=50, cost=0.5),
                entry=an_entry(1, 2, usage=spent, cost=1.0, code=Code.JSON),
            ),
            NOW,
        )
        unpaid = an_entry(1, usage=Usage(), cost=0.0, http_status=None, code=Code.NETWORK, paid=Paid.UNPAID)
        await store.record(a_settlement(job_id, waiting(1), entry=unpaid), NOW)
        await store.record(a_settlement(job_id, done(1), entry=an_entry(1)), NOW)
        await store.record(a_settlement(job_id, failed(2), entry=an_entry(2)), NOW)
        stored, job = await all_rows(store, job_id), await store.job(job_id)
        stats = await looked_at(store, lambda reader: reader.stats(job_id))
    assert [(ticket.tokens, ticket.cost) for ticket in stored] == [(150, 1.5), (150, 1.5)]
    assert (job.tokens, job.cost) == (300, 3.0) == (stats.total_tokens, stats.cost)
    assert (stats.requests, stats.requests_failed) == (4, 2)


async def test_followers_end_with_their_leader_and_pay_nothing():
    """D18: one request answers all tickets with the same text."""
    texts = ["a", "a", "b", "a", "b", "c"]
    async with a_store() as store:
        job_id = await a_job(store, [a_row(n, text) for n, text in enumerate(texts, start=1)])
        settled = await store.record(a_settlement(job_id, done(1), failed(3, code=Code.SCHEMA), waiting(6)), NOW)
        stored, counts = await all_rows(store, job_id), (await store.job(job_id)).counts
    assert (dict(settled.twins_done), dict(settled.twins_failed)) == ({1: 2}, {3: 1})
    assert [t.source for t in stored] == [Source.MODEL, Source.TWIN, None, Source.TWIN, None, None]
    assert stored[1].classification == stored[0].classification
    assert (stored[1].tokens, stored[1].saved_tokens, stored[1].saved_cost) == (0, 100, 1.0)
    assert (stored[4].state, stored[4].code, stored[4].tokens) == (TicketState.FAILED, Code.SCHEMA, 0)
    assert (counts.done, counts.failed, counts.waiting, counts.from_twin) == (3, 2, 1, 2)


async def test_followers_wait_while_their_leader_does():
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "a")])
        await store.record(a_settlement(job_id, waiting(1)), NOW)
        counts = (await store.job(job_id)).counts
        ((due, leader),) = await store.waiting(job_id, NOW)
    assert (counts.waiting, counts.twins, counts.queued) == (1, 1, 0)
    assert (due, leader.position, leader.twins, leader.service_attempts) == (NOW + 5, 1, 1, 1)


async def test_an_answer_of_an_older_epoch_goes_to_the_ledger_only():
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "a")])
        await store.cancel(job_id, NOW)
        await store.retry(job_id, None, now=NOW, ttl_s=None)
        settled = await store.record(a_settlement(job_id, done(1, epoch=0)), NOW)
        stored, job = await all_rows(store, job_id), await store.job(job_id)
        assert await store.cached([key_of("a")], NOW, DAY_S) == set()
    assert not settled.twins_done
    assert [ticket.state for ticket in stored] == [TicketState.QUEUED, TicketState.QUEUED]
    assert (stored[0].tokens, job.tokens) == (100, 100)


@pytest.mark.parametrize("late", [waiting(1, epoch=0, tokens=100, cost=1.0), requeued(1, epoch=0), failed(1, epoch=0)])
async def test_a_fault_of_an_older_epoch_is_paid_for_and_moves_nothing(late):
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.cancel(job_id, NOW)
        await store.retry(job_id, None, now=NOW, ttl_s=None)
        await store.record(a_settlement(job_id, late), NOW)
        (ticket,), job = await all_rows(store, job_id), await store.job(job_id)
    assert (ticket.state, ticket.ticket_attempts, ticket.code) == (TicketState.QUEUED, 0, None)
    assert (ticket.tokens, job.tokens) == (100, 100)


async def test_a_late_answer_of_a_cancelled_ticket_is_kept_because_it_is_paid():
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "b"), a_row(3, "c"), a_row(4, "a")])
        await store.cancel(job_id, NOW)
        settled = await store.record(a_settlement(job_id, done(1), failed(2), waiting(3)), NOW)
        stored = await all_rows(store, job_id)
    assert [t.state for t in stored] == [
        TicketState.DONE,
        TicketState.CANCELLED,
        TicketState.CANCELLED,
        TicketState.CANCELLED,
    ]
    assert not settled.twins_done
    assert sum(ticket.tokens for ticket in stored) == 200


async def test_what_is_done_stays_as_it_was_answered_first():
    other = Classification("other", "low", "Something else")
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.record(a_settlement(job_id, done(1)), NOW)
        await store.record(a_settlement(job_id, done(1, classification=other)), NOW + 1)
        await store.record(a_settlement(job_id, failed(1)), NOW + 2)
        (ticket,), job = await all_rows(store, job_id), await store.job(job_id)
    assert (ticket.classification.category, ticket.settled_at) == ("billing", NOW)
    assert (ticket.tokens, job.tokens) == (300, 300)  # all three were paid for


async def test_only_answers_are_cached():
    """D22: nothing invalid is cached."""
    async with a_store() as store:
        job_id = await a_job(store, rows(4))
        await store.record(a_settlement(job_id, done(1), failed(2), waiting(3), requeued(4)), NOW)
        known = await store.cached([key_of(f"text {n}") for n in range(1, 5)], NOW, DAY_S)
    assert known == {key_of("text 1")}


async def test_a_ticket_back_from_waiting_is_sent_like_any_other():
    async with a_store() as store:
        job_id = await a_job(store, rows(1))
        await store.record(a_settlement(job_id, waiting(1, attempts=(1, 2))), NOW)
        await store.record(a_settlement(job_id, requeued(1, attempts=(1, 3))), NOW)
        (ticket,) = await store.next_queued(job_id, Complexity.SIMPLE, 0, 10)
        assert await store.waiting(job_id, NOW) == []
    assert (ticket.ticket_attempts, ticket.service_attempts) == (1, 3)


@pytest.mark.parametrize(("away_s", "stays"), [(3600, True), (3600.001, False)])
async def test_a_ticket_due_too_far_away_is_due_now(away_s, stays):
    async with a_store() as store:
        job_id = await a_job(store, rows(2))
        await store.record(a_settlement(job_id, waiting(1, due=NOW + 2), waiting(2, due=NOW + away_s)), NOW)
        dues = {ticket.position: due for due, ticket in await store.waiting(job_id, NOW)}
    assert dues == {1: NOW + 2, 2: NOW + away_s if stays else NOW}


async def test_the_window_hands_out_leaders_of_a_class_in_order():
    tickets = [a_row(n, complexity=Complexity.COMPLEX if n % 2 else Complexity.SIMPLE) for n in range(1, 11)]
    async with a_store() as store:
        job_id = await a_job(store, [*tickets, a_row(11, "text 3", Complexity.COMPLEX)])
        first = await store.next_queued(job_id, Complexity.COMPLEX, 0, 3)
        rest = await store.next_queued(job_id, Complexity.COMPLEX, first[-1].position, 3)
    assert [(t.position, t.twins) for t in first] == [(1, 0), (3, 1), (5, 0)]
    assert [t.position for t in rest] == [7, 9]


def drawn(data, job_id, batch):
    """Any settlement of a few of twelve tickets, in which each comes once."""
    positions = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
    outcomes = [data.draw(st.sampled_from((done, waiting, requeued, failed)))(position) for position in positions]
    return a_settlement(job_id, *outcomes, entry=an_entry(*positions, batch=batch))


@given(data=st.data(), count=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_settlements_that_share_a_commit_come_to_what_they_come_to_one_after_another(data, count):
    """Also where the same ticket is in two of them, as after a retry with a request still out."""
    settlements = [drawn(data, 1, batch) for batch in range(1, count + 1)]

    async def recorded(together):
        async with a_store() as store:
            # Texts 1 to 8 and four twins of theirs.
            await a_job(store, [a_row(n, f"text {(n - 1) % 8}") for n in range(1, 13)])
            if together:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(store.record(one, NOW)) for one in settlements]
                settled = [task.result() for task in tasks]
            else:
                settled = [await store.record(one, NOW) for one in settlements]
            ledger = await store._database.read(
                lambda c: c.execute("SELECT * FROM attempts, attempt_tickets").fetchall()
            )
            cache = await store._database.read(
                lambda c: c.execute("SELECT position, key FROM tickets WHERE known_at IS NOT NULL").fetchall()
            )
            followers = [(one.twins_done, one.twins_failed) for one in settled]
            return await all_rows(store, 1), ledger, cache, followers, len({one.commit for one in settled})

    *apart, commits_apart = asyncio.run(recorded(together=False))
    *shared, commits_shared = asyncio.run(recorded(together=True))
    assert shared == apart
    assert (commits_apart, commits_shared) == (count, 1)


async def test_a_job_tells_how_long_it_sent_and_how_long_requests_were_in_flight():
    async with a_store() as store:
        job_id = await a_job(store, rows(3))
        for position, started_at, latency_ms in ((1, NOW, 900.0), (2, NOW + 4, 200.0), (3, NOW + 1, 400.0)):
            entry = an_entry(position, batch=position, started_at=started_at, latency_ms=latency_ms)
            await store.record(a_settlement(job_id, done(position), entry=entry), NOW + 9)
        assert (await store.job(job_id)).sending == Sending(3, 4.0, 1.5)
        assert (await store.job(await a_job(store, rows(1), input_sha256="other"))).sending == Sending()
