"""Mode 2: this job and the earlier ones of the store; open, resume, export or cancel one."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from forge_tui.console.hub import EngineGone
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import STATE_SIGNS, Tone, foreign, line
from forge_tui.console.screens.base import SCREENS, ConsoleScreen
from forge_tui.console.view import Refused, View
from forge_tui.console.widgets.events_tail import EventsPane
from forge_tui.console.widgets.frame import Frame, Pane
from forge_tui.console.widgets.jobs_list import JobLine, job_line
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.errors import ForgeError
from forge_tui.core.job import ENDED, UNDER_WAY, JobRecord, job_label
from forge_tui.storage.rows import JobStats, LabelCounts
from forge_tui.telemetry import figures, frame


class JobList(Frame):
    """Every job of the store, newest first; the one on screen as it is this moment."""

    NAME = "Jobs and history"
    COLUMNS = (
        Column("", 1),
        Column("job", 6),
        Column("file", 0),
        Column("state", 9),
        Column("done", 11, right=True),
        Column("fail", 5, right=True),
        Column("time", 7, right=True, from_width=64),
        Column("cost", 7, right=True, from_width=72),
        Column("bound by", 15, from_width=92),
    )
    DEFAULT_CSS = "JobList > VirtualList { margin: 1 2 1 2; }"

    def compose(self) -> ComposeResult:
        yield VirtualList(self.COLUMNS, cells=_cells, id="job-rows", marks=False)

    def on_mount(self) -> None:
        self.list = self.query_one(VirtualList)
        self._jobs: tuple[JobRecord, ...] = ()
        self._lines: dict[int, JobLine] = {}

    def show(self, view: View) -> None:
        if view.jobs:
            self.caption(self.NAME, "⏎ open  r resume  e export  x cancel")
        elif isinstance(view.engine, Refused):
            self.caption(self.NAME, "the database is not open")
        else:
            self.caption("No jobs yet", "n picks a file")
        if view.jobs != self._jobs:
            self._jobs = view.jobs
            self.list.show_ids([job.job_id for job in view.jobs])
        lines = {job.job_id: job_line(job, view.job) for job in view.jobs}
        if lines != self._lines:
            self._lines = lines
            self.list.put_rows(lines)

    @property
    def current(self) -> JobRecord | None:
        """The job under the cursor."""
        return next((job for job in self._jobs if job.job_id == self.list.current), None)


class JobPane(Pane):
    """The labels, latencies and outcome of the job under the cursor."""

    NAME = "Job"
    _job: JobRecord | None = None
    _read: tuple[LabelCounts | None, JobStats | None] = (None, None)

    def tell(self, job: JobRecord | None, counts: LabelCounts | None, stats: JobStats | None) -> None:
        """Show this job."""
        self._job, self._read = job, (counts, stats)
        self.caption(job.label if job else "Job")
        self.show(self._view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if self._job is None:
            return []
        told = _details(self._job, *self._read, width)
        if self._job.job_id == view.job.job_id:
            told.append(line((frame.fit(frame.bound_parts(view.job, wide=True), " · ", width), Tone.DIM)))
        else:
            told += _bound(self._job)
        return told[:height]


class JobsScreen(ConsoleScreen):
    """The list above, the job under the cursor below; on wide screens what happens now beside them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.JOBS)
    FOOTER: ClassVar[tuple[str, ...]] = (
        *("list.open", "jobs.resume", "export.filter", "job.cancel", "job.new", SCREENS, "app.quit"),
    )
    AUTO_FOCUS = "#job-rows"

    def body(self) -> ComposeResult:
        with Horizontal(id="jobs-and-events"):
            with Vertical(id="jobs-column"):
                yield JobList(id="job-list")
                yield JobPane(id="job-pane")
            yield EventsPane(id="job-events")

    @property
    def current(self) -> JobRecord | None:
        """The job under the cursor."""
        return self.query_one(JobList).current

    def label(self, key_id: str, *, wide: bool) -> str:
        """Enter opens a job here, not a ticket."""
        return "Open" if key_id == "list.open" else super().label(key_id, wide=wide)

    def on_virtual_list_moved(self) -> None:
        self._read_details(self.current)

    def on_screen_resume(self) -> None:
        self._read_details(self.current)

    def on_virtual_list_opened(self) -> None:
        job = self.current
        if job is not None and (job.job_id == self.forge.view.job.job_id or self._may_change_to(job)):
            if job.job_id != self.forge.view.job.job_id:
                self.forge.open_job(job.job_id)
            self.app.switch_mode("dashboard")

    def action_resume(self) -> None:
        job = self.current
        if job is not None and self._may_change_to(job):
            self.forge.resume_job(job.job_id)
            self.app.switch_mode("dashboard")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "resume":
            job, at_hand = self.current, self.forge.view.job
            busy = job is not None and job.job_id == at_hand.job_id and at_hand.state in UNDER_WAY
            return True if job is not None and job.counts.open and job.state not in ENDED and not busy else None
        return super().check_action(action, parameters)

    def _may_change_to(self, job: JobRecord) -> bool:
        """One job at a time is in the engine's hands: another is opened when it has let go of it."""
        at_work = self.forge.view.job
        if at_work.state in UNDER_WAY:
            words = f"{job_label(at_work.job_id)} is under way: {job.label} opens when it has ended"
            self.forge.say(f"{words}; e exports it now", severity="warning")
        return at_work.state not in UNDER_WAY

    def can_export(self) -> bool:
        return self.current is not None

    def action_export(self) -> None:
        job = self.current
        if job is not None:
            self._export(job, job.output or f"./{job.label}-results")

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _export(self, job: JobRecord, folder: str) -> None:
        try:
            where = self.forge.hub.export(job.job_id, folder)
        except (ForgeError, EngineGone) as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self.forge.say, f"{job.label}: results in {where}")

    @work(thread=True, exclusive=True, group="job", exit_on_error=False)
    def _read_details(self, job: JobRecord | None) -> None:
        counts: LabelCounts | None = None
        stats: JobStats | None = None
        if job is not None:
            try:
                counts = self.forge.hub.rows.counts_by_label(job.job_id)
                stats = self.forge.hub.rows.stats(job.job_id)
            except ForgeError:
                counts = stats = None
        self.app.call_from_thread(self.query_one(JobPane).tell, job, counts, stats)


