"""Mode 2: this job and the earlier ones of the store; open, resume, export or cancel one."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from forge_tui.console.hub import EngineGone
from forge_tui.console.presentation import STATE_SIGNS, Tone, foreign, line
from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame, Pane
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.errors import ForgeError
from forge_tui.core.job import ENDED, JobRecord
from forge_tui.storage.rows import JobStats, LabelCounts
from forge_tui.telemetry import figures


class JobList(Frame):
    """Every job of the store, newest first."""

    NAME = "Jobs and history"
    COLUMNS = (
        Column("", 1),
        Column("job", 6),
        Column("file", 24),
        Column("state", 10),
        Column("done", 13, right=True),
        Column("fail", 6, right=True),
        Column("time", 8, right=True),
        Column("cost", 0, right=True),
    )
    DEFAULT_CSS = "JobList > VirtualList { margin: 1 2 1 2; }"

    def compose(self) -> ComposeResult:
        yield VirtualList(self.COLUMNS, id="job-rows", marks=False)

    def on_mount(self) -> None:
        self.list = self.query_one(VirtualList)
        self._jobs: tuple[JobRecord, ...] = ()

    def show(self, view: View) -> None:
        note = "⏎ open  e export" if view.jobs else "n picks a file"
        self.caption("Jobs and history" if view.jobs else "No jobs yet", note)
        if view.jobs != self._jobs:
            self._jobs = view.jobs
            self.list.show_ids([job.job_id for job in view.jobs])
            self.list.put_rows({job.job_id: _cells(job) for job in view.jobs})

    @property
    def current(self) -> JobRecord | None:
        """The job under the cursor."""
        return next((job for job in self._jobs if job.job_id == self.list.current), None)


class JobPane(Pane):
    """The labels, latencies and outcome of the job under the cursor."""

    NAME = "Job"
    _of: int = 0
    _told: list[Content] | None = None

    def tell(self, job: JobRecord | None, counts: LabelCounts | None, stats: JobStats | None) -> None:
        """Show this job."""
        self._told = _details(job, counts, stats) if job else []
        self.caption(job.label if job else "Job")
        self.show(self._view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - as it was read
        return (self._told or [])[:height]


class JobsScreen(ConsoleScreen):
    """The list above, the job under the cursor below."""

    FOOTER: ClassVar[tuple[str, ...]] = ("list.open", "export.filter", "job.pause", "job.cancel", "job.new")
    AUTO_FOCUS = "#job-rows"

    def body(self) -> ComposeResult:
        yield JobList(id="job-list")
        yield JobPane(id="job-pane")

    def on_virtual_list_moved(self) -> None:
        self._read_details(self.query_one(JobList).current)

    def on_screen_resume(self) -> None:
        self._read_details(self.query_one(JobList).current)

    def on_virtual_list_opened(self) -> None:
        job = self.query_one(JobList).current
        if job is None:
            return
        if job.job_id == self.forge.view.job.job_id:
            self.app.switch_mode("dashboard")
        elif job.state in ENDED:
            self.forge.say(f"{job.label} has ended: e exports it")
        else:
            self.forge.resume_job(job.job_id)
            self.app.switch_mode("dashboard")

    def can_export(self) -> bool:
        return self.query_one(JobList).current is not None

    def action_export(self) -> None:
        job = self.query_one(JobList).current
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


def _cells(job: JobRecord) -> Sequence[Content]:
    sign, tone = STATE_SIGNS[job.state]
    currency = str(job.spec.settings.get("currency") or "")
    took = (job.finished_at or job.started_at or job.created_at) - (job.started_at or job.created_at)
    return (
        line((sign, tone)),
        Content(job.label),
        foreign(", ".join(job.spec.files), 24),
        line((job.state.shown, tone)),
        Content(f"{figures.count(job.counts.done)}/{figures.count(job.counts.total)}"),
        line((figures.count(job.counts.failed), Tone.BAD if job.counts.failed else Tone.DIM)),
        Content(figures.clock(max(0.0, took))),
        Content(figures.money(job.cost, currency) if currency else "free"),
    )


def _details(job: JobRecord, counts: LabelCounts | None, stats: JobStats | None) -> list[Content]:
    told = [
        line((f"{job.spec.provider} {job.spec.model}", Tone.STRONG), (f"  {job.state.shown}", Tone.DIM), *_why(job))
    ]
    if counts is not None:
        for labels in (counts.categories, counts.priorities, {str(k): v for k, v in counts.sources.items()}):
            words = " · ".join(f"{name} {figures.count(n)}" for name, n in _most_first(labels) if n)
            told.append(Content(words or "nothing classified yet"))
    if stats is not None:
        told.append(
            line(
                f"{figures.count(stats.requests)} requests, {figures.short_count(stats.total_tokens)} tokens",
                (
                    f"  p50 {stats.p50_ms / 1000:.1f} p95 {stats.p95_ms / 1000:.1f} p99 {stats.p99_ms / 1000:.1f} s",
                    Tone.DIM,
                ),
            )
        )
    return told


def _most_first(labels: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(labels.items(), key=lambda item: -item[1])


def _why(job: JobRecord) -> list[tuple[str, str]]:
    words = f": {job.reason}" if job.reason else ""
    return [(f"{words}{f' [{job.code}]' if job.code else ''}", Tone.DIM)]
