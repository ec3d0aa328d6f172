"""Checks on disk: one row a ticket, agreement per class, who is still to be asked, and nothing left of a deleted job."""

from forge_tui.core.agreement import Agreement
from forge_tui.core.outcome import Classification
from forge_tui.core.settlement import CheckedTicket
from forge_tui.core.ticket import Complexity, TicketState
from forge_tui.storage.reader import Reader
from store_builders import BILLING, NOW, a_job, a_settlement, a_store, all_rows, an_entry, done, rows

SIMPLE = Complexity.SIMPLE
OTHER = Classification("other", "high", "Asks for a price")


def checked(position, alone=BILLING):
    return CheckedTicket(position, SIMPLE, BILLING, alone, tokens=7, cost=0.5)


async def agreement(store, job_id):
    return await store._database.read(lambda c: Reader(c).agreement(job_id))


async def in_company(store, count=4):
    job_id = await a_job(store, rows(count))
    outcomes = [done(position) for position in range(1, count + 1)]
    await store.record(a_settlement(job_id, *outcomes, entry=an_entry(*range(1, count + 1), batch=1)), NOW)
    return job_id


async def record_check(store, job_id, check, batch=2):
    entry = an_entry(check.position, batch=batch)
    await store.record(a_settlement(job_id, check, entry=entry), NOW + 1)


async def test_a_check_is_counted_paid_by_its_ticket_and_moves_nothing():
    async with a_store() as store:
        job_id = await in_company(store)
        before = (await all_rows(store, job_id))[0]
        await record_check(store, job_id, checked(1))
        after = (await all_rows(store, job_id))[0]
        assert await agreement(store, job_id) == {SIMPLE: Agreement(1, 1, 1)}
    assert (after.state, after.classification, after.batch) == (TicketState.DONE, before.classification, before.batch)
    assert (after.tokens - before.tokens, after.cost - before.cost) == (7, 0.5)


async def test_the_first_finding_stands():
    async with a_store() as store:
        job_id = await in_company(store)
        await record_check(store, job_id, checked(1))
        await record_check(store, job_id, checked(1, OTHER), batch=3)
        assert await agreement(store, job_id) == {SIMPLE: Agreement(1, 1, 1)}


async def test_other_labels_and_no_answer_are_told_apart():
    async with a_store() as store:
        job_id = await in_company(store)
        await record_check(store, job_id, checked(1, OTHER))
        await record_check(store, job_id, checked(2, None), batch=3)
        assert await agreement(store, job_id) == {SIMPLE: Agreement(1, 0, 1, unanswered=1)}


async def test_only_chosen_tickets_that_were_answered_in_company_are_left_to_ask():
    async with a_store() as store:
        job_id = await in_company(store)
        await record_check(store, job_id, checked(1))
        left = await store.unchecked(job_id, lambda position: position != 3)
        alone = await a_job(store, rows(1))
        await store.record(a_settlement(alone, done(1), entry=an_entry(1, batch=1)), NOW)
        assert await store.unchecked(alone, lambda _: True) == []
    assert [(ticket.position, ticket.company, ticket.check_of.category) for ticket in left] == [
        (2, 1, BILLING.category),
        (4, 1, BILLING.category),
    ]


async def test_a_tickets_requests_name_the_one_that_only_checked():
    async with a_store() as store:
        job_id = await in_company(store)
        await record_check(store, job_id, checked(2, OTHER))
        attempts = await store._database.read(lambda c: Reader(c).attempts(job_id, 2))
    assert [attempt.alone for attempt in attempts] == [None, ("other", "high")]


async def test_a_deleted_job_takes_its_checks_along():
    async with a_store() as store:
        job_id = await in_company(store)
        await record_check(store, job_id, checked(1))
        await store.delete_job(job_id)
        assert await store._database.read(lambda c: c.execute("SELECT count(*) FROM checks").fetchone()) == (0,)
