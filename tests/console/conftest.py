"""One look for every test of the screen: no animation, no colour switch from outside, nothing typed blinks."""

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"  # read when Textual is imported
os.environ["TZ"] = "UTC"
for name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_FILTERS"):
    os.environ.pop(name, None)

import pytest  # noqa: E402 - Textual may only be imported once the switches above stand
from textual.widgets import Input  # noqa: E402


@pytest.fixture(autouse=True)
def still_screen(monkeypatch):
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)
