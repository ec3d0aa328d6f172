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
from forge_tui.telemetry.bound import what_bound


@dataclass(frozen=True, slots=True)
class JobLine:
    """What lists tell of a job; `finished` are its done and failed tickets, `bound_by` is empty where nothing bound it."""

    label: str
    file: str
    state: JobState
    reason: str
    finished: int
    total: int
    failed: int
    took_s: float
    cost: str
    bound_by: str


def job_line(record: JobRecord, on_screen: Snapshot) -> JobLine:
    """A job as the store has it; the one on screen as it is this moment."""
    return _seen(record, on_screen) if record.job_id == on_screen.job_id else _stored(record)


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
            lines += _entry_lines(job_line(record, view.job), width, here=here)
        return lines


def _entry_lines(entry: JobLine, width: int, *, here: bool) -> list[Content]:
    sign, tone = STATE_SIGNS[entry.state]
    lead = line(("> " if here else "  ", Tone.ACCENT), (sign, tone), f" {entry.label} ")
    share = figures.percent(entry.finished, entry.total)
    room = width - lead.cell_length - cell_width(share) - 1
    head = spread(Content.assemble(lead, foreign(entry.file, room)), Content(share), width)
    return [head, line((one_line(f"    {_outcome(entry)}", width), Tone.DIM))]


def _outcome(entry: JobLine) -> str:
    if entry.state in (JobState.PAUSED, JobState.HALTED, JobState.REFUSED):
        return f"{entry.state.value}: {entry.reason}" if entry.reason else entry.state.value
    if entry.state is JobState.CANCELLED:
        return "cancelled"
    return " · ".join(part for part in (f"{entry.failed} failed", figures.clock(entry.took_s), entry.cost) if part)


def _seen(record: JobRecord, job: Snapshot) -> JobLine:
    cost = "free" if job.free else figures.money(job.cost, job.currency) if job.currency else ""
    file, finished = job.file or _file(record), job.done + job.failed
    return JobLine(
        label=record.label,
        file=file,
        state=job.state,
        reason=job.state_reason,
        finished=finished,
        total=job.total,
        failed=job.failed,
        took_s=job.elapsed_s,
        cost=cost,
        bound_by=job.bound.name,
    )


def _stored(record: JobRecord) -> JobLine:
    counts, spec = record.counts, record.spec
    ended = record.finished_at or record.started_at or record.created_at
    took_s = max(0.0, ended - (record.started_at or record.created_at))
    cost = "free" if spec.answered_here else ""
    if record.cost and not spec.answered_here:
        cost = figures.money(record.cost, str(spec.settings.get("currency") or ""))
    finished = counts.done + counts.failed
    bound = what_bound(record)
    return JobLine(
        label=record.label,
        file=_file(record),
        state=record.state,
        reason=_why(record),
        finished=finished,
        total=counts.total,
        failed=counts.failed,
        took_s=took_s,
        cost=cost,
        bound_by=bound.name if bound else "",
    )


def _why(record: JobRecord) -> str:
    return " ".join(part for part in (record.code or "", record.reason) if part)


def _file(record: JobRecord) -> str:
    files = record.spec.files
    first = files[0].rsplit("/", 1)[-1] if files else ""
    return first if len(files) < 2 else f"{first} + {len(files) - 1}"
