"""What the console and its engine are opened with."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from forge_tui.cli.console import look
from forge_tui.cli.engine_wiring import SLOW_LINK_HZ, wiring
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused


@pytest.mark.parametrize(
    ("environment", "flags", "hz"),
    [
        ({}, [], 4.0),
        ({"SSH_CONNECTION": "10.0.0.7 22"}, [], SLOW_LINK_HZ),
        ({"SSH_CONNECTION": "10.0.0.7 22"}, [("refresh_hz", 8, "FORGE_REFRESH_HZ")], 8.0),
        ({}, [("refresh_hz", 0.5, "FORGE_REFRESH_HZ")], 0.5),
    ],
)
def test_a_slow_link_gets_fewer_frames_unless_a_rate_was_set(folder: Path, environment, flags, hz):
    """D27: the setting refresh_hz reaches the screen."""
    with ExitStack() as stack:
        assert wiring(flags, environment, SystemClock(), stack).settings.refresh_hz == hz


def test_a_keymap_that_names_no_key_of_ours_is_refused_before_the_engine_opens(folder: Path):
    with ExitStack() as stack, pytest.raises(SettingsRefused, match="there is no such key id"):
        wiring([("keys", {"no.such": "x"}, "--keys")], {}, SystemClock(), stack)


def test_a_state_folder_that_cannot_be_written_to_is_told_and_costs_the_log_only(folder: Path, monkeypatch):
    blocked = folder / "blocked"
    blocked.write_text("a file, no folder", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    with ExitStack() as stack:
        found = wiring([("db", folder / "forge.db", "--db")], {}, SystemClock(), stack)
    assert found.notice.startswith("no log is written: ")
    assert (found.listeners, found.log_path) == ((), "")


@pytest.mark.parametrize(
    ("term", "ascii_only", "plain"), [("xterm", False, False), ("xterm", True, True), ("linux", False, True)]
)
def test_plain_symbols_where_others_cannot_be_drawn(term, ascii_only, plain):
    assert look({"TERM": term}, ascii_only=ascii_only).ascii_only is plain


@pytest.mark.parametrize(("term", "clipboard"), [("xterm", True), ("linux", False), ("dumb", False)])
def test_where_no_clipboard_can_be_reached_copies_go_to_a_file(term, clipboard):
    assert look({"TERM": term}, ascii_only=False).clipboard is clipboard
