"""The cache keeps the first answer for its time to live: to the millisecond, and whatever the clock does."""

import pytest

from forge_tui.core.outcome import Classification
from store_builders import DAY_S, NOW, a_job, a_row, a_settlement, a_store, add_rows, all_rows, done, key_of, looked_at

OTHER = Classification("other", "low", "Something else")
MS = 0.001


async def _answer(store, at, **given):
    job_id = await a_job(store, [a_row(1, "a")], now=NOW, ttl_s=None)
    await store.record(a_settlement(job_id, done(1, **given)), at)


async def _known(store, at, ttl_s=DAY_S):
    return await store.cached([key_of("a"), key_of("b")], at, ttl_s) == {key_of("a")}


async def _answer_given(store, at):
    job_id = await a_job(store, now=NOW)
    await add_rows(store, job_id, [a_row(1, "a")], [], now=at, ttl_s=DAY_S)
    (ticket,) = await all_rows(store, job_id)
    return ticket.classification.category if ticket.classification else None


@pytest.mark.parametrize(
    ("age_s", "known"),
    [(0, True), (DAY_S - MS, True), (DAY_S, False), (DAY_S + MS, False), (-MS, False), (-25 * 3600, False)],
)
async def test_an_answer_is_known_until_its_time_is_over_and_never_from_the_future(age_s, known):
    """D21: only the time to live and the key decide, and the key holds the model."""
    async with a_store() as store:
        await _answer(store, NOW)
        assert await _known(store, NOW + age_s) is known
        assert (await _answer_given(store, NOW + age_s) is not None) is known


async def test_a_shorter_time_to_live_is_obeyed_at_once():
    async with a_store() as store:
        await _answer(store, NOW)
        assert await _known(store, NOW + 9, ttl_s=10)
        assert not await _known(store, NOW + 10, ttl_s=10)
        assert not await _known(store, NOW, ttl_s=0)


async def test_of_two_answers_the_first_is_given_until_its_own_time_is_over():
    async with a_store() as store:
        await _answer(store, NOW)
        await _answer(store, NOW + 60, classification=OTHER)
        assert await _answer_given(store, NOW + DAY_S - MS) == "billing"
        assert await _answer_given(store, NOW + DAY_S) == "other"
        assert not await _known(store, NOW + DAY_S + 60)


async def test_an_expired_answer_is_replaced():
    async with a_store() as store:
        await _answer(store, NOW)
        await _answer(store, NOW + DAY_S, classification=OTHER)
        assert await _answer_given(store, NOW + DAY_S + 60) == "other"


async def test_an_answer_from_the_future_is_replaced():
    async with a_store() as store:
        await _answer(store, NOW + 3600)
        await _answer(store, NOW, classification=OTHER)
        assert await _answer_given(store, NOW + 60) == "other"


async def test_a_twin_that_was_asked_by_itself_teaches_the_cache_nothing():
    """Its leader does: only leaders stand in the index of keys."""
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "a")])
        await store.record(a_settlement(job_id, done(2)), NOW)
        assert not await _known(store, NOW)
        await store.record(a_settlement(job_id, done(1)), NOW)
        assert await _known(store, NOW)


async def test_open_tickets_are_answered_by_what_the_cache_learnt_since():
    async with a_store() as store:
        tickets = [a_row(1, "a"), a_row(2, "b"), a_row(3, "a")]
        job_id = await a_job(store, tickets, now=NOW)
        await _answer(store, NOW + 1)
        assert await store.refresh_from_cache(job_id, NOW + 2, DAY_S) == 2
        assert await store.refresh_from_cache(job_id, NOW + 2, DAY_S) == 0
        stored, counts = await all_rows(store, job_id), (await store.job(job_id)).counts
    assert [ticket.saved_tokens for ticket in stored] == [100, 0, 100]
    assert (counts.from_cache, counts.queued, counts.twins, counts.lookups) == (2, 1, 0, 3)


async def test_thousands_of_keys_are_asked_at_once():
    keys = [key_of(str(n)) for n in range(25_000)]
    async with a_store() as store:
        await _answer(store, NOW)
        assert await store.cached([*keys, key_of("a")], NOW, DAY_S) == {key_of("a")}
        assert await store.cached([], NOW, DAY_S) == set()


@pytest.mark.parametrize(("age_s", "answered"), [(DAY_S - MS, 1), (DAY_S + MS, 0), (-MS, 0)])
async def test_a_job_that_goes_on_takes_the_answers_of_a_day(age_s, answered):
    """P6: what another job was told since; not what is too old, nor what comes from the future."""
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a")])
        other = await a_job(store, [a_row(1, "a")], input_sha256="another")
        await store.record(a_settlement(other, done(1)), NOW)
        assert await store.refresh_from_cache(job_id, NOW + age_s, DAY_S) == answered


async def test_a_text_that_came_every_day_is_looked_up_as_quickly_as_a_new_one():
    async def steps(store, at):
        counted = []

        def look(reader):
            reader._connection.set_progress_handler(lambda: counted.append(1), 1)
            found = reader.cached([key_of("a")], now=at, ttl_s=DAY_S)
            reader._connection.set_progress_handler(None, 0)
            return found

        assert await looked_at(store, look) == {key_of("a")}
        return len(counted)

    async with a_store() as store:
        took = []
        for day in range(40):
            at = NOW + day * (DAY_S + 60)
            job_id = await a_job(store, [a_row(1, "a")], now=at)
            await store.record(a_settlement(job_id, done(1)), at)
            await store.finish(job_id, at)
            took.append(await steps(store, at + 1))
    # Each job costs a look at its row among the jobs, not one at each of its tickets.
    assert took[-1] - took[1] <= 10 * 38
