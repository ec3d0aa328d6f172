"""The audit on whole jobs, in virtual time: what rode in company is asked again alone, and what that proves."""

import pytest

from forge_tui.core.agreement import Agreement
from forge_tui.core.command import StopNow
from forge_tui.core.event import BatchSent, JobOpened, LimitChanged, TicketChecked
from forge_tui.core.job import JobState
from forge_tui.core.ticket import Complexity
from forge_tui.pipeline.audit import Audit
from forge_tui.pipeline.batcher import DISTURBED
from forge_tui.storage.reader import Reader
from session_builders import in_a_world

TICKETS = """
SELECT position, state, category, tokens, cost FROM tickets WHERE job_id = 1 ORDER BY position
"""
CHECKS = "SELECT position, category, alone_category FROM checks WHERE job_id = 1 ORDER BY position"
LEDGER = "SELECT sum(prompt_tokens + completion_tokens), sum(cost), count(*) FROM attempts"
SHORT = (
    "invoice {n} was charged twice",
    "screen {n} stays black",
    "I cannot log in to portal {n}",
    "hello from desk {n}",
)


def mixed(count, start=0):
    """Short tickets of four categories in turn."""
    return [SHORT[n % len(SHORT)].format(n=n) for n in range(start, start + count)]


async def read(world, sql):
    return await world.session.store._database.read(lambda c: c.execute(sql).fetchall())


def audited(count=1000, **given):
    async def story(w):
        state = await w.run(mixed(count))
        found = await w.session.store._database.read(lambda c: Reader(c).agreement(1))
        return state, w, found, await read(w, TICKETS), await read(w, CHECKS), await read(w, LEDGER)

    scarce = {"batch_size": "auto", "requests_per_min": 60, "audit_share": 0.05}
    return in_a_world(story, **({"sim": "latency=0.5"} | scarce | given))


def test_the_chosen_share_is_asked_again_alone_and_moves_no_ticket():
    state, w, found, tickets, checks, _ = audited()
    chosen = [position for position in range(1, 1001) if Audit(0.05, 1, {}).chosen(position)]
    assert state is JobState.FINISHED
    asked = [position for position, _, _ in checks]
    assert set(asked) <= set(chosen)
    assert len(chosen) - 5 <= len(asked)  # a job's first answers ride alone: nothing to compare
    assert found == {Complexity.SIMPLE: Agreement(len(checks), len(checks), len(checks))}
    assert w.session.snapshot().agreement == found[Complexity.SIMPLE]
    assert (w.session.snapshot().done, len(tickets)) == (1000, 1000)
    assert sum(event.size for event in w.of(BatchSent)) == 1000


def test_a_job_without_the_option_asks_nobody_again():
    _, w, found, _, checks, ledger = audited(audit_share=0.0)
    assert (found, checks, w.of(TicketChecked)) == ({}, [], [])
    assert ledger[0][2] == len(w.of(BatchSent))


def test_what_rides_alone_anyhow_is_not_asked_again():
    _, _, _, _, checks, _ = audited(count=100, batch_size=1, requests_per_min=0, audit_share=1.0)
    assert checks == []


def test_a_model_that_mixes_neighbours_up_is_found_out_and_its_class_rides_alone():
    _, w, found, _, _, _ = audited(count=1500, sim="latency=0.5,faults=swapped:0.5,seed=3", audit_share=0.1)
    (alone,) = [event for event in w.of(LimitChanged) if event.name == Complexity.SIMPLE and event.after == 1]
    assert found[Complexity.SIMPLE].worse.high < 0.9
    assert "agreement" in alone.reason
    assert alone.reason.endswith("asked again alone")
    assert {event.size for event in w.of(BatchSent) if event.at > alone.at} == {1}
    assert max(event.size for event in w.of(BatchSent)) == 20
    assert w.session.snapshot().of_class(Complexity.SIMPLE).batch_reason == DISTURBED


