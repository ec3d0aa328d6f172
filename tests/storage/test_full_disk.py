"""A full disk: the fault has our name, nothing acknowledged is lost, and writing goes on once there is room."""

import subprocess
import sys

from store_builders import rows_of_file

_SCRIPT = """
import asyncio, resource, signal, sys
from pathlib import Path
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import DatabaseFault
from forge_tui.storage.database import Database

def insert(number):
    return lambda c: c.execute("INSERT INTO notes VALUES (?, ?)", (number, "x" * 4000)) and None

async def fill():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    database = await Database.open(Path(sys.argv[1]), clock=SystemClock())
    try:
        await database.write(lambda c: c.execute("CREATE TABLE notes (number INTEGER, text TEXT)") and None)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        acknowledged = 0
        try:
            while acknowledged < 1000:
                await database.write(insert(acknowledged))
                acknowledged += 1
        except DatabaseFault as fault:
            print("fault", fault.code, flush=True)
        together = [asyncio.ensure_future(database.write(insert(n))) for n in (2000, 2001)]
        await asyncio.wait(together)
        faults = [task.exception() for task in together]
        print("both", all(isinstance(f, DatabaseFault) for f in faults), "own", faults[0] is not faults[1], flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await database.write(insert(3000))
        print("acknowledged", acknowledged, flush=True)
    finally:
        await database.close()

asyncio.run(fill())
"""


def test_a_full_disk_is_a_fault_that_loses_nothing_and_passes(tmp_path):
    """D14: a store that cannot write throws no acknowledged result away."""
    path = tmp_path / "forge.db"
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    told = dict(line.split(" ", 1) for line in run.stdout.splitlines())
    assert told["fault"] == "E-DISK"
    assert told["both"] == "True own True"
    acknowledged = int(told["acknowledged"])
    assert 10 < acknowledged < 1000
    kept = [number for (number,) in rows_of_file(path, "SELECT number FROM notes ORDER BY number")]
    assert kept == [*range(acknowledged), 3000]
    assert rows_of_file(path, "PRAGMA quick_check") == [("ok",)]
