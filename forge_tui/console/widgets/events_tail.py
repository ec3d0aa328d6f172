"""The end of the event stream: a pane where there is room, one line where there is not."""

from collections.abc import Iterator

from textual.content import Content

from forge_tui.console.presentation import LEVEL_TONES, Tone, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.console.widgets.line import Line
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.telemetry.event_log import LogEntry, log_entry

_HIDDEN = {"debug"}


class EventsPane(Pane):
    """The last events of level info and above, the newest at the bottom."""

    NAME = "Events"

    def show(self, view: View) -> None:
        self.caption(self.NAME, f"level ≥ info · following · {view.job.events_dropped} dropped")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        return [_styled(entry, width) for entry in reversed(list(_newest(view.job, height)))]


class EventLine(Line):
    """The last event alone, or what is held back; `L` opens them all."""

    def content(self, view: View, width: int) -> Content:
        entry = next(_newest(view.job, 1), None)
        right = line(("L", f"bold {Tone.ACCENT}"), (" log ▴ ", Tone.DIM))
        left = line(" ", _styled(entry, width - right.cell_length - 3, short=True)) if entry else Content("")
        return spread(left, right, width)


def _newest(job: Snapshot, count: int) -> Iterator[LogEntry]:
    """The last `count` shown events, the newest first."""
    found = 0
    for event in reversed(job.events):
        if found == count:
            return
        entry = log_entry(event, job.currency)
        if entry.level not in _HIDDEN:
            found += 1
            yield entry


def _styled(entry: LogEntry, width: int, *, short: bool = False) -> Content:
    text = one_line(entry.line(short=short), width)
    content = Content(text).stylize(Tone.DIM, 0, 8)
    return content.stylize(LEVEL_TONES.get(entry.level, Tone.PLAIN), 9, 9 + len(entry.level))
