"""The console as a process on a terminal of its own: it opens, takes a new size, and gives the terminal back."""

import signal

import pytest

from terminal_builders import Terminal

LEAVES_SCREEN, SHOWS_CURSOR, TRACKS_MOUSE, LEAVES_MOUSE = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003h", b"\x1b[?1003l"
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


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


def check_given_back(console):
    """P19: main screen, cursor, mouse and line discipline are as they were."""
    assert LEAVES_SCREEN in console.seen
    assert console.seen.rfind(SHOWS_CURSOR) > console.seen.find(LEAVES_SCREEN) - 200
    assert console.seen.rfind(LEAVES_MOUSE) > console.seen.rfind(TRACKS_MOUSE)
    assert console.after == console.before


def log_bytes(folder):
    """What stands in the database's log of writes."""
    (database,) = folder.rglob("forge.db")
    log = database.with_name("forge.db-wal")
    return log.stat().st_size if log.exists() else 0


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_a_signal_drains_gives_the_terminal_back_and_leaves_a_resumable_job(terminal, tmp_path, number, code):
    console = terminal(*RUN)
    running(console)
    console.process.send_signal(number)
    assert console.end() == code
    check_given_back(console)
    assert b"J-0001" in console.seen[console.seen.rfind(LEAVES_SCREEN) :]
    assert log_bytes(tmp_path) == 0


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_the_second_signal_waits_for_nothing_in_flight(terminal, tmp_path, number, code):
    console = terminal("tickets.txt", "--provider", "simulated", "--sim", "latency=600", "--concurrency", "2")
    running(console)
    console.process.send_signal(number)
    console.until(b"draining: ")
    console.process.send_signal(number)
    assert console.end() == code  # within the patience of a test, which is less than the latency
    check_given_back(console)
    assert log_bytes(tmp_path) == 0


def test_a_terminal_that_vanishes_without_a_signal_is_a_hang_up(terminal, tmp_path):
    console = terminal(*RUN)
    running(console)
    assert console.vanish() == 129
    assert log_bytes(tmp_path) == 0


_BROKEN = """
import sys
from forge_tui.cli.main import forge_tui
from forge_tui.console.screens.help import HelpDialog

def compose(self):
    raise RuntimeError("a bug of ours")

HelpDialog.compose = compose
forge_tui(sys.argv[1:], prog_name="forge-tui")
"""


def test_a_bug_gives_the_terminal_back(terminal):
    console = terminal(program=("-c", _BROKEN))
    console.until(b"no job")
    console.type("?")
    assert console.end() == 1
    check_given_back(console)
    assert b"RuntimeError" in console.seen[console.seen.rfind(LEAVES_SCREEN) :]


def test_a_database_in_use_is_told_and_is_the_exit_code(terminal):
    owner = terminal()
    owner.until(b"everything by name")
    second = terminal()
    second.until(b"in use by process")
    second.type("q")
    assert second.end() == 75
    assert b"to look: forge-tui jobs" in second.seen[second.seen.rfind(LEAVES_SCREEN) :]
    owner.type("q")
    assert owner.end() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--concurrency", "many"), b"--concurrency: "), (("--key-file", "nowhere.key"), b"nowhere.key")],
    ids=str,
)
def test_what_nothing_typed_here_could_cure_ends_it_with_one_line(terminal, words, told):
    console = terminal(*words)
    assert console.end() in {2, 3}
    check_given_back(console)
    after = console.seen[console.seen.rfind(LEAVES_SCREEN) :]
    assert told in after
    assert b"Traceback" not in after


def test_a_key_typed_before_the_settings_are_known_waits_for_them(terminal):
    console = terminal("--concurrency", "77", "--provider", "simulated")
    console.until(b"no job")  # the first frame: pydantic is not even loaded
    console.type("n")
    console.until(b"Complete")
    console.type("tickets.txt\r")
    console.until(b"77")
    before = len(console.seen)
    console.type("\x1b")
    console.until(b"picks a file", since=before)  # a letter typed before that would be one with the escape
    console.type("q")
    assert console.end() == 0


def test_a_key_typed_before_the_settings_are_refused_goes_with_them(terminal):
    console = terminal("--concurrency", "many")
    console.until(b"no job")
    console.type("n")
    assert console.end() == 2
    check_given_back(console)
    assert b"--concurrency: " in console.seen[console.seen.rfind(LEAVES_SCREEN) :]


def test_it_follows_a_new_size_and_says_when_it_is_too_small(terminal):
    console = terminal(columns=80, lines=24)
    console.until(b"no job")
    console.resize(48, 12)
    console.until(b"too small")
    console.resize(140, 40)
    console.until(b"everything by name")
    console.type("q")
    assert console.end() == 0
