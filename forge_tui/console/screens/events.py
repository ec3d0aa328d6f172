"""Mode 5: the events as they come, by level, under a filter; scrolling back holds the view still."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from forge_tui.console.keys import Scope, as_binding, bindings
from forge_tui.console.presentation import LEVEL_TONES, Tone, foreign
from forge_tui.console.screens.base import SCREENS, ConsoleScreen
from forge_tui.console.screens.row_list import FilterInput
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.telemetry.event_log import LogEntry, log_entry

LEVELS = ("debug", "info", "warn", "error")


class LogPane(Pane):
    """The last events of a level and above; `back` is how many lines the view is held above the newest."""

    NAME = "Events and log"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Scope.LOG),
        as_binding("list.up", "scroll_back(1)"),
        as_binding("list.down", "scroll_back(-1)"),
        as_binding("list.page_up", "scroll_back(20)"),
        as_binding("list.page_down", "scroll_back(-20)"),
        as_binding("list.top", "scroll_back(100_000)"),
        as_binding("list.bottom", "follow"),
        as_binding("list.filter", "filter"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.level = "info"
        self.words = ""
        self.wraps = False
        self._back = 0
        self._held_at = 0

    def show(self, view: View) -> None:
        state = "following" if not self._back else "paused, G follows"
        words = f" · / {self.words}" if self.words else ""
        self.caption(self.NAME, f"level ≥ {self.level} · {state} · {view.job.events_dropped} dropped{words}")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        entries = self._entries(view)
        if not entries:
            return [
                Content.styled(
                    "Nothing has happened yet" if not self.words else "No event matches. esc clears", Tone.DIM
                )
            ]
        if self._back:
            new = view.job.events_seen - self._held_at
            shown = entries[: max(0, len(entries) - self._back)]
            below = Content.styled(f"── paused: {new} new lines below (G) ──", Tone.WARN)
            return [*self._drawn(shown, width, height - 1), below]
        return self._drawn(entries, width, height)

    def action_scroll_back(self, by: int) -> None:
        if not self._back:
            self._held_at = self._view.job.events_seen
        self._back = max(0, min(len(self._entries(self._view)) - 1, self._back + by))
        self.show(self._view)

    def action_follow(self) -> None:
        self._back = 0
        self.show(self._view)

    def action_level(self) -> None:
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
        self.action_follow()

    def action_wrap(self) -> None:
        self.wraps = not self.wraps
        self.show(self._view)

    def action_filter(self) -> None:
        screen = self.screen
        if isinstance(screen, EventsScreen):
            screen.ask_filter()

    def _entries(self, view: View) -> list[LogEntry]:
        least = LEVELS.index(self.level)
        entries = (log_entry(event, view.job.currency) for event in view.job.events)
        words = self.words.lower().split()
        return [
            entry
            for entry in entries
            if LEVELS.index(entry.level) >= least and all(word in entry.line().lower() for word in words)
        ]

    def _drawn(self, entries: Sequence[LogEntry], width: int, height: int) -> list[Content]:
        drawn: list[Content] = []
        for entry in reversed(entries):
            if len(drawn) >= height:
                break
            whole = foreign(entry.line(), width if not self.wraps else 4 * width)
            whole = whole.stylize(Tone.DIM, 0, 8).stylize(LEVEL_TONES.get(entry.level, ""), 9, 9 + len(entry.level))
            drawn = [*(whole.wrap(width) if self.wraps else [whole]), *drawn]
        return drawn[-height:] if height > 0 else []


class EventsScreen(ConsoleScreen):
    """The log at full height."""

    FOOTER: ClassVar[tuple[str, ...]] = (
        "log.level",
        "list.filter",
        "log.wrap",
        "job.pause",
        "job.new",
        SCREENS,
        "app.quit",
    )
    AUTO_FOCUS = "#log"
    DEFAULT_CSS = """
    EventsScreen > FilterInput { display: none; height: 1; border: none; padding: 0; margin: 0 2; }
    EventsScreen.-filtering > FilterInput { display: block; }
    """

    def body(self) -> ComposeResult:
        yield FilterInput(placeholder="words of the line", compact=True)
        yield LogPane(id="log")

    def ask_filter(self) -> None:
        """Open the filter line."""
        self.add_class("-filtering")
        self.query_one(FilterInput).focus()

    def filter_by(self, typed: str) -> None:
        """Show only lines with these words."""
        pane = self.query_one(LogPane)
        pane.words = typed.strip()
        self.set_class(bool(pane.words), "-filtering")
        pane.action_follow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.filter_by(event.value)
        self.query_one(LogPane).focus()
