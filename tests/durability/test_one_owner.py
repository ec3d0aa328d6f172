"""P21: of twenty that start at once one owns the database; when it is killed the next start takes over at once."""

import os
import re
import signal
import time

from process_builders import PATIENCE_S, a_parent, a_provider, classify, wait_for_a_commit
from session_builders import texts


def test_of_twenty_starts_one_owns_and_the_others_say_who(tmp_path):
    """D36: limits hold for all processes, because one alone may send."""
    with a_parent(tmp_path) as parent, a_provider("latency=30") as (url, _):
        words = classify(tmp_path, "tickets.txt", texts(50), url)
        started = [parent.start(*words) for _ in range(20)]
        refused = wait_until_refused(started, 19)
        (owner,) = [command for command in started if command not in refused]
        assert {command.code for command in refused} == {75}
        for command in refused:
            last = command.err.splitlines()[-1]
            assert f"in use by process {owner.pid} since " in last
            assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\dZ; name another with --db", last)
        assert owner.alive


def test_after_a_kill_the_next_start_takes_over_at_once(tmp_path):
    with a_parent(tmp_path) as parent, a_provider("latency=0.02") as (url, _):
        words = classify(tmp_path, "tickets.txt", texts(2_000), url)
        for _ in range(5):
            owner = parent.start(*words)
            wait_for_a_commit(tmp_path / "forge.db", 0, owner)
            owner.send(signal.SIGKILL)
            next_one = parent.start(*words)
            assert wait_for_lock(tmp_path / "forge.db.lock", next_one.pid) < 1.0
            next_one.send(signal.SIGKILL)
            assert (owner.wait(), next_one.wait()) == (-signal.SIGKILL, -signal.SIGKILL)


def wait_until_refused(started, count):
    deadline = time.perf_counter() + PATIENCE_S
    while len(ended := [command for command in started if not command.alive]) < count:
        assert time.perf_counter() < deadline
        time.sleep(0.02)
    return ended


def wait_for_lock(lock, pid):
    """The seconds until `pid` stands in the lock file as its owner."""
    began = time.perf_counter()
    while f'"pid": {pid},'.encode() not in read(lock):
        assert time.perf_counter() < began + PATIENCE_S
        time.sleep(0.002)
    return time.perf_counter() - began


def read(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 200)
    finally:
        os.close(descriptor)
