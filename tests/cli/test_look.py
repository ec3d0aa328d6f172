"""`jobs` and `export`: the store told to people and scripts, read-only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from forge_tui.storage.owner import Owner

Type = Callable[..., Result]


def test_without_a_database_it_says_what_to_do(typed: Type):
    result = typed("jobs")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "no database there yet; run a file first" in result.stderr


def test_all_jobs_are_listed_newest_first(typed: Type):
    typed("--batch", "tickets.csv")
    typed("--batch", "hard.csv")
    header, *rows = typed("jobs").stdout.splitlines()
    assert header.split()[0] == "JOB"
    assert [row.split()[0] for row in rows] == ["J-0002", "J-0001"]
    assert "done, 1 failed" in rows[0]
    listed = json.loads(typed("jobs", "--json").stdout)
    assert [(job["job_id"], job["status"], job["failed"]) for job in listed] == [
        ("J-0002", "done", 1),
        ("J-0001", "done", 0),
    ]


@pytest.mark.parametrize("name", ["1", "J-0001", "j-1", "last"])
def test_a_job_goes_by_number_label_or_last(typed: Type, name: str):
    typed("--batch", "hard.csv")
    assert typed("jobs", name).stdout.splitlines()[0] == "J-0001 hard.csv   done, 1 failed"


@pytest.mark.parametrize("name", ["7", "J-0007", "nonsense", "-1"])
def test_an_unknown_job_is_refused(typed: Type, name: str):
    typed("--batch", "tickets.csv")
    assert typed("jobs", "--", name).exit_code == 2


def test_a_job_is_told_with_its_mix_its_use_and_why_tickets_failed(typed: Type):
    typed("--batch", "hard.csv")
    output = typed("jobs", "last").stdout
    assert "tickets     3: done 2 (66.7%), failed 1, open 0, cancelled 0" in output
    assert "category    billing 1 · software_issue 1" in output
    assert "failed      1 × E-INPUT  hard.csv:3: " in output
    assert "used        0 tokens, free" in output


def test_json_of_a_job_has_the_originals_five_keys_at_any_time(typed: Type):
    """D15, D17: the same question is answered the same way, before and after the end, for ever."""
    halted = ("--batch", "hard.csv", "--provider", "simulated", "--sim", "latency=0.01,script=1-:revoked")
    typed(*halted)
    before = json.loads(typed("jobs", "last", "--json").stdout)
    typed(*halted[:-1], "latency=0.01")
    after = json.loads(typed("jobs", "last", "--json").stdout)
    for document, status, progress, results in ((before, "halted", 0.0, 0), (after, "done", 0.6667, 2)):
        assert (document["status"], document["progress"], len(document["results"])) == (status, progress, results)
        assert [row["code"] for row in document["failures"]] == ["E-INPUT"]
        assert document["stats"]["requests"] >= 1
        assert document["estimated_seconds"] > 0


def test_a_job_is_read_while_another_process_owns_the_database(typed: Type, folder: Path):
    typed("--batch", "tickets.csv", "--db", "forge.db")
    owner = Owner.take(folder / "forge.db", since=0.0)
    try:
        result = typed("jobs", "last", "--json", "--db", "forge.db")
    finally:
        owner.release()
    assert json.loads(result.stdout)["done"] == 3


def test_export_writes_the_same_files_elsewhere(typed: Type, folder: Path):
    typed("--batch", "hard.csv")
    result = typed("export", "last", "--output", "elsewhere")
    assert (result.exit_code, result.stderr) == (0, "J-0001: 2 results and 1 failures in elsewhere/\n")
    for name in ("results.jsonl", "results.csv", "failures.jsonl"):
        assert (folder / "elsewhere" / name).read_bytes() == (folder / "hard-results" / name).read_bytes()


def test_export_keeps_another_jobs_files_unless_forced(typed: Type):
    typed("--batch", "tickets.csv")
    typed("--batch", "hard.csv")
    assert typed("export", "1", "--output", "hard-results").exit_code == 2
    assert typed("export", "1", "--output", "hard-results", "--force").exit_code == 0


def test_export_never_writes_over_an_input(typed: Type, folder: Path):
    (folder / "results.csv").write_text("text\nmy invoice is wrong\n")
    typed("--batch", "results.csv", "--output", "out")
    result = typed("export", "last", "--output", ".", "--force")
    assert (result.exit_code, "is an input" in result.stderr) == (2, True)
    assert (folder / "results.csv").read_text() == "text\nmy invoice is wrong\n"
