"""P4: the power fails at any write: the database is whole, holds every acknowledged transaction, and nothing by halves."""

import asyncio
import random
from collections import Counter

import pytest

from forge_tui.core.command import Cancel, Pause, Resume
from power_cut_builders import Committed, Disk, every_statement, replay, state_after
from session_builders import in_a_world, texts


@pytest.fixture(scope="module")
def statements(tmp_path_factory):
    """What a run with twins, an outage, a pause and a cancel, and the next start after it, make SQLite do."""
    db = tmp_path_factory.mktemp("run") / "forge.db"
    found: list[str] = []

    async def story(w):
        for delay_s, command in ((8, Pause(1)), (20, Resume(2))):
            asyncio.get_running_loop().call_later(delay_s, w.session.submit, command)
        await w.run([*texts(60), *texts(10)], "first.txt")
        asyncio.get_running_loop().call_later(0.3, w.session.submit, Cancel(3))
        await w.run([f"{text} again" for text in texts(20)], "second.txt")

    with every_statement(found):
        in_a_world(story, sim="latency=0.2,phases=0.3-5:internal_error", db=db, concurrency=4)
        in_a_world(lambda w: w.run(texts(5)), sim="latency=0.2", db=db)
    return [statement for statement in found if not statement.startswith("SELECT")]


def lost_after_cuts(statements, folder, cuts, synchronous):
    """How many acknowledged transactions each of `cuts` power cuts took; every state is one of the run's own."""
    rng = random.Random(f"{cuts}:{synchronous}")
    steps = replay(statements, folder / "replayed.db", synchronous=synchronous)
    states = [state_after({}, folder / "cut.db")]
    states += [step.state for step in steps if isinstance(step, Committed)]
    disk, acknowledged, lost = Disk(), 0, Counter()
    times = Counter(rng.randrange(len(steps)) for _ in range(cuts))
    for number, step in enumerate(steps):
        for _ in range(times[number]):
            found = state_after(disk.cut(rng), folder / "cut.db")
            reached = [count for count, state in enumerate(states[: acknowledged + 2]) if state == found]
            assert reached, f"no state of the run: step {number} of {len(steps)}"
            lost[max(0, acknowledged - reached[-1])] += 1
        disk.take(step)
        acknowledged += isinstance(step, Committed)
    return lost


def test_a_power_cut_takes_nothing_that_was_acknowledged(statements, tmp_path):
    assert lost_after_cuts(statements, tmp_path, 2_000, "FULL") == {0: 2_000}


def test_without_a_sync_for_each_commit_it_would(statements, tmp_path):
    lost = lost_after_cuts(statements, tmp_path, 200, "NORMAL")
    assert sum(cuts for transactions, cuts in lost.items() if transactions) > 50


@pytest.mark.soak
def test_a_hundred_thousand_cuts_take_nothing_either(statements, tmp_path):
    assert lost_after_cuts(statements, tmp_path, 100_000, "FULL") == {0: 100_000}
