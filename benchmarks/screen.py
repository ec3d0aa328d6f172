"""What the screen costs the pipeline, and how soon there is something to see: real processes on a pseudo-terminal."""

import os
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Bar, Effort, Finding, Spread, Table
from benchmarks.lean_server import Behaviour, lean_server
from benchmarks.runs import tickets, write_tickets
from terminal_builders import Terminal

COUNT, SLOTS, LATENCY_S = 5_000, 100, 0.2
SCREEN_LIMIT, HELP_LIMIT, PAINT_LIMIT = 0.95, 5.0, 1.6
STARTS = 7
_SCRIPT = Path(sys.executable).with_name("forge-tui")
_PAINTED, _READY = b"painted", b"picks a file"
_PAIRS = (
    ("--help", "python -c pass"),
    ("the console, first paint", "a bare Textual app, first paint"),
)
_BARE_APP = f"""
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("{_PAINTED.decode()}")

Bare().run()
"""


def ui(effort: Effort) -> Finding:
    """5,000 tickets on 100 slots, 200 ms: the rate under the console over the rate of --batch."""
    shown, bare = [], []
    with lean_server(Behaviour(latency_s=LATENCY_S)) as server:
        for _ in range(effort.repetitions):
            bare.append(_rate(_batch, server.url))
            shown.append(_rate(_console, server.url))
    ratio = Spread.of(under / alone for under, alone in zip(shown, bare, strict=True))
    rows = [
        [name, Spread.of(rates).text(0), f"{Spread.of(rates).median / (SLOTS / LATENCY_S):.0%}"]
        for name, rates in (("--batch", bare), ("the console, 140 x 40", shown))
    ]
    work = f"{COUNT:,} tickets, {SLOTS} slots, {LATENCY_S * 1000:.0f} ms, under the console"
    return Finding(
        tables=[Table("the screen's cost", ["face", "tickets/s", "of the ideal rate"], rows)],
        bars=[Bar(work, "tickets/s / that of --batch", ratio, SCREEN_LIMIT, at_least=True)],
    )


def startup(_effort: Effort) -> Finding:
    """`--help` over `python -c pass`, and the console's first paint over that of a bare Textual app."""
    # Everything has its byte code, as where it was installed; all are run in turn, so that a busy machine slows all.
    _first_paint(_READY, "-m", "forge_tui")
    runs: dict[str, list[float]] = defaultdict(list)
    for _ in range(STARTS):
        runs["python -c pass"].append(_seconds([sys.executable, "-c", "pass"]))
        runs["--help"].append(_seconds([str(_SCRIPT), "--help"]))
        runs["a bare Textual app, first paint"].append(_first_paint(_PAINTED, "-c", _BARE_APP))
        runs["the console, first paint"].append(_first_paint(b"no job", "-m", "forge_tui"))
        runs["of it: importing Textual"].append(_seconds([sys.executable, "-c", "import textual.app"]))
        runs["of it: importing all it is drawn with"].append(
            _seconds([sys.executable, "-c", "import forge_tui.cli.console"])
        )
        runs["the console, engine open"].append(_first_paint(_READY, "-m", "forge_tui"))
    measured = {name: Spread.of(seconds) for name, seconds in runs.items()}
    helped, painted = (_ratio(runs[ours], runs[theirs]) for ours, theirs in _PAIRS)
    rows = [[name, Spread(*(s * 1000 for s in (t.median, t.low, t.high))).text(0)] for name, t in measured.items()]
    return Finding(
        tables=[Table(f"start-up, median of {STARTS}", ["what", "ms"], rows)],
        bars=[
            Bar("--help", "time / `python -c pass`", helped, HELP_LIMIT),
            Bar("first paint", "time / a bare Textual app's", painted, PAINT_LIMIT),
        ],
    )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    return Spread.of(mine / other for mine, other in zip(ours, theirs, strict=True))


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=_with_byte_code(), check=True)
    return time.perf_counter() - started


def _with_byte_code() -> dict[str, str]:
    return os.environ | {"PYTHONDONTWRITEBYTECODE": ""}


def _first_paint(words: bytes, *program: str) -> float:
    with TemporaryDirectory() as folder:
        started = time.perf_counter()
        terminal = Terminal(Path(folder), program=program, more={"PYTHONDONTWRITEBYTECODE": ""})
        try:
            terminal.until(words)
            return time.perf_counter() - started
        finally:
            terminal.close()


def _rate(run: Callable[[Path, list[str]], None], url: str) -> float:
    """Tickets a second of one job, from its start to its end as the store tells them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_tickets(folder / "tickets.txt", tickets(COUNT))
        options = ["--provider", "sarvam", "--base-url", url, "--rpm", "0", "--batch-size", "1", "--allow-http"]
        run(folder, ["tickets.txt", *options, "--concurrency", str(SLOTS), "--db", "forge.db", "--output", "out"])
        with closing(sqlite3.connect(folder / "forge.db")) as connection:
            started_at, finished_at = connection.execute("SELECT started_at, finished_at FROM jobs").fetchone()
    return COUNT / float(finished_at - started_at)


def _batch(folder: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "forge_tui", "--batch", *words]
    environment = os.environ | {"SARVAM_API_KEY": "sk_sim_ok", "XDG_STATE_HOME": str(folder)}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)


def _console(folder: Path, words: list[str]) -> None:
    terminal = Terminal(folder, *words, columns=140, lines=40, more={"SARVAM_API_KEY": "sk_sim_ok"})
    try:
        terminal.until(b"to send")
        terminal.type("\r")
        terminal.until(b"DONE 00:")
        terminal.type("q")
        assert terminal.end() == 0
    finally:
        terminal.close()
