"""Debug: what this program is made of, how it is doing, and every setting in force."""

import platform
from collections.abc import Iterator
from importlib.metadata import version

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.settings import Settings

_PACKAGES = ("forge_tui", "textual", "httpx", "aiosqlite", "pydantic", "structlog", "plotext")
_VALUE_CELLS = 60


class DebugFrame(Frame):
    """The box around the scrolling text."""

    NAME = "Debug"


class DebugDialog(Dialog[None]):
    """Shows figures and settings as they were when it was opened."""

    def body(self) -> ComposeResult:
        yield DebugFrame(VerticalScroll(Static(Content("\n").join(list(self._lines())), markup=False)))

    def on_mount(self) -> None:
        self.query_one(DebugFrame).caption("Debug", "esc closes")
        self.query_one(VerticalScroll).focus()

    def _lines(self) -> Iterator[Content]:
        view = self.forge.view
        yield line(("how it is doing", f"bold {Tone.LEAD}"))
        yield _pair("paint", f"{view.paint_ms:.1f} ms, {self.forge.pace.hz:g} frames a second")
        yield _pair("engine late, p99", f"{view.job.engine_lag_p99_ms:.1f} ms")
        yield _pair("events", f"{view.job.events_seen} seen, {view.job.events_dropped} no longer shown")
        yield Content("")
        yield line(("versions", f"bold {Tone.LEAD}"))
        yield _pair("python", f"{platform.python_version()} on {platform.platform(terse=True)}")
        for package in _PACKAGES:
            yield _pair(package, version(package))
        yield Content("")
        yield line(("settings in force", f"bold {Tone.LEAD}"))
        for name in Settings.model_fields:
            yield _pair(name, str(self.forge.hub.setting(name)))


def _pair(name: str, value: str) -> Content:
    return line("  ", (f"{name:<32}", Tone.DIM), foreign(value, _VALUE_CELLS))
