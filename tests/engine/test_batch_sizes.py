"""How many tickets ride in a request, on whole jobs in virtual time: what decides it, and that every change is told."""

from itertools import groupby, pairwise

import pytest

from forge_tui.core.event import BatchSent, BatchSettled, LimitChanged
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.pipeline.sizes import CANARY, CUT, HINTED
from forge_tui.provider.prompt import prompt_overhead_tokens
from forge_tui.storage.reader import Reader
from session_builders import SIMPLE, in_a_world, texts

SEATS = """
SELECT attempt_id, position FROM attempt_tickets WHERE job_id = 1 ORDER BY attempt_id, place
"""


def adaptive(rows, **given):
    async def story(w):
        state = await w.run(rows)
        seats = await w.session.store._database.read(lambda c: c.execute(SEATS).fetchall())
        return state, w, seats

    return in_a_world(story, **({"batch_size": "auto"} | given))


def reasons(world, name):
    return [(event.before, event.after, event.reason) for event in world.of(LimitChanged) if event.name == name]


def shorts(count):
    return [SIMPLE.format(n=n) for n in range(count)]


def test_free_requests_carry_one_ticket_each():
    state, w, _ = adaptive(texts(100), sim="latency=0.2", requests_per_min=0)
    assert state is JobState.FINISHED
    assert {event.size for event in w.of(BatchSent)} == {1}
    assert w.of(LimitChanged) == []


def test_a_binding_rate_grows_the_batch_at_once_and_says_why():
    _, w, _ = adaptive(texts(1000), sim="latency=1", requests_per_min=40)
    for complexity, cap in (("simple", 20), ("medium", 10), ("complex", 5)):
        first, *_ = reasons(w, complexity)
        assert first == (1, cap, "40 requests/min")
    assert max(event.size for event in w.of(BatchSent)) == 20


def test_until_the_first_valid_answer_tickets_ride_alone():
    _, w, _ = adaptive(shorts(200), sim="latency=1", requests_per_min=40)
    first_answer = w.of(BatchSettled)[0].at
    assert {event.size for event in w.of(BatchSent) if event.at < first_answer} == {1}
    assert CANARY not in {event.reason for event in w.of(LimitChanged)}  # one was the size before


def test_the_last_few_are_shared_out_over_what_may_leave():
    _, w, _ = adaptive(shorts(400), sim="latency=2", requests_per_min=60)
    sizes = [event.size for event in w.of(BatchSent)]
    assert sizes[5] == 20
    assert 1 < sizes[-3] < 20
    assert any("few tickets left" in reason for *_, reason in reasons(w, "simple"))


def test_headers_that_leave_few_requests_grow_the_batch_before_a_429_comes():
    sim = "latency=0.5,rpm=60,burst=60"
    _, told, _ = adaptive(shorts(1500), sim=f"{sim},headers=groq", requests_per_min=0)
    _, untold, _ = adaptive(shorts(300), sim=sim, requests_per_min=0, batch_size=1)
    assert HINTED in {reason for *_, reason in reasons(told, "simple")}
    assert refusals(told) <= 2 < 20 < refusals(untold)
    assert (told.session.snapshot().done, untold.session.snapshot().done) == (1500, 300)
    assert told.stats.requests < 1500 / 8


def refusals(world):
    return sum(event.code is Code.RATE for event in world.of(BatchSettled))


def test_slots_held_down_by_429s_grow_the_batch():
    sim = "latency=0.5,rpm=60,burst=10"
    _, w, _ = adaptive(shorts(2000), sim=sim, requests_per_min=0)
    assert CUT in {reason for *_, reason in reasons(w, "simple")}
    assert max(event.size for event in w.of(BatchSent)) == 20


def test_tickets_that_are_asked_again_sit_in_another_order():
    _, _, seats = adaptive(shorts(600), sim="latency=0.5,faults=garbage:0.2,seed=5", requests_per_min=60)
    batches = [[position for _, position in aboard] for _, aboard in groupby(seats, key=lambda seat: seat[0])]
    aboard_before: set[int] = set()
    first, again = [], []
    for batch in batches:
        if len(batch) > 2:
            (first if aboard_before.isdisjoint(batch) else again).append(batch)
        aboard_before.update(batch)
    assert all(left < right for batch in first for left, right in pairwise(batch))
    assert any(batch != sorted(batch) for batch in again)


def test_what_company_saves_is_the_same_live_in_the_ledger_and_after_a_resume(tmp_path):
    async def first(w):
        await w.run(shorts(400))
        return w.snapshot, await w.session.store._database.read(lambda c: Reader(c).stats(1))

    async def again(w):
        await w.session.run(1)
        return w.snapshot

    given = {"sim": "latency=0.5", "batch_size": 10, "canary_requests": 0, "db": tmp_path / "forge.db"}
    shot, stats = in_a_world(first, **given)
    shared = prompt_overhead_tokens(SUPPORT_TAXONOMY)
    assert shot.batching_saved_tokens == (400 - shot.requests) * shared == stats.batching_saved_tokens
    assert shot.batching_saved_cost == pytest.approx(stats.batching_saved_cost)
    resumed = in_a_world(again, **given)
    assert resumed.batching_saved_tokens == shot.batching_saved_tokens


def test_what_twins_save_is_the_same_live_and_in_the_report():
    async def story(w):
        await w.run(["screen one stays black"] * 5 + ["invoice two is wrong"])
        return w.snapshot, await w.session.store._database.read(lambda c: Reader(c).stats(1))

    shot, stats = in_a_world(story, sim="latency=0.5")
    assert shot.saved_tokens == stats.saved_tokens > 0
    assert shot.saved_cost == pytest.approx(stats.saved_cost)
