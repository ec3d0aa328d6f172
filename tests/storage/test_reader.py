"""Pages, filters, groups and figures are the same for whoever reads, beside a running owner or after it."""

import pytest

from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.storage.filters import Order
from forge_tui.storage.reader import Reader
from store_builders import (
    DAY_S,
    NOW,
    a_job,
    a_refusal,
    a_row,
    a_settlement,
    a_store,
    an_entry,
    done,
    failed,
    key_of,
    looked_at,
    rows,
    waiting,
)


@pytest.fixture
async def failures():
    """Six failures among eight rows: 1 and 5 E-JSON, 2 E-FILTER, 3 and 6 E-SCHEMA (6 complex), 8 refused."""
    tickets = [a_row(n, f"ticket {n} about 100% cotton" if n == 3 else None) for n in (1, 2, 3, 4, 5)]
    async with a_store() as store:
        refused = [a_refusal(8, message="no text in column body")]
        job_id = await a_job(store, [*tickets, a_row(6, complexity=Complexity.COMPLEX), a_row(7)], refused)
        bad = [failed(1, code=Code.JSON, message="not JSON"), failed(5, code=Code.JSON, message="not JSON")]
        bad += [failed(2, code=Code.FILTER, message="refused"), failed(3), failed(6)]
        await store.record(a_settlement(job_id, done(4), *bad), NOW)
        yield lambda look: looked_at(store, lambda reader: look(reader, job_id))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [1, 2, 3, 5, 6, 8]),
        ({"codes": [Code.JSON]}, [1, 5]),
        ({"codes": [Code.JSON, Code.FILTER]}, [1, 2, 5]),
        ({"exclude_codes": [Code.JSON, Code.INPUT]}, [2, 3, 6]),
        ({"complexities": [Complexity.COMPLEX]}, [6]),
        ({"exclude_complexities": [Complexity.SIMPLE]}, [6, 8]),
        ({"words": "NOT json"}, [1, 5]),
        ({"words": "100%"}, [3]),
        ({"words": "0_0"}, []),
        ({"words": "column", "codes": [Code.INPUT]}, [8]),
        ({"words": "x" * 100_000}, []),
        ({"positions": [6, 1, 7]}, [1, 6]),
    ],
)
async def test_a_filter_leaves_the_same_rows_in_list_and_positions(failures, wanted, found):
    assert await failures(lambda reader, job: [row.position for row in reader.failures(job, **wanted)]) == found
    assert await failures(lambda reader, job: reader.positions(job, **wanted)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (Order.TICKET, [1, 2, 3, 5, 6, 8]),
        (Order.CLASS, [6, 1, 2, 3, 5, 8]),
        (Order.CODE, [2, 8, 1, 5, 3, 6]),
        (Order.TRIES, [1, 2, 3, 5, 6, 8]),
        (Order.AGE, [1, 2, 3, 5, 6, 8]),
        (Order.VERDICT, [1, 5, 3, 6, 2, 8]),
        (Order.MESSAGE, [3, 6, 8, 1, 5, 2]),
    ],
)
async def test_failures_come_in_the_order_asked_for_and_equals_in_that_of_the_input(failures, order, found):
    assert await failures(lambda reader, job: reader.positions(job, order)) == found


async def test_of_the_positions_the_first_may_be_enough(failures):
    assert await failures(lambda reader, job: reader.positions(job, limit=2)) == [1, 2]
    assert await failures(lambda reader, job: reader.positions(job, Order.CLASS, 2)) == [6, 1]


async def test_a_failed_ticket_tells_how_many_others_failed_like_it(failures):
    assert await failures(lambda reader, job: reader.ticket(job, 1).alike) == 1
    assert await failures(lambda reader, job: reader.ticket(job, 2).alike) == 0
    assert await failures(lambda reader, job: reader.ticket(job, 4).alike) == 0


