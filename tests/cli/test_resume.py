"""Going on with a stored job, asking failed tickets again, and deleting, as typed."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from forge_tui.storage.reader import Reader

Type = Callable[..., Result]
HALTS = (
    "--provider",
    "simulated",
    "--batch-size",
    "1",
    "--concurrency",
    "1",
    "--sim",
    "latency=0.01,script=2-:revoked",
)
HEALS = ("--sim", "latency=0.01")


def last_line(result: Result) -> str:
    return result.stderr.splitlines()[-1]


def job(typed: Type, name: str = "last") -> dict[str, object]:
    return json.loads(typed("jobs", name, "--json").stdout)


def test_the_same_command_goes_on_with_the_unfinished_job_and_says_so(typed: Type):
    halted = typed("--batch", "tickets.csv", *HALTS)
    assert halted.exit_code == 3
    again = typed("--batch", "tickets.csv", *HALTS[:-2], *HEALS)
    assert again.exit_code == 0
    assert "J-0001 goes on: 2 of 3 done before, 1 to do" in again.stderr
    assert job(typed)["job_id"] == "J-0001"


def test_resume_without_a_name_takes_the_newest_open_job_with_its_own_settings(typed: Type):
    typed("--batch", "tickets.csv", *HALTS)
    resumed = typed("--batch", "--resume", *HEALS)
    assert (resumed.exit_code, "J-0001 goes on" in resumed.stderr) == (0, True)
    document = job(typed)
    assert (document["provider"], document["done"]) == ("simulated", 3)


@pytest.mark.parametrize(("state", "reason"), [("paused", "operator"), ("cancelled", "")])
def test_a_job_that_its_operator_set_aside_is_left_alone_and_named(typed: Type, folder: Path, state: str, reason: str):
    words = ("--batch", "tickets.csv", "--db", "forge.db", "--force")
    typed(*words, *HALTS)
    with closing(sqlite3.connect(folder / "forge.db")) as connection, connection:
        connection.execute("UPDATE jobs SET state = ?, reason = ?", (state, reason))
    again = typed(*words, *HALTS[:-2], *HEALS)
    assert again.exit_code == 0
    assert "J-0001 of the same content " in again.stderr
    assert ("--resume J-0001" in again.stderr) == (state == "paused")
    assert json.loads(typed("jobs", "J-0001", "--json", "--db", "forge.db").stdout)["status"] == state
    assert "of the same content" not in typed(*words, "--new", *HALTS[:-2], *HEALS).stderr


def test_what_was_typed_at_a_resume_is_kept_for_the_next(typed: Type, folder: Path):
    typed("--batch", "tickets.csv", "--db", "forge.db", *HALTS)
    typed("--batch", "--resume", "--db", "forge.db", "--concurrency", "3")
    with closing(Reader(folder / "forge.db")) as reader:
        settings = reader.job(1).spec.settings
    assert (settings["concurrency"], settings["batch_size"], settings["sim"]) == (3, 1, HALTS[-1])


def test_a_job_that_was_killed_after_its_last_answer_is_finished_and_written(typed: Type, folder: Path):
    typed("--batch", "tickets.csv", "--db", "forge.db")
    for file in (folder / "tickets-results").iterdir():
        file.unlink()
    with closing(sqlite3.connect(folder / "forge.db")) as connection, connection:
        connection.execute("UPDATE jobs SET state = 'running', finished_at = NULL")
    resumed = typed("--batch", "--resume", "--db", "forge.db")
    assert (resumed.exit_code, last_line(resumed)[:16]) == (0, "J-0001 finished:")
    assert (folder / "tickets-results" / "results.jsonl").exists()


@pytest.mark.parametrize("how", [("--resume", "J-0001"), ("--job", "1")])
def test_a_job_is_named_either_way(typed: Type, how: tuple[str, str]):
    typed("--batch", "tickets.csv", *HALTS)
    assert typed("--batch", *how, *HEALS).exit_code == 0


def test_new_starts_afresh(typed: Type):
    typed("--batch", "tickets.csv", *HALTS)
    assert typed("--batch", "tickets.csv", "--new", *HALTS[:-2], *HEALS).exit_code == 0
    assert job(typed)["job_id"] == "J-0002"


def test_a_job_with_nothing_open_is_not_resumed(typed: Type):
    typed("--batch", "tickets.csv", "--provider", "local")
    refused = typed("--batch", "--resume", "1")
    assert (refused.exit_code, "--retry-failed J-0001" in last_line(refused)) == (2, True)
    assert "no job has open tickets" in last_line(typed("--batch", "--resume"))


def test_failed_tickets_are_asked_again_once(typed: Type):
    rejecting = ("--provider", "simulated", "--batch-size", "1", "--sim", "latency=0.01,script=1:rejected")
    assert typed("--batch", "tickets.csv", *rejecting).exit_code == 4
    again = typed("--batch", "--retry-failed", "J-0001", *HEALS)
    assert (again.exit_code, job(typed)["failed"]) == (0, 0)
    nothing = typed("--batch", "--retry-failed", "J-0001", *HEALS)
    assert (nothing.exit_code, "no failed ticket" in nothing.stderr) == (0, True)


def test_rows_that_only_the_file_can_cure_are_not_asked_again(typed: Type):
    typed("--batch", "hard.csv", "--provider", "local")
    again = typed("--batch", "--retry-failed", "last")
    assert (again.exit_code, "no failed ticket" in again.stderr) == (4, True)


@pytest.mark.parametrize(
    "words",
    [
        ("tickets.csv", "--resume", "1"),
        ("--resume", "1", "--retry-failed", "1"),
        ("--job", "1", "--new"),
        (),
    ],
)
def test_files_and_stored_jobs_do_not_mix(typed: Type, words: tuple[str, ...]):
    assert typed("--batch", *words).exit_code == 2


def test_rows_that_a_limit_left_out_make_another_job(typed: Type):
    typed("--batch", "tickets.csv", "--limit", "2", *HALTS)
    typed("--batch", "tickets.csv", *HALTS[:-2], *HEALS, "--force")
    document = job(typed)
    assert (document["job_id"], document["total"]) == ("J-0002", 3)


def test_deleted_jobs_leave_no_text_behind(typed: Type, folder: Path):
    typed("--batch", "tickets.csv", "--provider", "local", "--db", "forge.db")
    asked = typed("jobs", "delete", "1", "--db", "forge.db")
    assert (asked.exit_code, "--yes" in last_line(asked)) == (2, True)
    assert typed("jobs", "delete", "1", "--yes", "--db", "forge.db").exit_code == 0
    left = b"".join(path.read_bytes() for path in folder.glob("forge.db*"))
    assert b"laptop" not in left
    assert typed("jobs", "1", "--db", "forge.db").exit_code == 2


def test_jobs_are_deleted_by_age(typed: Type):
    typed("--batch", "tickets.csv", "--provider", "local")
    assert "no job is that old" in typed("jobs", "delete", "--older-than", "1", "--yes").stderr
    assert "deleted with every text: J-0001" in typed("jobs", "delete", "--older-than", "0", "--yes").stderr
