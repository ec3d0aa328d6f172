"""The progress pane: bar and ETA, where the tickets are, rates and cost, what binds; words are the one renderer's."""

import re
from collections.abc import Sequence

from textual.content import Content

from forge_tui.console.presentation import Tone, line
from forge_tui.console.view import Crashed, Refused, Starting, View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobState
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.telemetry import frame

_FIRST, _LAST = 1, 5  # lines of the renderer between title and breaker
_STYLES = (
    (re.compile("█+"), Tone.LEAD),
    (re.compile("░+"), Tone.FAINT),
    (
        re.compile(r"done (?=\d)|retry|in flight|waiting|cache hits|bound by:|efficiency|tokens/s|tickets/s|/s\b"),
        Tone.DIM,
    ),
    (re.compile(r"failed [1-9]\d*( \([^)]*\))?"), Tone.BAD),
    (re.compile(r"retry [1-9]\d*"), Tone.WARN),
    (re.compile(r"ETA [\d:]+"), Tone.STRONG),
    (re.compile(r"±\S+( s)?|ETA after .*|decides the ETA|\(→[^)]*\)|→ ≈ \S+|·"), Tone.DIM),
    (re.compile(r"^ ?\S*bound by: "), Tone.DIM),
)
# What an operator does about a state; the renderer's note says what it is.
_WHAT_TO_PRESS = {
    Code.BUDGET: "l raises it, then p",
    Code.RATE_LONG: "or d stops, resume later",
    Code.AUTH: "K sets a key, p resumes",
    Code.QUOTA: "add credit, then p",
    Code.NETWORK: "p tries again",
    Code.DISK: "free space; p tries again",
}


class ProgressPane(Pane):
    """Four lines; the last tells what hinders, as long as something does."""

    NAME = "Progress"

    def show(self, view: View) -> None:
        resumed = [note for note in frame.notes(view.job) if "done before" in note]
        self.caption(self.NAME, line((resumed[0], Tone.DIM)) if resumed else "")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - four lines whatever the height
        job = view.job
        if not job.job_id:
            return _nothing_runs(view, width)
        lines = [_styled(text) for text in frame.render_frame(job, width)[_FIRST:_LAST]]
        hindrance = what_hinders(job)
        if hindrance:
            lines[-1] = line((one_line(hindrance, width), _tone(job)))
        return lines


def what_hinders(job: Snapshot) -> str:
    """The most pressing note with the key that answers it; empty while the job simply runs."""
    notes = [note for note in frame.notes(job) if "done before" not in note]
    if job.state in (JobState.HALTED, JobState.PAUSED) or job.state in ENDED:
        keys = _keys(job)
        first = notes[0] if notes else one_line(frame.state_words(job), 200)
        words = first if job.state is not JobState.HALTED else f"{one_line(job.state_reason, 200)}; {first}"
        return f"{words}: {keys}" if keys else words
    return notes[0] if notes else ""


def _keys(job: Snapshot) -> str:
    if job.state is JobState.FINISHED_WITH_FAILURES:
        return "r retries, e exports"
    if job.state is JobState.FINISHED:
        return "e exports"
    if job.state in (JobState.PAUSED, JobState.HALTED):
        return _WHAT_TO_PRESS.get(Code(job.state_code), "p resumes") if job.state_code else "p resumes"
    return ""


def _tone(job: Snapshot) -> Tone:
    if job.state is JobState.HALTED:
        return Tone.BAD
    return Tone.GOOD if job.state in ENDED else Tone.WARN


def _styled(text: str) -> Content:
    content = Content(text)
    for pattern, tone in _STYLES:
        content = content.highlight_regex(pattern, style=tone)
    return content


def _nothing_runs(view: View, width: int) -> list[Content]:
    match view.engine:
        case Starting():
            return [line(("opening the database and the provider", Tone.DIM))]
        case Refused(message=message, code=code):
            cure = "K sets a key" if code is Code.AUTH else "q quits"
            return [*_wrapped(f"{message} [{code}]", width, Tone.BAD), line((cure, Tone.DIM))]
        case Crashed(summary=summary):
            return [line((one_line(summary, width), Tone.BAD))]
        case _:
            return _invitation(view, width)


def _invitation(view: View, width: int) -> list[Content]:
    start = line(
        "No jobs yet. " if not view.jobs else "No job is running. ", ("n", f"bold {Tone.ACCENT}"), " picks a file"
    )
    if view.jobs:
        start += line(" · ", ("2", f"bold {Tone.ACCENT}"), " shows the earlier jobs")
    recent = [line(("  " + one_line(file, width - 2), Tone.DIM)) for file in view.recent_files[:3]]
    return [start, *recent]


def _wrapped(text: str, width: int, tone: Tone) -> Sequence[Content]:
    words, lines = one_line(text, width * 3).split(" "), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return [line((one_line(part, width), tone)) for part in lines[:3]]