async def test_pages_follow_each_other_without_gap_or_overlap(failures):
    def pages(reader, job):
        first = reader.failures(job, limit=4)
        return [[row.position for row in page] for page in (first, reader.failures(job, after=first[-1].position))]

    assert await failures(pages) == [[1, 2, 3, 5], [6, 8]]


async def test_a_failure_row_tells_what_an_operator_needs(failures):
    (row,) = await failures(lambda reader, job: reader.failures(job, codes=[Code.FILTER]))
    assert (row.code, row.message, row.complexity, row.text) == (Code.FILTER, "refused", Complexity.SIMPLE, "text 2")
    assert (str(row.origin), row.ticket_attempts, row.failed_at) == ("tickets.csv:3", 3, NOW)


async def test_causes_are_grouped_with_the_most_frequent_first(failures):
    groups = await failures(lambda reader, job: [tuple(group) for group in reader.failure_groups(job)])
    assert groups == [
        (Code.JSON, "not JSON", 2, 1),
        (Code.SCHEMA, "category x", 2, 3),
        (Code.FILTER, "refused", 1, 2),
        (Code.INPUT, "no text in column body", 1, 8),
    ]


async def test_numbers_and_ids_make_no_cause_of_their_own():
    said = ["line 81: no text", "line 2204: no text", "request req_01hx3v9k2m failed", "request req_77bc1a0f9d failed"]
    async with a_store() as store:
        job_id = await a_job(store, [a_row(n) for n in range(1, 6)])
        bad = [failed(n, code=Code.JSON, message=message) for n, message in enumerate(said, start=1)]
        await store.record(a_settlement(job_id, *bad, failed(5, code=Code.SERVER, message="line 81: no text")), NOW)
        groups = await looked_at(store, lambda reader: reader.failure_groups(job_id))
    assert [tuple(group) for group in groups] == [
        (Code.JSON, "line #: no text", 2, 1),
        (Code.JSON, "request # failed", 2, 3),
        (Code.SERVER, "line 81: no text", 1, 5),
    ]


async def test_groups_and_counts_are_of_what_the_filter_leaves(failures):
    wanted = {"complexities": [Complexity.SIMPLE], "words": "e"}
    assert [group.n for group in await failures(lambda reader, job: reader.failure_groups(job, **wanted))] == [2, 1, 1]
    assert await failures(lambda reader, job: reader.failure_codes(job, **wanted)) == {
        Code.JSON: 2,
        Code.FILTER: 1,
        Code.SCHEMA: 1,
    }
    assert await failures(lambda reader, job: list(reader.failure_codes(job))) == [
        Code.JSON,
        Code.SCHEMA,
        Code.FILTER,
        Code.INPUT,
    ]


async def test_a_hundred_thousand_positions_are_found_without_reading_a_ticket(failures):
    """A list that fetched a row of the table for each position took three times as long (measured)."""

    def plans(reader, job):
        seen = []
        reader._connection.set_trace_callback(seen.append)
        reader.positions(job)
        reader.positions(job, codes=[Code.JSON], exclude_complexities=[Complexity.SIMPLE])
        reader.failure_codes(job)
        reader.result_positions(job)
        reader.result_positions(job, categories=["billing"], exclude_priorities=["low"])
        reader.counts_by_label(job)
        reader._connection.set_trace_callback(None)
        on_tickets = [sql for sql in seen if "FROM tickets" in sql and "count(*) FILTER" not in sql]
        return [[row[3] for row in reader._rows(f"EXPLAIN QUERY PLAN {sql}", ())] for sql in on_tickets]

    for plan in await failures(plans):
        searches = [step for step in plan if "tickets" in step]
        assert searches
        assert all("COVERING INDEX" in step for step in searches), plan


