"""The command as a process: signals, pipes, and what it loads."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

MANY = "text\n" + "".join(f"ticket number {n}: the screen is black\n" for n in range(400))
SLOW = ("--provider", "simulated", "--sim", "latency=0.2", "--db", "forge.db")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "forge_tui", *words]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["HUP", "INT", "TERM"]
)
def test_a_signal_ends_a_run_in_order_and_the_job_can_go_on(
    folder: Path, typed: Callable[..., Result], number: signal.Signals, code: int
):
    """D13, P31: 129, 130, 143; no log of writes is left behind; the last line says how to go on."""
    (folder / "many.csv").write_text(MANY)
    words = command("--batch", "many.csv", *SLOW, "--events", "events.jsonl", "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for(folder / "events.jsonl", '"batch.done"')
        process.send_signal(number)
        answer, told = process.communicate(timeout=20)
    assert process.returncode == code
    assert told.splitlines()[-1].startswith(f"J-0001 interrupted by {number.name}: ")
    assert told.splitlines()[-1].endswith("To go on: forge-tui " + " ".join(words[3:]))
    wal = folder / "forge.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    job = json.loads(typed("jobs", "last", "--json", "--db", "forge.db").stdout)
    assert (job["status"], job["failures"], 0 < job["done"] < 400) == ("pending", None, True)
    assert json.loads(answer)["results"] == job["results"]


def wait_for(file: Path, text: str) -> None:
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        if file.exists() and text in file.read_text():
            return
        time.sleep(0.02)
    pytest.fail(f"{text} never came")


def test_tickets_come_from_a_pipe_and_one_document_goes_into_one(folder: Path):
    ran = subprocess.run(
        command("--batch", "-", "--json"),
        input="the app crashes\nrefund me\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert [row["ticket"] for row in json.loads(ran.stdout)["results"]] == ["the app crashes", "refund me"]
    assert (folder / "stdin-results" / "results.jsonl").exists()


def test_a_run_without_a_screen_loads_no_textual(folder: Path):
    program = (
        "import sys; sys.argv = ['forge-tui', '--batch', 'tickets.csv']; from forge_tui.__main__ import main\n"
        "try:\n    main()\nfinally:\n    print(sorted(m for m in sys.modules if m.split('.')[0] == 'textual'))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_reader_that_goes_away_is_no_fault(folder: Path, typed: Callable[..., Result]):
    (folder / "many.csv").write_text(MANY)
    typed("--batch", "many.csv")
    words = " ".join(command("jobs", "last", "--json"))
    ran = subprocess.run(["/bin/sh", "-c", f"{words} | head -c 10"], capture_output=True, text=True, check=True)
    assert (ran.stdout, "Traceback" in ran.stderr) == ('{\n"job_id"', False)
