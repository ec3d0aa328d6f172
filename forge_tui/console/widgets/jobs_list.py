"""The jobs beside the dashboard: newest first, two lines each, the one on screen pointed at."""

from dataclasses import dataclass

from textual.content import Content

from forge_tui.console.presentation import STATE_SIGNS, Tone, foreign, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.job import JobRecord, JobState
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import figures


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    file: str
    state: JobState
    reason: str
    share: str
    failed: int
    took_s: float
    cost: str


class JobsPane(Pane):
    """Reads the running job from the snapshot, the others from the list of the store."""

    NAME = "Jobs"

    def show(self, view: View) -> None:
        self.caption(f"Jobs {len(view.jobs)}" if view.jobs else "Jobs", line(("n", f"bold {Tone.ACCENT}"), " new"))
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if not view.jobs:
            return [line(("No jobs yet", Tone.DIM))]
        lines: list[Content] = []
        for record in view.jobs[: height // 2 + 1]:
            here = record.job_id == view.job.job_id
            entry = _running(record, view.job) if here else _stored(record)
            lines += _entry_lines(entry, width, here=here)
        return lines


def _entry_lines(entry: _Entry, width: int, *, here: bool) -> list[Content]:
    sign, tone = STATE_SIGNS[entry.state]
    lead = line(("> " if here else "  ", Tone.ACCENT), (sign, tone), f" {entry.label} ")
    room = width - lead.cell_length - cell_width(entry.share) - 1
    head = spread(Content.assemble(lead, foreign(entry.file, room)), Content(entry.share), width)
    return [head, line((one_line(f"    {_outcome(entry)}", width), Tone.DIM))]


def _outcome(entry: _Entry) -> str:
    if entry.state in (JobState.PAUSED, JobState.HALTED, JobState.REFUSED):
        return f"{entry.state.value}: {entry.reason}" if entry.reason else entry.state.value
    if entry.state is JobState.CANCELLED:
        return "cancelled"
    return " · ".join(part for part in (f"{entry.failed} failed", figures.clock(entry.took_s), entry.cost) if part)


def _running(record: JobRecord, job: Snapshot) -> _Entry:
    share = figures.percent(job.done + job.failed, job.total)
    cost = "free" if job.free else figures.money(job.cost, job.currency) if job.currency else ""
    file = job.file or _file(record)
    return _Entry(record.label, file, job.state, job.state_reason, share, job.failed, job.elapsed_s, cost)


def _stored(record: JobRecord) -> _Entry:
    counts = record.counts
    ended = record.finished_at or record.started_at or record.created_at
    took_s = ended - (record.started_at or record.created_at)
    cost = figures.money(record.cost, str(record.spec.settings.get("currency") or "")) if record.cost else ""
    share = figures.percent(counts.done + counts.failed, counts.total)
    return _Entry(record.label, _file(record), record.state, _why(record), share, counts.failed, took_s, cost)


def _why(record: JobRecord) -> str:
    return " ".join(part for part in (record.code or "", record.reason) if part)


def _file(record: JobRecord) -> str:
    files = record.spec.files
    first = files[0].rsplit("/", 1)[-1] if files else ""
    return first if len(files) < 2 else f"{first} + {len(files) - 1}"
