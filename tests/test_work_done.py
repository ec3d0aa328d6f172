"""What work costs, in counts and ratios: requests, SQL statements, events, modules. No clock is involved, so no machine is."""

import json
import subprocess
import sys

import pytest

from forge_tui.core.event import BatchSettled
from forge_tui.pipeline.estimator import tokens_of
from session_builders import in_a_world, texts

ROWS_AN_INSERT = 500
HEAVY = ("textual", "rich", "plotext", "httpx", "pydantic", "pydantic_settings", "structlog", "aiosqlite", "sqlite3")


async def _statements(world, work):
    """The statements that SQLite is given during `work`, those of a cursor's rows counted once."""
    seen = []
    database = world.session.store._database
    await database.read(lambda connection: connection.set_trace_callback(seen.append))
    await work()
    await database.read(lambda connection: connection.set_trace_callback(None))
    return seen


def _known_again(count):
    """Statements and events of a job whose every ticket was answered before."""

    async def story(world):
        rows = texts(count)
        await world.run(rows, "first.txt")
        before = len(world.events)

        async def again():
            prepared = await world.prepare(rows, "again.txt", fresh=True)
            await world.session.run(prepared.job_id)

        statements = await _statements(world, again)
        assert (world.snapshot.from_cache, world.snapshot.requests) == (count, 0)
        return statements, len(world.events) - before

    return in_a_world(story, sim="latency=0.01", concurrency=200, batch_size=20, canary_requests=0)


def test_a_job_that_is_all_known_costs_statements_and_events_by_the_chunk():
    few, few_events = _known_again(200)
    many, many_events = _known_again(4_000)
    inserts = [statement for statement in many if statement.startswith("INSERT INTO staged")]
    assert len(inserts) == 4_000 / ROWS_AN_INSERT
    assert len(many) - len(inserts) == len(few) - 1
    assert len(many) <= 70
    assert many_events == few_events


def test_an_answer_costs_a_handful_of_statements_however_big_the_job():
    def an_answer(count):
        async def story(world):
            prepared = await world.prepare(texts(count))
            statements = await _statements(world, lambda: world.session.run(prepared.job_id))
            return len(statements) / len(world.of(BatchSettled))

        return in_a_world(story, sim="latency=0.05", concurrency=50)

    few, many = an_answer(200), an_answer(2_000)
    assert many <= 12
    assert many <= 1.1 * few


def test_the_local_rules_judge_and_store_tickets_by_the_hundred():
    async def story(world):
        await world.run(texts(2_000))
        return world.of(BatchSettled)

    assert len(in_a_world(story, provider="local", batch_size="auto")) <= 2_000 / 200 + 2


def test_the_fault_mix_takes_hardly_more_requests_than_it_must():
    """10 % HTTP 500, 5 % 429, 5 % unusable: 500 tickets cannot be answered in fewer than 625 requests on average."""

    async def story(world):
        await world.run(texts(500))
        return world.snapshot, world.stats

    shot, stats = in_a_world(
        story, sim="latency=0.05,error_rate=0.1,rate_limit_rate=0.05,faults=garbage:0.05,seed=3", concurrency=10
    )
    assert (shot.done, shot.failed) == (500, 0)
    assert stats.requests <= 1.1 * 500 / 0.8


def test_a_binding_limit_is_filled_with_full_batches_of_few_tokens():
    async def story(world):
        rows = texts(2_000)
        await world.run(rows)
        return world.stats, sum(map(tokens_of, rows))

    stats, text_tokens = in_a_world(story, sim="latency=1,rpm=40", requests_per_min=40, batch_size="auto")
    assert stats.requests <= 1.03 * 200
    assert (stats.prompt_tokens - text_tokens) / 2_000 <= 30


def _loaded_by(*words):
    """The modules that a command has loaded when it ends, and its exit code."""
    program = (
        "import json, sys\nfrom forge_tui.__main__ import main\nsys.argv = ['forge-tui', *sys.argv[1:]]\n"
        "try:\n    main()\nfinally:\n    print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("jobs", "--help"), ("--version",)], ids=" ".join)
def test_a_page_of_help_loads_the_words_alone(words):
    loaded = _loaded_by(*words)
    assert {name for name in loaded if name.startswith("forge_tui")} == {
        *("forge_tui", "forge_tui.__main__", "forge_tui.cli", "forge_tui.cli.main", "forge_tui.cli.options")
    }
    assert loaded.isdisjoint({*HEAVY, "asyncio"})


def test_a_run_without_a_screen_loads_no_screen(tmp_path):
    (tmp_path / "tickets.txt").write_text("the screen is black\n", encoding="utf-8")
    where = ("--db", str(tmp_path / "forge.db"), "--output", str(tmp_path / "out"))
    loaded = _loaded_by("--batch", str(tmp_path / "tickets.txt"), "--provider", "local", *where)
    assert loaded.isdisjoint({"textual", "plotext", "unittest", "tkinter", "numpy"})
    assert not [
        name for name in loaded if name.startswith(("forge_tui.console", "forge_tui.provider.simulator.server"))
    ]


def test_the_console_paints_before_settings_log_engine_and_other_screens_are_loaded():
    program = "import sys, forge_tui.cli.console; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert loaded.isdisjoint({"httpx", "plotext", "pydantic", "structlog", "sqlite3"})
    screens = {name for name in loaded if name.startswith("forge_tui.console.screens.")}
    assert screens == {f"forge_tui.console.screens.{name}" for name in ("base", "jumps", "start")}
    assert not [name for name in loaded if name.startswith(("forge_tui.pipeline", "forge_tui.provider"))]
    # A data class takes as long to make as a widget to draw, and these are thirty.
    assert loaded.isdisjoint({f"forge_tui.core.{name}" for name in ("event", "command", "settlement")})
