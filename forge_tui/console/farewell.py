"""Leaving: how, while work is running; and the six lines left on the normal screen: results, cost, how to go on."""

from enum import Enum

from forge_tui.core.job import ENDED, job_label
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.telemetry import figures, frame, spending

WIDTH, MOST_CELLS = 100, 2000


class Leave(Enum):
    """How to leave while work is running."""

    DRAIN = "drain"
    NOW = "now"


def farewell(job: Snapshot, again: str) -> list[str]:
    """Counts, cost, duration, results and the command that goes on; `again` is the command line that goes on with the job."""
    if not job.job_id:
        return []
    label = job_label(job.job_id)
    lines = [
        f"{label} {one_line(job.file, 60)}: {one_line(frame.state_words(job), 60)}",
        f"tickets   {frame.fit(frame.counts_parts(job), '  ', WIDTH)}",
        f"cost      {', '.join(part for part in _cost(job) if part)}",
        f"time      {figures.clock(job.elapsed_s)} in {figures.count(job.requests)} requests",
        f"results   {_results(job, label)}",
        f"go on     {_go_on(job, label, again)}",
    ]
    # A command that is cut cannot be typed again.
    return [*(one_line(line, WIDTH + 40) for line in lines[:-1]), one_line(lines[-1], MOST_CELLS)]


def _cost(job: Snapshot) -> tuple[str, str, str]:
    spent = f"{spending.spent_text(job)} for {figures.count(job.tokens)} tokens"
    return spent, frame.cache_text(job), spending.saved_of(job)


def _results(job: Snapshot, label: str) -> str:
    return job.exported_to or f"kept in the database: forge-tui export {label} --output FOLDER"


def _go_on(job: Snapshot, label: str, again: str) -> str:
    return f"forge-tui jobs {label}" if job.state in ENDED else again
