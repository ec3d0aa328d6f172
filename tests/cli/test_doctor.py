"""`doctor`: says what is, never shows the key, and fails when the store is not well."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from forge_tui.storage.owner import Owner

Type = Callable[..., Result]
HEALTH = {
    "status",
    "circuit_breaker",
    "database",
    "cache_hit_rate",
    "queue_depth",
    "active_jobs",
    "metrics",
}


def test_before_the_first_run_all_is_well(typed: Type):
    result = typed("doctor")
    assert (result.exit_code, result.stderr) == (0, "all is well\n")
    assert "none yet, the first run makes it" in result.stdout


def test_json_has_the_originals_health_names(typed: Type):
    typed("--batch", "tickets.csv")
    document = json.loads(typed("doctor", "--json").stdout)
    assert set(document) >= HEALTH
    assert (document["status"], document["database"], document["active_jobs"]) == ("ok", "connected", 0)
    assert document["metrics"]["total_api_calls"] == 1


def test_a_damaged_store_is_not_well(typed: Type, folder: Path):
    """D35: health fails with its store."""
    typed("--batch", "tickets.csv", "--db", "forge.db")
    size = (folder / "forge.db").stat().st_size
    with (folder / "forge.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    result = typed("doctor", "--json", "--db", "forge.db")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["status"], document["database"]) == (3, "fail", "disconnected")


def test_a_store_of_another_program_is_not_well(typed: Type, folder: Path):
    (folder / "forge.db").write_text("not a database at all, but long enough to look like one" * 100)
    result = typed("doctor", "--db", "forge.db")
    assert (result.exit_code, result.stderr) == (3, "not well: see above\n")


def test_settings_are_shown_with_their_source_and_the_key_is_not(typed: Type, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SARVAM_API_KEY", "sk-CANARY-7")
    monkeypatch.setenv("FORGE_CONCURRENCY", "3")
    for words in (["doctor"], ["doctor", "--json"]):
        result = typed(*words)
        assert "FORGE_CONCURRENCY in the environment" in result.stdout
        assert "CANARY" not in result.output
    assert json.loads(typed("doctor", "--json").stdout)["key"] == "set"


def test_a_missing_key_is_not_well(typed: Type):
    result = typed("doctor", "--provider", "sarvam")
    assert result.exit_code == 3
    assert "key         provider sarvam needs a key: set SARVAM_API_KEY" in result.stdout


def test_a_probe_pays_for_one_round_trip(typed: Type):
    result = typed("doctor", "--provider", "simulated", "--sim", "latency=0.01", "--probe", "--json")
    assert (result.exit_code, json.loads(result.stdout)["probe"].split(" in ")[0]) == (0, "answered")


def test_a_probe_that_fails_is_not_well_and_says_what_to_do(typed: Type):
    result = typed("doctor", "--provider", "simulated", "--sim", "script=1-:revoked", "--probe")
    assert result.exit_code == 3
    assert "E-AUTH after" in result.stdout
    assert "Set the key, then resume." in result.stdout


def test_nothing_runs_in_a_store_that_nobody_owns(typed: Type, folder: Path):
    """D16: after a kill the job still says running, but no process has the store."""
    halted = ("--provider", "simulated", "--sim", "latency=0.01,script=1-:revoked", "--db", "forge.db")
    typed("--batch", "tickets.csv", *halted)
    assert json.loads(typed("doctor", "--json", "--db", "forge.db").stdout)["database_owner"] is None
    owner = Owner.take(folder / "forge.db", since=0.0)
    try:
        owned = json.loads(typed("doctor", "--json", "--db", "forge.db").stdout)
    finally:
        owner.release()
    assert owned["database_owner"] is not None
