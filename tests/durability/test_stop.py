"""P2 and P31 of stops: after INT, TERM or HUP nothing is paid again, no log is left, and the exit code tells the signal."""

import random
import signal
import time

import pytest

from process_builders import (
    GO_ON,
    a_parent,
    a_provider,
    check_rows,
    classify,
    has_finished,
    requests_recorded,
    rows_now,
    wait_for_a_commit,
)
from session_builders import texts

CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


def test_fifty_stops_repeat_no_request(tmp_path):
    stop_until(50, tmp_path)


@pytest.mark.soak
def test_two_hundred_stops_repeat_none_either(tmp_path):
    stop_until(200, tmp_path)


def stop_until(wanted, folder):
    rng = random.Random(7)
    stops = job = 0
    with a_parent(folder) as parent, a_provider("latency=0.02") as (url, ledger):
        while stops < wanted:
            job += 1
            rows = [f"{text} in job {job}" for text in texts(2_000)]
            words = classify(folder, f"{job}.txt", rows, url, size=4)
            stops += stop_while_it_runs(parent, folder / "forge.db", words, wanted - stops, rng)
            check_rows(folder / "forge.db", job, rows, ledger)
            assert ledger.repeats == 0


def stop_while_it_runs(parent, db, words, most, rng):
    """How often the job was stopped before it came to its end."""
    stops = 0
    while stops < most and (stops == 0 or open_tickets(db) > 200):
        recorded = requests_recorded(db)
        command = parent.start(*words)
        wait_for_a_commit(db, recorded, command)
        time.sleep(rng.random() * 0.04)
        number = rng.choice(list(CODES))
        command.send(number)
        if command.wait() == 0:  # it was over before the signal came
            assert has_finished(db)
            return stops
        assert command.wait() == CODES[number], command.err
        assert command.err.splitlines()[-1].startswith("J-")
        log = db.with_name(db.name + "-wal")
        assert not log.exists() or log.stat().st_size == 0
        words = GO_ON
        stops += 1
    assert parent.run(*words).wait() == 0
    return stops


def open_tickets(db):
    """A stop after the last answer would find the results being written, and the run over."""
    return rows_now(db, "SELECT count(*) FROM tickets WHERE state = 'queued'")[0][0]