@pytest.fixture
async def results():
    """Five results: 1 billing/high and its twin 4, 2 other/low, 3 billing/low, 5 from the cache like 2."""
    async with a_store() as store:
        earlier = await a_job(store, [a_row(1, "known")], now=NOW - 60)
        other = Classification("other", "low", "Asks for a price", ("repaired",))
        await store.record(a_settlement(earlier, done(1, classification=other)), NOW - 60)
        tickets = [a_row(n, text) for n, text in enumerate(["a", "b", "c", "a", "known", "open"], start=1)]
        job_id = await a_job(store, tickets)
        late = Classification("billing", "low", "Refund is late")
        answers = [done(1), done(2, classification=other), done(3, classification=late)]
        await store.record(a_settlement(job_id, *answers, entry=an_entry(1, 2, 3, batch=31)), NOW)
        yield lambda look: looked_at(store, lambda reader: look(reader, job_id))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"categories": ["billing"]}, [1, 3, 4]),
        ({"categories": ["billing"], "priorities": ["high"]}, [1, 4]),
        ({"exclude_categories": ["billing"]}, [2, 5]),
        ({"exclude_priorities": ["low"]}, [1, 4]),
        ({"words": "late refund"}, [3]),
        ({"after": 3}, [4, 5]),
    ],
)
async def test_results_are_filtered_by_label_and_words(results, wanted, found):
    assert await results(lambda reader, job: [row.position for row in reader.results(job, **wanted)]) == found
    if "after" not in wanted:
        assert await results(lambda reader, job: reader.results_count(job, **wanted)) == len(found)
        assert await results(lambda reader, job: reader.result_positions(job, **wanted)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (Order.CATEGORY, [1, 3, 4, 2, 5]),
        (Order.PRIORITY, [1, 4, 2, 3, 5]),
        (Order.SOURCE, [5, 1, 2, 3, 4]),
    ],
)
async def test_results_come_in_the_order_asked_for(results, order, found):
    assert await results(lambda reader, job: reader.result_positions(job, order)) == found


async def test_labels_and_sources_are_counted_over_the_whole_job(results):
    categories, priorities, sources = await results(lambda reader, job: reader.counts_by_label(job))
    assert categories == {"billing": 3, "other": 2}
    assert priorities == {"high": 2, "low": 3}
    assert sources == {Source.MODEL: 3, Source.CACHE: 1, Source.TWIN: 1}


async def test_a_result_row_tells_where_it_came_from(results):
    first, _, _, twin, cached = await results(lambda reader, job: reader.results(job))
    assert [(row.source, row.batch) for row in (first, twin, cached)] == [
        (Source.MODEL, 31),
        (Source.TWIN, None),
        (Source.CACHE, None),
    ]
    assert (cached.category, cached.summary, cached.flags) == ("other", "Asks for a price", ("repaired",))


async def test_a_ticket_knows_its_twins_and_every_request_it_rode_in():
    async with a_store() as store:
        job_id = await a_job(store, [a_row(1, "a"), a_row(2, "b"), a_row(3, "a"), a_row(4, "a")])
        cut = an_entry(2, 1, batch=7, code=Code.JSON)
        await store.record(a_settlement(job_id, waiting(1, code=Code.JSON, message="prose"), entry=cut), NOW)
        await store.record(a_settlement(job_id, done(1), entry=an_entry(1, batch=9)), NOW)
        ticket = await looked_at(store, lambda reader: reader.ticket(job_id, 1))
        first, second = await looked_at(store, lambda reader: reader.attempts(job_id, 1))
        (other,) = await looked_at(store, lambda reader: reader.attempts(job_id, 2))
        with pytest.raises(UnknownJob, match="T-000099 in J-0001"):
            await looked_at(store, lambda reader: reader.ticket(job_id, 99))
    assert (ticket.twins, ticket.state) == ((3, 4), TicketState.DONE)
    assert (first.batch, first.place, first.size, first.code, first.message) == (7, 2, 2, Code.JSON, "prose")
    assert (second.batch, second.place, second.size, second.code) == (9, 1, 1, None)
    assert (other.code, other.message) == (Code.JSON, "")


