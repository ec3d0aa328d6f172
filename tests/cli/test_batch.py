"""`--batch` as a person or a script meets it: streams, files, exit codes, the last line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from forge_tui.core.failure import RULES, Code
from forge_tui.settings_sources import state_folder
from forge_tui.storage.owner import Owner
from forge_tui.telemetry.log import FILE_NAME

Type = Callable[..., Result]
FAST = ("--provider", "simulated", "--sim")


def last_line(result: Result) -> str:
    return result.stderr.splitlines()[-1]


def test_without_a_key_the_local_rules_classify_and_say_so(typed: Type, folder: Path):
    result = typed("--batch", "tickets.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "provider local (keyword rules, no AI), because no key is set" in result.stderr
    assert last_line(result) == (
        "J-0001 finished: 3 of 3 tickets classified, in tickets-results/. To look: forge-tui jobs J-0001"
    )
    assert sorted(path.name for path in (folder / "tickets-results").iterdir()) == [
        "failures.jsonl",
        "report.json",
        "results.csv",
        "results.jsonl",
    ]


EXIT_CODES = [
    ("every ticket classified", ["tickets.csv", "--provider", "local"], 0, "3 of 3 tickets classified"),
    ("some failed", ["hard.csv", "--provider", "local"], 4, "1 failed: hard-results/failures.jsonl says why"),
    (
        "bad key",
        ["tickets.csv", *FAST, "latency=0.01,script=1-:revoked"],
        3,
        "halted [E-AUTH], 3 of 3 tickets still open",
    ),
    ("no key", ["tickets.csv", "--provider", "sarvam"], 3, "needs a key: set SARVAM_API_KEY [E-AUTH]"),
    ("budget", ["tickets.csv", *FAST, "latency=0.01", "--max-cost", "0.0001"], 3, "paused [E-BUDGET]"),
    ("budget without a price", ["tickets.csv", "--max-cost", "1"], 2, "--max-cost: no price is known for local-rules"),
    ("no such file", ["missing.csv"], 2, "missing.csv"),
    ("no such column", ["tickets.csv", "--text-column", "body"], 2, "body"),
    ("wrong setting", ["tickets.csv", "--concurrency", "0"], 2, "--concurrency: should be greater than or equal to 1"),
    ("wrong simulator", ["tickets.csv", *FAST, "latncy=1"], 2, "--sim latncy: no such key"),
    ("output is a file", ["tickets.csv", "--output", "hard.csv"], 2, "hard.csv is a file: name a folder"),
]


@pytest.mark.parametrize(("words", "code", "told"), [case[1:] for case in EXIT_CODES], ids=[c[0] for c in EXIT_CODES])
def test_the_exit_code_and_the_last_line_say_what_happened(typed: Type, words: list[str], code: int, told: str):
    """P31, and D3: a wrong key is told as what it is."""
    result = typed("--batch", *words)
    assert result.exit_code == code
    assert told in last_line(result)
    assert result.stdout == ""


def test_a_halted_run_advises_and_goes_on_by_the_same_command(typed: Type):
    """D3: a refused key loses no ticket; D1: the same command classifies all of them."""
    words = ("--batch", "tickets.csv", *FAST)
    halted = typed(*words, "latency=0.01,script=1-:revoked")
    assert RULES[Code.AUTH].advice in last_line(halted)
    assert last_line(halted).endswith(
        "To go on: forge-tui --batch tickets.csv --provider simulated --sim latency=0.01,script=1-:revoked"
    )
    cured = typed(*words, "latency=0.01")
    assert (cured.exit_code, last_line(cured).split(":")[0]) == (0, "J-0001 finished")


def test_a_database_in_use_exits_75_and_names_its_owner(typed: Type, folder: Path):
    owner = Owner.take(folder / "forge.db", since=0.0)
    try:
        result = typed("--batch", "tickets.csv", "--db", "forge.db")
    finally:
        owner.release()
    assert result.exit_code == 75
    assert "forge.db is in use by process" in last_line(result)
    assert "forge-tui jobs" in last_line(result)


def test_a_command_that_names_its_database_is_told_to_look_there(typed: Type):
    result = typed("--batch", "tickets.csv", "--db", "own jobs.db")
    assert last_line(result).endswith("To look: forge-tui jobs --db 'own jobs.db' J-0001")


def test_where_the_command_is_not_on_the_path_the_advice_can_still_be_typed(
    typed: Type, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["/opt/tools/.venv/bin/forge-tui"])
    assert last_line(typed("--batch", "tickets.csv")).endswith("To look: /opt/tools/.venv/bin/forge-tui jobs J-0001")
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert last_line(typed("--batch", "tickets.csv", "--force")).endswith(f"{sys.executable} -m forge_tui jobs J-0002")


def test_json_is_one_document_under_the_originals_names(typed: Type):
    """D38: 499 good rows are not refused for a bad one, here 2 for 1."""
    result = typed("--batch", "hard.csv", "--json")
    document = json.loads(result.stdout)
    assert (document["status"], document["total"], len(document["results"])) == ("done", 3, 2)
    assert [row["ticket"] for row in document["results"]] == ["refund my payment", "the app crashes"]
    assert [(row["code"], row["line"]) for row in document["failures"]] == [("E-INPUT", 3)]
    assert {"total_tokens", "cost_usd", "p50_ms", "p95_ms", "p99_ms", "cache_hit_rate", "failure_rate"} <= set(
        document["stats"]
    )


def test_json_without_failures_says_null(typed: Type):
    assert json.loads(typed("--batch", "tickets.csv", "--json").stdout)["failures"] is None


def test_a_second_run_of_the_same_file_is_answered_from_the_cache(typed: Type):
    """D23: nothing is billed again."""
    typed("--batch", "tickets.csv", *FAST, "latency=0.01")
    again = json.loads(typed("--batch", "tickets.csv", *FAST, "latency=0.01", "--force", "--json").stdout)
    assert (again["job_id"], again["stats"]["requests"], again["stats"]["total_tokens"]) == ("J-0002", 0, 0)
    assert [row["source"] for row in again["results"]].count("cache") == again["cached"] >= 2
    assert again["stats"]["saved_tokens"] > 0


def test_no_cache_asks_again(typed: Type):
    typed("--batch", "tickets.csv")
    again = json.loads(typed("--batch", "tickets.csv", "--no-cache", "--force", "--json").stdout)
    assert (again["cached"], [row["source"] for row in again["results"]]) == (0, ["model", "model", "twin"])


def test_another_jobs_results_are_kept_unless_forced(typed: Type, folder: Path):
    typed("--batch", "tickets.csv")
    (folder / "tickets-results" / "mine.txt").write_text("stays")
    assert typed("--batch", "tickets.csv", "--no-cache").exit_code == 0
    (folder / "tickets.csv").write_text("text\nanother ticket\n")
    refused = typed("--batch", "tickets.csv")
    assert (refused.exit_code, "tickets-results holds the results of J-0002" in refused.stderr) == (2, True)
    assert typed("--batch", "tickets.csv", "--force").exit_code == 0
    assert (folder / "tickets-results" / "mine.txt").read_text() == "stays"


def test_events_are_written_as_they_happen(typed: Type, folder: Path):
    typed("--batch", "tickets.csv", "--events", "events.jsonl")
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert (events[0]["event"], events[-1]["event"]) == ("job.planned", "job.exported")
    assert "job.planned" in [event["event"] for event in events]
    done = [event for event in events if event["event"] == "batch.done"]
    assert {"completed", "total", "cache_hits", "failed", "eta_seconds"} <= set(done[-1])
    assert (done[-1]["completed"], done[-1]["total"]) == (3, 3)


def test_events_never_go_into_an_input(typed: Type, folder: Path):
    before = (folder / "tickets.csv").read_bytes()
    result = typed("--batch", "tickets.csv", "--events", "./tickets.csv")
    assert (result.exit_code, "is an input" in result.stderr) == (2, True)
    assert (folder / "tickets.csv").read_bytes() == before


def test_a_dry_run_tells_the_figures_and_stores_nothing(typed: Type, folder: Path):
    result = typed("--batch", "--dry-run", "--json", "hard.csv", "tickets.csv", *FAST, "latency=1", "--db", "own.db")
    plan = json.loads(result.stdout)
    assert result.exit_code == 0
    figures = ("total", "unique", "twins", "refused", "cached", "requests")
    assert [plan[name] for name in figures] == [6, 4, 1, 1, 0, 4]
    assert plan["complexity_breakdown"] == {"simple": 5, "medium": 0, "complex": 0}
    assert plan["cost"] > 0
    assert not list(folder.glob("own.db*"))
    assert not (folder / "hard-results").exists()


def test_a_dry_run_knows_what_the_cache_answers(typed: Type):
    typed("--batch", "tickets.csv")
    assert json.loads(typed("--batch", "--dry-run", "--json", "tickets.csv").stdout)["cached"] == 3
    plain = typed("--batch", "--dry-run", "tickets.csv").stdout
    assert plain.splitlines()[0] == "tickets     3: to send 0, cached 3, twins 0"


def test_nothing_a_file_says_reaches_the_terminal_raw(typed: Type, folder: Path):
    (folder / "hostile.csv").write_bytes(b"te\x1b]0;owned\x07xt,\x1b[2Jother\nhello,there\n")
    for words in (["--batch", "hostile.csv"], ["--batch", "--dry-run", "hostile.csv"], ["jobs", "last"]):
        result = typed(*words)
        assert "\x1b" not in result.output


@pytest.mark.parametrize("share", ["50%", "0.5"])
def test_an_audit_is_priced_before_and_reported_after(typed: Type, folder: Path, share: str):
    (folder / "many.txt").write_text("".join(f"screen {n} stays black\n" for n in range(200)), encoding="utf-8")
    words = ("--batch", "many.txt", *FAST, "latency=0.001", "--batch-size", "10", "--audit", share)
    plan = json.loads(typed(*words, "--dry-run", "--json").stdout)
    assert (plan["requests"], plan["audit_requests"]) == (20 + 100, 100)
    assert 0 < plan["audit_cost"] < plan["cost"]
    assert "audit       100 tickets asked again alone, ₹" in typed(*words, "--dry-run").stdout
    assert typed(*words).exit_code == 0
    agreement = json.loads((folder / "many-results" / "report.json").read_text("utf-8"))["agreement"]
    assert 60 < agreement["checked"] < 140
    assert agreement["category"]["rate"] == 1.0
    shown = next(line for line in typed("jobs", "last").stdout.splitlines() if line.startswith("agreement"))
    assert shown.startswith(f"agreement   of {agreement['checked']} asked again alone: category 100%")


@pytest.mark.parametrize("share", ["150%", "much", "-1%"])
def test_a_share_that_is_none_is_refused_by_the_options_name(typed: Type, share: str):
    result = typed("--batch", "tickets.csv", "--audit", share)
    assert (result.exit_code, "--audit" in result.stderr) == (2, True)


@pytest.mark.parametrize(("level", "events"), [("info", {"job.opened", "batch.done"}), ("error", set())])
def test_the_log_holds_what_its_level_asks_for(
    typed: Type, folder: Path, monkeypatch: pytest.MonkeyPatch, level: str, events: set[str]
):
    """D27, D34: the setting log_level reaches the file."""
    monkeypatch.setenv("FORGE_LOG_LEVEL", level)
    typed("--batch", "tickets.csv")
    written = [json.loads(line)["event"] for line in (state_folder() / FILE_NAME).read_text().splitlines()]
    assert events <= set(written)
    assert bool(written) is bool(events)


def test_options_of_the_simulator_are_not_dropped_in_silence(typed: Type):
    refused = typed("--batch", "tickets.csv", "--sim", "latency=0.1")
    assert refused.exit_code == 2
    assert last_line(refused).startswith("forge-tui: --sim goes with --provider simulated; this is provider local")