def test_the_price_of_the_audit_is_in_rows_ledger_and_snapshot_alike():
    _, w, _, tickets, checks, ledger = audited(count=600, sim="latency=0.5,error_rate=0.1,faults=garbage:0.1,seed=4")
    tokens, cost, requests = ledger[0]
    shot = w.session.snapshot()
    assert len(checks) > 10
    assert (sum(row[3] for row in tickets), sum(row[4] for row in tickets)) == (tokens, pytest.approx(cost))
    assert (shot.tokens, shot.cost, shot.requests) == (tokens, pytest.approx(cost), requests)
    assert requests == w.stats.requests


def test_a_check_that_gets_no_answer_is_counted_and_fails_no_ticket():
    sim = "latency=0.5,script=6-8:garbage"  # by then all tickets are answered and only checks are under way
    state, w, found, tickets, _, _ = audited(40, sim=sim, audit_share=1.0, max_attempts=1, canary_requests=0)
    assert found[Complexity.SIMPLE] == Agreement(37, 37, 37, unanswered=3)
    assert (state, {row[1] for row in tickets}) == (JobState.FINISHED, {"done"})
    assert w.session.snapshot().failed == 0


def test_no_job_stops_for_a_check_that_does_not_fit_the_budget():
    one_batch = {"batch_size": 20, "canary_requests": 0, "audit_share": 1.0}
    *_, ledger = audited(20, **one_batch)
    state, w, found, *_, spent = audited(20, max_cost=0.8 * ledger[0][1], **one_batch)
    assert (state, w.session.snapshot().done) == (JobState.FINISHED, 20)
    assert 0 < found[Complexity.SIMPLE].checked < 20
    assert spent[0][1] <= 0.8 * ledger[0][1]


def test_what_a_stop_left_to_ask_again_is_asked_by_the_next_run_and_nobody_twice(tmp_path):
    def stop_soon(w):
        w.session.bus.subscribe(
            lambda event: (
                w.session.submit(StopNow(1))
                if isinstance(event, TicketChecked) and len(w.of(TicketChecked)) == 4
                else None
            )
        )

    async def stopped(w):
        stop_soon(w)
        return await w.run(mixed(300)), await read(w, CHECKS)

    async def resumed(w):
        state = await w.run(mixed(300))
        (opened,) = w.of(JobOpened)
        asked = [event.position for event in w.of(TicketChecked) if not event.again]
        return state, opened.agreement, asked, await read(w, CHECKS), w.snapshot

    given = {
        "batch_size": "auto",
        "requests_per_min": 60,
        "audit_share": 0.2,
        "sim": "latency=0.5",
        "db": tmp_path / "f",
    }
    state, before = in_a_world(stopped, **given)
    assert state is not JobState.FINISHED
    assert 4 <= len(before) < 20
    state, agreement, asked, after, shot = in_a_world(resumed, **given)
    assert state is JobState.FINISHED
    assert agreement.checked == len(before)
    assert sorted([*(row[0] for row in before), *asked]) == [row[0] for row in after]
    assert shot.agreement.checked == len(after)
    assert [row[0] for row in after] == sorted({row[0] for row in after})


def test_a_class_that_was_proven_wrong_rides_alone_in_the_next_run_too(tmp_path):
    async def story(w):
        await w.run(mixed(400))
        return [event.size for event in w.of(BatchSent)]

    async def again(w):
        w.session.submit(StopNow(1))
        prepared = await w.prepare(mixed(900))
        await w.session.store._database.write(
            lambda c: c.executemany(
                "INSERT INTO checks VALUES (?, ?, 'simple', 1, 'billing', 'low', 'other', 'low', 0)",
                [(prepared.job_id, position) for position in range(1, 41)],
            )
        )
        await w.session.run(prepared.job_id)
        return [event.size for event in w.of(BatchSent)]

    given = {"batch_size": 10, "audit_share": 0.01, "sim": "latency=0.2", "canary_requests": 0}
    assert max(in_a_world(story, **given)) == 10
    assert set(in_a_world(again, **given)) == {1}
