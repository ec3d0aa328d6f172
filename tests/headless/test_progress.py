"""The picture that a run without a screen leaves on standard error."""

import asyncio
import fcntl
import io
import os
import pty
import select
import struct
import termios
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest

from forge_tui.core.job import JobState
from forge_tui.core.snapshot import Snapshot
from forge_tui.headless.progress import Progress
from virtual_time import VirtualClock, run_virtual

Terminal = tuple[TextIO, Callable[[], str]]


def snapshots() -> Callable[[], Snapshot]:
    done = iter(range(0, 10_000, 100))
    return lambda: Snapshot(job_id=42, file="tickets.csv", state=JobState.RUNNING, total=10_000, done=next(done))


def draw_for(seconds: float, stream: TextIO) -> None:
    async def world() -> None:
        clock = VirtualClock()
        progress = Progress(stream, snapshots(), clock, refresh_s=0.25)
        drawing = asyncio.create_task(progress.run())
        await clock.sleep(seconds)
        drawing.cancel()
        progress.last()

    run_virtual(world(), limit_s=60)


def _all_of(descriptor: int) -> str:
    """What was written to a terminal: its buffer gives that out in pieces."""
    parts = []
    while select.select([descriptor], [], [], 0.1)[0]:
        parts.append(os.read(descriptor, 1_000_000))
    return b"".join(parts).decode()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm-256color")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream, lambda: _all_of(ours)
    os.close(ours)


def test_away_from_a_terminal_a_plain_line_comes_every_few_seconds():
    stream = io.StringIO()
    draw_for(11, stream)
    lines = stream.getvalue().splitlines()
    assert [line.split("/")[0].split()[-1] for line in lines] == ["0", "100", "200"]
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_a_block_that_is_redrawn_in_place(terminal: Terminal):
    stream, seen = terminal
    draw_for(0.6, stream)
    first, *redrawn = seen().split("\r\x1b[J")[1:]
    lines = first.count("\n")
    assert "J-0042 tickets.csv" in first
    assert [block.count("\n") for block in redrawn] == [lines] * len(redrawn)
    assert len(redrawn) == 3


def test_no_line_is_wider_than_the_terminal(terminal: Terminal):
    stream, seen = terminal
    draw_for(0, stream)
    assert max(len(line.rstrip("\r")) for line in seen().split("\r\x1b[J")[-1].split("\n")) < 60


def test_a_dumb_terminal_gets_plain_lines(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    stream, seen = terminal
    draw_for(6, stream)
    assert "\x1b" not in seen()


def test_a_stream_that_is_not_unicode_gets_ascii():
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    draw_for(6, stream)
    assert "100/10000" in written.getvalue().decode("ascii")


def test_a_line_that_is_told_stays_above_the_block(terminal: Terminal):
    stream, seen = terminal

    async def world() -> None:
        progress = Progress(stream, snapshots(), VirtualClock(), refresh_s=0.25)
        progress.last()
        progress.tell("the disk is full")
        progress.last()

    run_virtual(world(), limit_s=60)
    first, told, again = seen().split("\r\x1b[J")[1:]
    assert told == "the disk is full\r\n"
    assert again.count("\n") == first.replace("\x1b", "").count("\n")
