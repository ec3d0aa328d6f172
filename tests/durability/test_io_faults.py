"""P12: whichever reading or writing of a disk fails, a run waits and goes on or ends with a code, and loses nothing."""

import asyncio
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from unittest.mock import patch

import pytest

from failing_disk_builders import BUSY, FULL, IO, Disk, output_on, sqlite_on
from forge_tui.core.command import Drain, Pause, StopNow
from forge_tui.core.errors import DatabaseFault, ForgeError, OutputRefused
from forge_tui.core.event import BatchSettled, CommandAnswered, Notice
from forge_tui.core.failure import RULES, Code
from forge_tui.core.job import JobState
from forge_tui.pipeline.export import export_job
from forge_tui.pipeline.output_folder import FILES
from forge_tui.storage import database
from forge_tui.storage.reader import Reader
from session_builders import in_a_world, texts
from store_builders import all_rows, rows_of_file
from virtual_time import EPOCH

ROWS = [*texts(14), *texts(3)]
FAULT_S = 12.0
NEVER = 1e9


@dataclass
class Told:
    """What a run had told when it ended, and how that was."""

    ended: object = None
    done: int = 0
    notices: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    end_s: float = 0.0
    calls: int = 0
    failed: bool = False


def a_run(folder, kind, fails_at, *, fault_s=FAULT_S, cached=True, orders=(), size=4):
    """A run whose database fails at call number `fails_at`, and from then on for `fault_s`."""
    told = Told()
    moments: list[float] = []
    clocks: list = []

    def well_again():
        # Before the loop's clock there is nobody who could wait.
        moments.append(clocks[0].monotonic() if clocks else -NEVER)
        return moments[-1] >= moments[0] + fault_s

    def hear(event):
        match event:
            case BatchSettled():
                told.done += event.done + event.twins_done
            case Notice():
                told.notices.append(event.text)
            case CommandAnswered():
                told.answers.append(event.command_id)

    async def story(w):
        clocks.append(w.clock)
        w.session.bus.subscribe(hear)
        for at_s, command in orders:
            asyncio.get_running_loop().call_later(at_s, w.session.submit, command)
        try:
            return await w.run(ROWS)
        finally:
            told.end_s = w.clock.monotonic()

    disk = Disk(kind, fails_at, well_again)
    pragmas = database._PRAGMAS if cached else (*database._PRAGMAS, "PRAGMA cache_size = 0")
    with sqlite_on(disk), patch.object(database, "_PRAGMAS", pragmas):
        try:
            told.ended = in_a_world(story, sim="latency=0.2", db=folder / "forge.db", batch_size=size, concurrency=2)
        except ForgeError as fault:
            told.ended = fault
    told.calls, told.failed = disk.calls, disk.failed
    return told


def stored_answers(db):
    """The texts that have their answer on disk."""
    if not db.exists() or not rows_of_file(db, "SELECT 1 FROM sqlite_master WHERE name = 'tickets'"):
        return set()
    assert rows_of_file(db, "PRAGMA quick_check") == [("ok",)]
    return {text for (text,) in rows_of_file(db, "SELECT text FROM tickets WHERE state = 'done'")}


def check_next_start(folder, known):
    """With a good disk the job goes on: what was known is not asked again, and every row ends with its own answer."""

    async def story(w):
        state = await w.run(ROWS)
        return state, await all_rows(w.session.store, 1), w.stats

    state, rows, stats = in_a_world(story, sim="latency=0.2", db=folder / "forge.db", batch_size=4)
    assert state is JobState.FINISHED
    assert [row.text for row in rows] == ROWS
    assert {row.classification.category for row in rows} <= {"software_issue", "hardware_issue", "other"}
    assert {stats.calls_of(text) for text in known} <= {0}


def check(folder, told, *, again):
    known = stored_answers(folder / "forge.db")
    assert sum(row in known for row in ROWS) >= told.done
    if told.ended is JobState.FINISHED:
        assert known == set(ROWS)
        assert len(told.notices) in {0, 2}
        return
    assert isinstance(told.ended, DatabaseFault) or told.ended is JobState.PAUSED
    if again:
        check_next_start(folder, known)


def fail_at_each(calls, folder, kind, **given):
    """A run for each of these calls; how each ended."""
    ends = Counter()
    for number in calls:
        place = folder / f"{number}"
        place.mkdir()
        told = a_run(place, kind, number, **given)
        assert told.failed
        check(place, told, again=number % 4 == 0)
        ends[type(told.ended)] += 1
    return ends


def calls_of_a_run(folder, kind, **given):
    (folder / "whole").mkdir()
    return range(1, a_run(folder / "whole", kind, None, **given).calls - 8)


# The last calls are those of the close, which has nobody to tell: what is acknowledged is in the log by then.


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("kind", [IO, FULL])
def test_whichever_call_fails_the_run_waits_or_ends_with_a_code(kind, part, tmp_path):
    ends = fail_at_each(calls_of_a_run(tmp_path, kind)[part::3], tmp_path, kind)
    assert ends[JobState] > 20
    assert ends[DatabaseFault] > 20


def test_a_database_that_is_busy_is_waited_for_or_told(tmp_path):
    ends = fail_at_each(range(1, 11), tmp_path, BUSY)
    assert ends[JobState] >= 4


def test_a_reading_that_fails_in_the_middle_of_a_run_pauses_it(tmp_path):
    """A big job does not stay in SQLite's memory: its tickets are read while others are in flight."""
    calls = calls_of_a_run(tmp_path, IO, cached=False)[300::4]
    assert fail_at_each(calls, tmp_path, IO, cached=False)[JobState] > 20


@pytest.mark.parametrize(("order", "within_s"), [(Drain(2), 20.0), (StopNow(2), 0.1)])
def test_a_run_that_waits_for_a_full_disk_can_be_stopped(order, within_s, tmp_path):
    """Also when an earlier order waits for the disk itself."""
    told = a_run(tmp_path, FULL, 130, fault_s=NEVER, orders=[(29.0, Pause(1)), (30.0, order)])
    assert f"{RULES[Code.DISK].advice} The job goes on by itself." in told.notices[0]
    assert isinstance(told.ended, DatabaseFault)
    assert told.end_s <= 30.0 + within_s
    check_next_start(tmp_path, stored_answers(tmp_path / "forge.db"))


@pytest.mark.parametrize("kind", [IO, FULL])
def test_whichever_writing_of_the_results_fails_each_file_is_whole_and_the_next_export_writes_all(kind, tmp_path):
    db, out = tmp_path / "forge.db", tmp_path / "out"
    in_a_world(lambda w: w.run(ROWS), sim="latency=0.2,poison=floor 2:rejected", db=db)
    old = {name: f"old {name}\n".encode() for name in FILES}
    new = {}
    for number in count(1):
        for name, content in old.items():
            (out / name).write_bytes(content) if out.exists() else None
        disk = Disk(kind, number)
        with closing(Reader(db)) as reader:
            with suppress(OutputRefused), output_on(disk):
                export_job(reader, 1, out, closed_at=lambda: EPOCH + 60.0)
            if not out.exists():
                continue
            if not new:
                export_job(reader, 1, out, closed_at=lambda: EPOCH + 60.0)
                new = contents(out)
                continue
        found = contents(out)
        assert set(found) == set(FILES)
        assert all(found[name] in {old[name], new[name]} for name in FILES)
        if not disk.failed:
            assert found == new
            break
    assert number > 40


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}
