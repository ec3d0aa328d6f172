"""P23: the disk is full in the middle of a whole run of the command: it waits, says so, and goes on by itself."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from process_builders import PATIENCE_S
from session_builders import texts
from store_builders import rows_of_file

TICKETS = 400
# Files may not grow beyond the limit until somebody frees space, which is a signal here.
_SCRIPT = """
import resource, signal, sys
from forge_tui.cli.main import forge_tui
from forge_tui.pipeline import recorder

unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
recorder.DISK_RETRY_S = 0.1
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), unlimited[1]))
signal.signal(signal.SIGUSR1, lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, unlimited))
forge_tui(sys.argv[2:], prog_name="forge-tui")
"""
WORDS = ("--provider", "simulated", "--sim", "latency=0.01", "--batch-size", "1", "--db", "forge.db")


@contextmanager
def a_run(folder, limit_bytes):
    (folder / "tickets.txt").write_text("".join(f"{row}\n" for row in texts(TICKETS)), "utf-8")
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder / ".home"))
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(limit_bytes), "--batch", "tickets.txt", *WORDS, "--events", "events.jsonl"],
        cwd=folder,
        env={**os.environ, **homes},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_notice(folder, process):
    events = folder / "events.jsonl"
    deadline = time.perf_counter() + PATIENCE_S
    while not events.exists() or "The job goes on by itself" not in events.read_text("utf-8"):
        assert process.poll() is None, process.stderr.read()
        assert time.perf_counter() < deadline
        time.sleep(0.02)


def done(folder):
    return rows_of_file(folder / "forge.db", "SELECT count(*) FROM tickets WHERE state = 'done'")[0][0]


def test_a_run_waits_for_space_and_goes_on(tmp_path):
    """D14: a store that cannot write costs no paid answer."""
    with a_run(tmp_path, 700_000) as process:
        wait_for_notice(tmp_path, process)
        process.send_signal(signal.SIGUSR1)
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told
    assert f"{TICKETS} of {TICKETS} tickets classified" in told
    assert "The job goes on by itself" in told
    assert "the disk takes writes again" in told
    notices = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert [event["level"] for event in notices if event["event"] == "notice"] == ["error", "info"]
    assert done(tmp_path) == TICKETS
    assert len((tmp_path / "tickets-results" / "results.jsonl").read_text("utf-8").splitlines()) == TICKETS


def test_a_run_that_waits_for_space_ends_on_the_second_signal(tmp_path):
    with a_run(tmp_path, 700_000) as process:
        wait_for_notice(tmp_path, process)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        _, told = process.communicate(timeout=PATIENCE_S)
    assert time.perf_counter() - began < 15.0  # the grace alone is 20
    # The one word for the job's state may find room where a result did not.
    last = told.splitlines()[-1]
    assert (process.returncode, "nothing lost" in last) == (143, True) or (
        process.returncode,
        last.endswith("[E-DISK]"),
    ) == (3, True)
    assert "Traceback" not in told
    assert 0 < done(tmp_path) < TICKETS
