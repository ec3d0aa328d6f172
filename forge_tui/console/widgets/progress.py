"""The progress pane: bar and ETA, where the tickets are, rates and cost, what binds; words are the one renderer's."""

import re

from textual.content import Content

from forge_tui.console.presentation import Tone, joined, line
from forge_tui.console.view import Crashed, View
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
        if isinstance(view.engine, Crashed) and not job.job_id:
            return [line((one_line(view.engine.summary, width), Tone.BAD))]
        lines = [_styled(text) for text in frame.render_frame(job, width)[_FIRST:_LAST]]
        hindrance = what_hinders(job, width)
        if hindrance:
            lines[-1] = joined([line((hindrance, _tone(job))), *_results(job)], " · ", width)
        return lines


def what_hinders(job: Snapshot, width: int) -> str:
    """The most pressing note with the key that answers it, which is never cut; empty while the job simply runs."""
    notes = [note for note in frame.notes(job) if "done before" not in note]
    if job.state in (JobState.HALTED, JobState.PAUSED) or job.state in ENDED:
        words, keys = _cause(job, notes), _keys(job)
        between = " · " if ": " in words else ": "
        return f"{one_line(words, width - len(between + keys))}{between}{keys}" if keys else one_line(words, width)
    return one_line(notes[0], width) if notes else ""


def _cause(job: Snapshot, notes: list[str]) -> str:
    """Why it stands still, or how it ended; the header has its code already."""
    reason = one_line(job.state_reason, 200)
    if job.state is JobState.HALTED:
        return "; ".join(part for part in (reason, *notes[:1]) if part)
    if notes or job.state is not JobState.PAUSED:
        return notes[0] if notes else one_line(frame.state_words(job), 200)
    return reason if job.state_code and reason else f"paused {reason}".rstrip()


def _keys(job: Snapshot) -> str:
    if job.state is JobState.FINISHED_WITH_FAILURES:
        return "r retries, e exports"
    if job.state is JobState.FINISHED:
        return "e exports"
    if job.state in (JobState.PAUSED, JobState.HALTED):
        return _WHAT_TO_PRESS.get(Code(job.state_code), "p goes on, d stops") if job.state_code else "p resumes"
    return ""


def _results(job: Snapshot) -> list[Content]:
    """Where they are, once they are written."""
    folder = one_line(job.exported_to, 200)
    return [line((f"results in {folder}", Tone.DIM))] if folder and job.state in ENDED else []


def _tone(job: Snapshot) -> Tone:
    if job.state is JobState.HALTED:
        return Tone.BAD
    return Tone.GOOD if job.state in ENDED else Tone.WARN


def _styled(text: str) -> Content:
    content = Content(text)
    for pattern, tone in _STYLES:
        content = content.highlight_regex(pattern, style=tone)
    return content