async def test_percentiles_are_per_request_of_this_job_and_of_answered_ones_only():
    """D27: neither other jobs nor requests without an answer move them."""
    async with a_store() as store:
        other = await a_job(store, rows(1))
        await store.record(a_settlement(other, done(1), entry=an_entry(1, latency_ms=9e9)), NOW)
        job_id = await a_job(store, rows(100), ttl_s=None)
        for n in range(1, 101):
            await store.record(a_settlement(job_id, done(n), entry=an_entry(n, latency_ms=float(n))), NOW)
        hang = an_entry(1, latency_ms=60_000.0, http_status=None, code=Code.TIMEOUT)
        await store.record(a_settlement(job_id, entry=hang), NOW)
        stats = await looked_at(store, lambda reader: reader.stats(job_id))
    assert (stats.p50_ms, stats.p95_ms, stats.p99_ms) == (50, 95, 99)
    assert (stats.requests, stats.requests_failed, stats.total_tokens, stats.cost) == (101, 1, 10_100, 101.0)


async def test_figures_can_be_read_at_any_time_and_never_expire():
    """D15, D17: the same figures while it runs, at its end, and long after."""
    async with a_store() as store:
        job_id = await a_job(store, rows(4), [a_refusal(5)])
        empty = await looked_at(store, lambda reader: reader.stats(job_id))
        await store.record(a_settlement(job_id, done(1), done(2), done(3), failed(4)), NOW)
        await store.finish(job_id, NOW + 30)
        stats = await looked_at(store, lambda reader: reader.stats(job_id))
    assert (empty.p50_ms, empty.cache_hit_rate, empty.failure_rate, empty.duration_s) == (0, 0, 1, None)
    assert (stats.failure_rate, stats.cache_hit_rate, stats.duration_s) == (2 / 5, 0, 30)


async def test_what_dedup_saved_is_told(results):
    stats = await results(lambda reader, job: reader.stats(job))
    assert (stats.saved_tokens, stats.saved_cost, stats.cache_hits, stats.lookups) == (200, 2.0, 1, 6)
    assert stats.cache_hit_rate == 1 / 6


async def test_others_may_read_while_the_owner_writes(tmp_path):
    path = tmp_path / "forge.db"
    async with a_store(path) as store:
        job_id = await a_job(store, rows(5))
        reader = Reader(path)
        try:
            await store.record(a_settlement(job_id, done(1)), NOW)
            assert reader.job(job_id).counts.done == 1
            assert reader.cached([key_of("text 1"), key_of("text 2")], now=NOW, ttl_s=DAY_S) == {key_of("text 1")}
            await store.set_state(job_id, JobState.RUNNING, now=NOW)
            assert [job.state for job in reader.jobs()] == [JobState.RUNNING]
            with pytest.raises(UnknownJob, match="J-0007"):
                reader.job(7)
        finally:
            reader.close()


async def test_a_reader_between_two_pages_pins_no_log(tmp_path):
    path = tmp_path / "forge.db"
    async with a_store(path) as store:
        job_id = await a_job(store, rows(3000))
        outcomes = [done(n) for n in range(1, 3001)]
        await store.record(a_settlement(job_id, *outcomes), NOW)
        reader = Reader(path)
        try:
            walked = reader.settled_rows(job_id)
            first = next(walked)
            await store._database.truncate_wal()
            assert (tmp_path / "forge.db-wal").stat().st_size == 0
            rest = list(walked)
        finally:
            reader.close()
    assert [first.position, *(row.position for row in rest)] == list(range(1, 3001))


async def test_jobs_are_listed_newest_first():
    async with a_store() as store:
        made = [await a_job(store, rows(n), input_sha256=str(n)) for n in range(4)]
        listed = await looked_at(store, lambda reader: reader.jobs(limit=3))
    assert [(job.job_id, job.counts.total) for job in listed] == [(made[3], 3), (made[2], 2), (made[1], 1)]
