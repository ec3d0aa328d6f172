"""One look for every test of the screen: no animation, no colour switch from outside, nothing typed blinks."""

import asyncio
import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"  # read when Textual is imported
os.environ["TZ"] = "UTC"
for name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_FILTERS"):
    os.environ.pop(name, None)

import pytest  # noqa: E402 - Textual may only be imported once the switches above stand
import textual.app  # noqa: E402
from textual.widgets import Input  # noqa: E402


@pytest.fixture(autouse=True)
def still_screen(monkeypatch):
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)
    # A key press waits until the computer is idle, twice; that every widget has handled its messages is enough.
    monkeypatch.setattr(textual.app, "wait_for_idle", handled)


async def handled(*_):
    """Give way, as often as a message is handed on at most."""
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - no time passes
