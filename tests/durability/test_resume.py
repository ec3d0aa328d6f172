"""A stopped or killed job sends its next request soon after it is started again, however much is stored."""

import os
import signal
import subprocess
import sys
import time

import pytest

from forge_tui.provider.simulator.account import GOOD_KEY
from process_builders import PATIENCE_S, Ledger, a_provider, classify
from session_builders import texts


def start(folder, *words):
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder / ".home"))
    command = [sys.executable, "-m", "forge_tui", *map(str, words)]
    environment = {**os.environ, **homes, "SARVAM_API_KEY": GOOD_KEY}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)


def first_request_s(ledger: Ledger, begin) -> float:
    """The seconds from the start of a process until its first request; the process is then ended by a signal."""
    before, began = ledger.stats.requests, time.perf_counter()
    process = begin()
    while ledger.stats.requests == before:
        assert process.poll() is None
        assert time.perf_counter() - began < 10 * PATIENCE_S
        time.sleep(0.001)
    took_s = time.perf_counter() - began
    process.send_signal(signal.SIGTERM)
    process.wait()
    return took_s


def resumes_within(folder, rows, starts):
    """The quickest of some starts: a machine that is busy with other things proves nothing."""
    with a_provider("latency=0.2") as (url, ledger):
        words = classify(folder, "tickets.txt", texts(rows), url)
        first_request_s(ledger, lambda: start(folder, *words))
        again = ("--batch", "--resume", "last", "--db", "forge.db")
        return min(first_request_s(ledger, lambda: start(folder, *again)) for _ in range(starts))


@pytest.mark.alone
def test_ten_thousand_tickets_go_on_within_a_second(tmp_path):
    assert resumes_within(tmp_path, 10_000, starts=3) < 1.0


@pytest.mark.soak
def test_a_million_tickets_go_on_within_two_seconds(tmp_path):
    assert resumes_within(tmp_path, 1_000_000, starts=5) < 2.0
