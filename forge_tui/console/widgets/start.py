"""The dashboard before its first job: what can be done from here, and what answers when it is done."""

from collections.abc import Iterator

from textual.content import Content

from forge_tui.console.presentation import STATE_SIGNS, Tone, foreign, line, padded
from forge_tui.console.view import Crashed, Live, Refused, Starting, View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import figures

_BLOCK = 66  # cells: as wide as a sentence is read at a glance
_KEY, _NAME = 4, 15
_RECENT, _FILE = 5, 32


class StartPane(Pane):
    """In place of instruments that would all stand at zero; `idle` says when."""

    NAME = "Start"

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        block = min(_BLOCK, width)
        told = list(_told(view, block))
        recent = list(_recent(view))
        if recent and len(told) + 1 + len(recent) <= height:
            told += [Content(""), *recent]
        above = max(0, (height - len(told)) // 3)
        left = " " * ((width - block) // 2)
        return [*[Content("")] * above, *(line(left, row) for row in told)]


def idle(view: View) -> bool:
    """Whether there is no job to show yet, and no crash either."""
    return not view.job.job_id and not isinstance(view.engine, Crashed)


def _told(view: View, width: int) -> Iterator[Content]:
    match view.engine:
        case Starting():
            yield line(("opening the database and the provider", Tone.DIM))
        case Refused(message=message, code=code) as refused:
            yield from line((one_line(f"{message} [{code}]", 6 * width), Tone.BAD)).wrap(width)
            yield Content("")
            yield from (
                _row("K", "API key", "masked; kept for this session only", width) if refused.for_want_of_a_key else ()
            )
            yield from _row("q", "quit", "", width)
        case _:
            yield from _choices(view, width)


def _choices(view: View, width: int) -> Iterator[Content]:
    jobs = figures.count(len(view.jobs))
    first = "No job is running. " if view.jobs else "No jobs yet. "
    yield line((first, Tone.STRONG), ("n", f"bold {Tone.ACCENT}"), (" picks a file", Tone.STRONG))
    yield Content("")
    takes = "CSV, JSON, JSON lines or text: you see what it costs before anything is sent"
    yield from _row("n", "pick a file", takes, width)
    if view.jobs:
        yield from _row("2", "earlier jobs", f"{jobs} in this database: open, resume, export", width)
    yield from _row("K", "API key", _answers(view), width)
    yield from _row("?", "help", "what every key does here", width)
    yield from _row("^p", "commands", "everything by name", width)
    yield from _row("q", "quit", "", width)


def _answers(view: View) -> str:
    engine = view.engine
    if isinstance(engine, Live) and engine.local:
        return "no API key: local rules answer, no AI. Set SARVAM_API_KEY, or type one here, masked"
    return engine.provider if isinstance(engine, Live) else ""


def _row(key: str, name: str, words: str, width: int) -> Iterator[Content]:
    """A key, what it is for, and words that go on below themselves."""
    head = line((f"{key:<{_KEY}}", f"bold {Tone.ACCENT}"), f"{name:<{_NAME}}")
    for number, part in enumerate(
        line((one_line(words, 1000), Tone.DIM)).wrap(max(8, width - _KEY - _NAME)) or [Content("")]
    ):
        yield line(" " * (_KEY + _NAME) if number else head, part)


def _recent(view: View) -> Iterator[Content]:
    """The files of the last jobs, and what became of them."""
    newest = {file: job for job in reversed(view.jobs) for file in job.spec.files}
    for number, file in enumerate(view.recent_files[:_RECENT]):
        sign, tone = STATE_SIGNS[newest[file].state]
        name = padded(foreign(file, _FILE), min(_FILE, max(cell_width(name) for name in view.recent_files)))
        head = (f"{'' if number else 'recent':<{_NAME}}", Tone.DIM)
        yield line(" " * _KEY, head, (sign, tone), " ", name, (f"  {newest[file].state.shown}", Tone.DIM))
