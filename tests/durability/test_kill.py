"""P1, P2, P5: killed again and again, a job loses no ticket, doubles none, and pays again only for what was in flight."""

import json
import random
import signal
import sqlite3
import time
from contextlib import suppress

import pytest

from process_builders import (
    GO_ON,
    PATIENCE_S,
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

TICKETS = 2_000
CAP = 8
EVENTS = ("--events", "events.jsonl")


def test_a_hundred_kills_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path):
    """D13, D14, D40: a killed job goes on; what was answered before is on disk."""
    kill_until(100, tmp_path)


@pytest.mark.soak
def test_a_thousand_kills_too(tmp_path):
    kill_until(1_000, tmp_path)


def test_killed_while_it_is_loaded_a_job_goes_on_behind_the_last_row_it_had(tmp_path):
    """Each kill comes after a chunk more was stored; in the end every row is there once, and in its place.

    Rows as long as these are stored 2,000 at a time.
    """
    rows, db = [f"{text} {'and so on ' * 200}".strip() for text in texts(12_000)], tmp_path / "forge.db"
    with a_parent(tmp_path) as parent, a_provider("latency=0.02") as (url, _):
        words = classify(tmp_path, "big.txt", rows, url)
        had = [0]
        while len(had) <= 3 and had[-1] < len(rows):
            command = parent.start(*words)
            wait_until(lambda: loaded(db) > had[-1], command)
            command.send(signal.SIGKILL)
            assert command.wait() == -signal.SIGKILL
            had.append(loaded(db))
        command = parent.start(*words)
        wait_until(lambda: loaded(db) == len(rows), command)
        command.send(signal.SIGTERM)
        assert command.wait() == 143
    assert 0 < had[1] < len(rows)
    assert had == sorted(set(had))
    assert rows_now(db, "SELECT count(*) FROM jobs") == [(1,)]
    assert [text for (text,) in rows_now(db, "SELECT text FROM tickets ORDER BY position")] == rows


def loaded(db):
    """How many rows of the job are stored; 0 while there is no job."""
    with suppress(sqlite3.OperationalError):
        return sum(rows for (rows,) in rows_now(db, "SELECT loaded_rows FROM jobs"))
    return 0


def wait_until(reached, command):
    deadline = time.perf_counter() + PATIENCE_S
    while not reached():
        assert command.alive, command.err
        assert time.perf_counter() < deadline
        time.sleep(0.004)


def kill_until(wanted, folder):
    """Run jobs of 2,000 tickets one after another, killing as long as kills are wanted; every job is then finished."""
    rng = random.Random(7)
    kills = job = allowed = 0
    with a_parent(folder) as parent, a_provider("latency=0.02") as (url, ledger):
        while kills < wanted:
            job += 1
            size = (1, 4)[job % 2]
            rows = [f"{text} in job {job}" for text in texts(TICKETS)]
            words = classify(folder, f"{job}.txt", rows, url, cap=CAP, size=size)
            killed = kill_while_it_runs(parent, folder, [*words, *EVENTS], wanted - kills, rng)
            kills += killed
            allowed += killed * CAP * size
            check_rows(folder / "forge.db", job, rows, ledger)
    assert 0 < ledger.repeats <= allowed


def kill_while_it_runs(parent, folder, words, most, rng):
    """How often the job was killed, each time after a new commit, before it came to its end."""
    db = folder / "forge.db"
    for kills in range(most):
        if kills and has_finished(db):
            return kills
        recorded = requests_recorded(db)
        command = parent.start(*words)
        wait_for_a_commit(db, recorded, command)
        time.sleep(rng.random() * 0.04)
        if command.alive:
            command.send(signal.SIGKILL)
        if command.wait() != -signal.SIGKILL:
            assert command.wait() == 0, command.err
            return kills
        assert told(folder / "events.jsonl") <= done(db)
        words = (*GO_ON, *EVENTS)
    if not has_finished(db):
        last = parent.run(*words)
        assert last.wait() == 0, last.err
    return most


def told(events):
    """How many tickets of the last job were told to be done."""
    for line in reversed(events.read_text("utf-8").splitlines()):
        if line.endswith("}") and "completed" in (event := json.loads(line)):
            return event["completed"]
    return 0


def done(db):
    return rows_now(db, "SELECT count(*) FROM tickets WHERE state = 'done' AND job_id = (SELECT max(id) FROM jobs)")[0][
        0
    ]