def _cells(job: JobLine) -> Sequence[Content]:
    sign, tone = STATE_SIGNS[job.state]
    return (
        line((sign, tone)),
        Content(job.label),
        foreign(job.file, 60),
        line((job.state.shown, tone)),
        Content(f"{figures.cell_count(job.finished)}/{figures.cell_count(job.total)}"),
        line((figures.cell_count(job.failed), Tone.BAD if job.failed else Tone.DIM)),
        Content(figures.clock(job.took_s)),
        line((job.cost or figures.UNKNOWN, Tone.PLAIN if job.cost else Tone.DIM)),
        line((job.bound_by or figures.UNKNOWN, Tone.DIM)),
    )


def _details(job: JobRecord, counts: LabelCounts | None, stats: JobStats | None, width: int) -> list[Content]:
    told = [
        line((f"{job.spec.provider} {job.spec.model}", Tone.STRONG), (f"  {job.state.shown}", Tone.DIM), *_why(job))
    ]
    if counts is not None:
        for labels in (counts.categories, counts.priorities, {str(k): v for k, v in counts.sources.items()}):
            words = [f"{name} {figures.count(n)}" for name, n in _most_first(labels) if n]
            told.append(Content(frame.fit(words or ["nothing classified yet"], " · ", width)))
    if stats is not None:
        told.append(Content(frame.fit(_figures(job, stats), " · ", width)))
    return told


def _figures(job: JobRecord, stats: JobStats) -> list[str]:
    """What it took, per request and by the minute."""
    latencies = f"p50 {stats.p50_ms / 1000:.1f} p95 {stats.p95_ms / 1000:.1f} p99 {stats.p99_ms / 1000:.1f} s"
    words = [f"{figures.count(stats.requests)} requests", f"{figures.short_count(stats.total_tokens)} tokens"]
    per_min = 60.0 * job.counts.done / stats.duration_s if stats.duration_s else 0.0
    return words + [latencies] * bool(stats.requests) + [f"{figures.short_count(per_min)}/min"] * bool(per_min)


def _bound(job: JobRecord) -> list[Content]:
    bound = frame.bound_text(job)
    return [line((f"bound by: {bound}", Tone.DIM))] if bound else []


def _most_first(labels: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(labels.items(), key=lambda item: -item[1])


def _why(job: JobRecord) -> list[tuple[str, str]]:
    words = f": {job.reason}" if job.reason else ""
    return [(f"{words}{f' [{job.code}]' if job.code else ''}", Tone.DIM)]
