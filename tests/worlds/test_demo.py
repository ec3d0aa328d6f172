"""`make demo` in virtual time: a day in the life that leaves something to do, and nothing that cannot be cured."""

import csv
from pathlib import Path

from forge_tui.core.event import BreakerChanged, GateShut
from forge_tui.core.job import JobState
from session_builders import in_a_world

SAMPLE = Path(__file__).parents[2] / "sample_tickets" / "tickets.csv"
FEW = 8


def test_the_demo_has_a_storm_an_outage_and_a_few_failures_that_one_retry_cures():
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = [" ".join(row["text"].split()) for row in csv.DictReader(file)]

    async def day(world):
        job_id = (await world.prepare(rows)).job_id
        state = await world.session.run(job_id)
        failed = world.snapshot.failed
        took_s = world.snapshot.elapsed_s
        positions = tuple(row for row in range(1, len(rows) + 1))
        await world.session.retry(job_id, positions)
        return state, failed, took_s, await world.session.run(job_id), world

    state, failed, took_s, after, world = in_a_world(day, sim="world=demo", requests_per_min=30, use_cache=False)
    assert state is JobState.FINISHED_WITH_FAILURES
    assert 0 < failed <= FEW
    assert 120 < took_s < 300
    assert after is JobState.FINISHED
    assert [change.state for change in world.of(BreakerChanged)][:1] == ["OPEN"]
    assert world.of(GateShut)
