"""The console as a process on a terminal of its own: it opens, takes a new size, and gives the terminal back."""

import signal

import pytest

from terminal_builders import Terminal

LEAVES_SCREEN, SHOWS_CURSOR = b"\x1b[?1049l", b"\x1b[?25h"


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
    console.until(b"everything by name")
    console.type("q")
    assert console.end() == 0
