"""Lists of failures in a real terminal: from the key to the row on screen, at a thousand and at a hundred thousand."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Bar, Effort, Finding, Spread, Table
from console_stores import failed_job
from terminal_builders import PATIENCE_S, Terminal

FEW, MANY = 1_000, 100_000
LIMIT_MS = 100.0
FILTER, FAR_IN_THE_FILTER = "code:E-5XX", 80  # every fourth failure is one: without the filter it is off the screen
_CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
_LABEL = re.compile(rb"T-(\d{6})")


def lists(effort: Effort) -> Finding:
    """Milliseconds from a key to its row: opening the failures, going a page and to the end, filtering by a code."""
    took: dict[int, dict[str, list[float]]] = {FEW: defaultdict(list), MANY: defaultdict(list)}
    with TemporaryDirectory() as name:
        for count in took:
            asyncio.run(failed_job(Path(name) / f"{count}.db", count))
        for _ in range(effort.repetitions):
            for count, answers in took.items():
                for what, ms in _session(Path(name), count).items():
                    answers[what].append(ms)
    spreads = {count: {what: Spread.of(ms) for what, ms in answers.items()} for count, answers in took.items()}
    rows = [[what, *(spreads[count][what].text(0) for count in took)] for what in spreads[MANY]]
    return Finding(
        tables=[Table("from the key to the row", ["what", *(f"{count:,} failures, ms" for count in took)], rows)],
        bars=[Bar(f"{what}, {MANY:,} failures", "ms", spread, LIMIT_MS) for what, spread in spreads[MANY].items()],
    )


def _session(folder: Path, count: int) -> dict[str, float]:
    words = ("--db", f"{count}.db", "--provider", "local")
    terminal = Terminal(folder, *words, columns=140, lines=40, more={"PYTHONDONTWRITEBYTECODE": ""})
    try:
        terminal.until(b"picks a file")
        terminal.type("2")
        terminal.until(b"J-0001")
        terminal.settle()
        terminal.type("\r")
        terminal.until(b"T-000002")
        took = {
            "open, the first time": _ms(terminal, "3", lambda row: row == 2),
            "open again": _again(terminal),
            "a page down": _ms(terminal, "\x04", lambda row: 20 < row < count),
            "to the end": _ms(terminal, "G", lambda row: row == count),
            "to the top": _ms(terminal, "g", lambda row: row == 1),
        }
        terminal.type("/")
        terminal.until(b"E-JSON")
        terminal.type(FILTER)
        terminal.until(FILTER[-2:].encode())
        return took | {"filter": _ms(terminal, "\r", lambda row: row == FAR_IN_THE_FILTER)}
    finally:
        terminal.close()


def _again(terminal: Terminal) -> float:
    terminal.type("1")
    return _ms(terminal, "3", lambda row: row == 2)


def _ms(terminal: Terminal, key: str, shown: Callable[[int], bool]) -> float:
    """Milliseconds from `key` until a ticket's row that is `shown` only then was written."""
    terminal.settle(most_s=5.0)
    before, started = len(terminal.seen), time.perf_counter()
    terminal.type(key)
    while not any(shown(int(row)) for row in _LABEL.findall(_CONTROLS.sub(b"", terminal.seen[before:]))):
        assert time.perf_counter() - started < PATIENCE_S, f"{key!r} brought nothing"
        terminal.read()
    return 1000.0 * (time.perf_counter() - started)
