"""The table by class: what waits, runs and failed of each, with its latencies and pace."""

from textual.content import Content

from forge_tui.console.presentation import CLASS_TONES, Tone, line
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.snapshot import ClassView, Percentiles, Snapshot
from forge_tui.telemetry import figures, spending

_HEADS = ("class", "wait", "run", "retry", "p50", "p95", "p99", "done", "fail", "ewma/s")
_WIDTHS = (7, 6, 5, 7, 8, 7, 7, 7, 6, 8)


class ByClassPane(Pane):
    """A line a class and their sum; what never was in a class stands in the caption."""

    NAME = "By class"

    def show(self, view: View) -> None:
        job = view.job
        beside = f"beside: {job.from_cache} cached, {job.from_twin + job.twins} twins, {job.refused} refused"
        saved = f" · {told}" if (told := spending.saved_in_all(job)) else ""
        self.caption(line((self.NAME, Tone.STRONG), (f" · {beside}{saved}", Tone.DIM)) if job.job_id else self.NAME)
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - five lines whatever the height
        job = view.job
        head = line((_laid_out(_HEADS), Tone.DIM))
        return [head, *(_class_line(row) for row in job.classes), _sum_line(job)]


def _class_line(row: ClassView) -> Content:
    cells = (
        str(row.complexity),
        str(row.queued),
        _some(row.requests_in_flight),
        str(row.waiting),
        *_latency(row.latency),
        str(row.done),
        str(row.failed),
        figures.rate(row.tickets_per_s) if row.tickets_per_s else figures.UNKNOWN,
    )
    return _toned(cells, CLASS_TONES[row.complexity], row.failed)


def _sum_line(job: Snapshot) -> Content:
    rows = job.classes
    failed = sum(row.failed for row in rows)
    cells = (
        "all",
        str(sum(row.queued for row in rows)),
        _some(sum(row.requests_in_flight for row in rows)),
        str(sum(row.waiting for row in rows)),
        *_latency(job.latency),
        str(sum(row.done for row in rows)),
        str(failed),
        figures.rate(sum(row.tickets_per_s for row in rows)),
    )
    return _toned(cells, Tone.STRONG, failed)


def _toned(cells: tuple[str, ...], tone: str, failed: int) -> Content:
    text = _laid_out(cells)
    content = Content(text).stylize(tone, 0, _WIDTHS[0])
    fail_ends = sum(_WIDTHS[:9])
    return content.stylize(Tone.BAD, fail_ends - _WIDTHS[8], fail_ends) if failed else content


def _laid_out(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return first.ljust(_WIDTHS[0]) + "".join(
        cell[:width].rjust(width) for cell, width in zip(others, _WIDTHS[1:], strict=True)
    )


def _some(number: int) -> str:
    return str(number) if number else figures.UNKNOWN


def _latency(latency: Percentiles) -> tuple[str, str, str]:
    if not latency.n:
        return (figures.UNKNOWN,) * 3
    return f"{latency.p50:.2f}", f"{latency.p95:.2f}", f"{latency.p99:.2f}"
