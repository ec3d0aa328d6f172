"""What the console is opened with, before it is."""

from pathlib import Path

import pytest

from forge_tui.cli.console import SLOW_LINK_HZ, _look
from forge_tui.cli.wiring import wire


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
    assert _look(environment, wire(flags), ascii_only=False).hz == hz


@pytest.mark.parametrize(
    ("term", "ascii_only", "plain"), [("xterm", False, False), ("xterm", True, True), ("linux", False, True)]
)
def test_plain_symbols_where_others_cannot_be_drawn(folder: Path, term, ascii_only, plain):
    assert _look({"TERM": term}, wire([]), ascii_only=ascii_only).ascii_only is plain


@pytest.mark.parametrize(("term", "clipboard"), [("xterm", True), ("linux", False), ("dumb", False)])
def test_where_no_clipboard_can_be_reached_copies_go_to_a_file(folder: Path, term, clipboard):
    assert _look({"TERM": term}, wire([]), ascii_only=False).clipboard is clipboard
