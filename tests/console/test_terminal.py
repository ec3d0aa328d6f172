"""The console as a process on a terminal of its own: it opens, takes a new size, and gives the terminal back."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

PATIENCE_S = 30.0
LEAVES_SCREEN, SHOWS_CURSOR = b"\x1b[?1049l", b"\x1b[?25h"


class Terminal:
    """`forge-tui` on a pseudo-terminal; `seen` is every byte it wrote."""

    def __init__(self, folder: Path, *words: str, columns: int = 80, lines: int = 24) -> None:
        self._own, theirs = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(theirs)
        home = {name: str(folder / ".home") for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        environment = {**os.environ, **home, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
        for fixed in ("COLUMNS", "LINES"):
            environment.pop(fixed, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "forge_tui", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        self._theirs = theirs
        self.seen = b""

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if hasattr(self, "process"):
            # The process has no controlling terminal, whose job this would be.
            self.process.send_signal(signal.SIGWINCH)

    def type(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def until(self, words: bytes) -> None:
        """Read until `words` were written."""
        deadline = time.perf_counter() + PATIENCE_S
        while words not in self.seen:
            assert time.perf_counter() < deadline, f"{words!r} never came: {self.seen[-2000:]!r}"
            self.read()

    def read(self) -> None:
        if select.select([self._own], [], [], 0.05)[0]:
            self.seen += os.read(self._own, 65536)

    def end(self) -> int:
        """Wait for the end; answers the exit code."""
        deadline = time.perf_counter() + PATIENCE_S
        while self.process.poll() is None:
            assert time.perf_counter() < deadline, "it does not end"
            self.read()
        while select.select([self._own], [], [], 0.05)[0]:
            self.read()
        self.after = termios.tcgetattr(self._theirs)
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._own)
        os.close(self._theirs)


@pytest.fixture
def terminal(tmp_path):
    """Opens a console on twenty slow tickets."""
    (tmp_path / "tickets.txt").write_text("".join(f"ticket {n} is slow\n" for n in range(200)))
    opened = []

    def start(*words, **size):
        opened.append(Terminal(tmp_path, *words, **size))
        return opened[-1]

    yield start
    for console in opened:
        console.close()


RUN = ("tickets.txt", "--provider", "simulated", "--sim", "latency=0.3", "--concurrency", "2")


def running(terminal):
    terminal.until(b"Run with")
    terminal.until(b"to send")
    terminal.type("\r")
    terminal.until(b"RUNNING")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=str,
)
def test_a_signal_drains_gives_the_terminal_back_and_leaves_a_resumable_job(terminal, number, code):
    console = terminal(*RUN)
    running(console)
    console.process.send_signal(number)
    assert console.end() == code
    assert LEAVES_SCREEN in console.seen
    assert console.seen.rfind(SHOWS_CURSOR) > console.seen.find(LEAVES_SCREEN) - 200
    assert console.after == console.before
    assert b"J-0001" in console.seen[console.seen.rfind(LEAVES_SCREEN) :]


def test_it_follows_a_new_size_and_says_when_it_is_too_small(terminal):
    console = terminal(columns=80, lines=24)
    console.until(b"no job")
    console.resize(48, 12)
    console.until(b"too small")
    console.resize(140, 40)
    console.until(b"By class")
    console.type("q")
    assert console.end() == 0
