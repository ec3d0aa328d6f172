"""Commands as real processes that start in milliseconds, and the provider they call with the ledger of what it answered.

A parent that has imported everything, and opened no connection and no loop, forks each of them.
"""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from forge_tui.core.clock import SystemClock
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.server import SimulatorServer
from forge_tui.provider.simulator.service import SimulatedProvider

PATIENCE_S = 60.0
_PARENT = """
import gc, json, os, sys, traceback
from forge_tui.cli import batch, console, delete, doctor, look, main
from forge_tui.telemetry import log
import structlog

def run(words, folder, out, err):
    os.chdir(folder)
    for name, number in ((os.devnull, 0), (out, 1), (err, 2)):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.argv = ["forge-tui", *words]
    try:
        main.forge_tui(words, prog_name="forge-tui")
    except SystemExit as end:
        return end.code
    except BaseException:
        traceback.print_exc()
        return 99

gc.freeze()
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        pid, status = os.waitpid(order["wait"], order["how"])
        print(os.waitstatus_to_exitcode(status) if pid else "alive", flush=True)
        continue
    child = os.fork()
    if not child:
        code = run(**order)
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)
    print(child, flush=True)
"""


class Command:
    """One running command; what it says goes to files of its own."""

    def __init__(self, parent: "Parent", pid: int, out: Path, err: Path) -> None:
        self._parent = parent
        self._out = out
        self._err = err
        self.pid = pid
        self.code: int | None = None

    def send(self, number: signal.Signals) -> None:
        # Nobody else gets the number of a process that its parent has not waited for.
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit code; minus the number of the signal that killed it."""
        if self.code is None:
            self.code = int(self._parent.ask(wait=self.pid, how=0))
        return self.code

    @property
    def alive(self) -> bool:
        if self.code is None and (answer := self._parent.ask(wait=self.pid, how=os.WNOHANG)) != "alive":
            self.code = int(answer)
        return self.code is None

    @property
    def out(self) -> str:
        return self._out.read_text("utf-8")

    @property
    def err(self) -> str:
        return self._err.read_text("utf-8")


class Parent:
    """Forks commands that run in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(folder / ".home"))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORGE_", "SARVAM_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PARENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=kept | homes | {"SARVAM_API_KEY": GOOD_KEY},
        )
        assert self._answer() == "ready"
        self._started: list[Command] = []

    def start(self, *words: object) -> Command:
        number = len(self._started) + 1
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        pid = self.ask(words=[str(word) for word in words], folder=str(self._folder), out=str(out), err=str(err))
        self._started.append(Command(self, int(pid), out, err))
        return self._started[-1]

    def run(self, *words: object) -> Command:
        """A command that has ended."""
        command = self.start(*words)
        command.wait()
        return command

    def ask(self, **order: object) -> str:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        for command in self._started:
            if command.code is None:
                with suppress(ProcessLookupError):
                    command.send(signal.SIGKILL)
                command.wait()
        self._process.communicate(timeout=PATIENCE_S)

    def _answer(self) -> str:
        return self._process.stdout.readline().strip()


@contextmanager
def a_parent(folder: Path):
    parent = Parent(folder)
    try:
        yield parent
    finally:
        parent.end()


@dataclass(frozen=True)
class Given:
    """One answer as the provider gave it."""

    category: str
    priority: str
    summary: str


class Ledger(SimulatedProvider):
    """The simulated provider, which also writes down each answer that it was paid for, by the ticket's text."""

    def __init__(self, sim: str) -> None:
        super().__init__(parse_options(sim))
        self.given: dict[str, list[Given]] = defaultdict(list)
        self.sizes: list[int] = []

    def accept(self, request, now, wall):
        exchange = super().accept(request, now, wall)
        if request.method == "POST" and exchange.status == 200:
            asked = json.loads(json.loads(request.body)["messages"][1]["content"])["tickets"]
            rows = json.loads(json.loads(exchange.body)["choices"][0]["message"]["content"])["results"]
            self.sizes.append(len(asked))
            for ticket, row in zip(asked, rows, strict=True):
                assert ticket["id"] == row["id"]
                self.given[ticket["text"]].append(Given(row["category"], row["priority"], row["summary"]))
        return exchange

    @property
    def repeats(self) -> int:
        """Tickets paid for again, counted each time."""
        return sum(len(answers) - 1 for answers in self.given.values())


@contextmanager
def a_provider(sim: str, make=Ledger):
    """Base URL and ledger of a provider on a loopback port, in a thread of its own."""
    ledger = make(sim)
    listening = threading.Event()
    urls: list[str] = []
    stop: list = []

    async def serve():
        over = asyncio.Event()
        stop.append((asyncio.get_running_loop(), over))
        async with SimulatorServer(ledger, SystemClock()) as server:
            urls.append(f"http://127.0.0.1:{await server.listen(0)}/v1")
            listening.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="provider")
    thread.start()
    try:
        assert listening.wait(PATIENCE_S)
        yield urls[0], ledger
    finally:
        loop, over = stop[0]
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_S)


def classify(folder: Path, name: str, rows, url: str, *, cap=8, size=1) -> list[object]:
    """The words that classify `rows`, which are written to the file `name`, through the provider at `url`."""
    (folder / name).write_text("".join(f"{row}\n" for row in rows), "utf-8")
    words: list[object] = ["--batch", name, "--provider", "sarvam", "--base-url", url, "--rpm", 0]
    return [*words, "--concurrency", cap, "--batch-size", size, "--db", "forge.db"]


GO_ON = ("--batch", "--resume", "last", "--db", "forge.db")


def rows_now(db: Path, sql: str, *parameters: object):
    """What a reader of another process sees."""
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
        return connection.execute(sql, parameters).fetchall()


def requests_recorded(db: Path) -> int:
    """How many requests have their ledger row; 0 while there is no database."""
    try:
        return rows_now(db, "SELECT coalesce(max(id), 0) FROM attempts")[0][0]
    except sqlite3.OperationalError:
        return 0


def has_finished(db: Path) -> bool:
    """Whether the last job ended well; a kill may come before its results are written, which `export` then does."""
    return rows_now(db, "SELECT state FROM jobs ORDER BY id DESC LIMIT 1") == [("finished",)]


def check_rows(db: Path, job: int, rows, ledger: Ledger) -> None:
    """Each ticket of the job has one row, done, with an answer that the provider gave to its text."""
    sql = "SELECT text, state, category, priority, summary FROM tickets WHERE job_id = ? ORDER BY position"
    stored = rows_now(db, sql, job)
    assert [text for text, *_ in stored] == rows
    for text, state, *answer in stored:
        assert state == "done"
        assert Given(*answer) in ledger.given[text]


def wait_for_a_commit(db: Path, after: int, command: Command) -> None:
    """Return when a request more than `after` is on disk, or the command has ended."""
    deadline = time.perf_counter() + PATIENCE_S
    while requests_recorded(db) <= after and command.alive:
        assert time.perf_counter() < deadline, command.err
        time.sleep(0.004)
