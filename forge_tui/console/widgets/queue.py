"""The queue pane: each class with its last latencies, what waits and runs, and its batch size."""

from collections.abc import Sequence

from textual.content import Content

from forge_tui.console.presentation import CLASS_TONES, Tone, line, padded, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.snapshot import ClassView, LimitsView
from forge_tui.telemetry import figures

_WIDE = 42
_NARROW_SPARK, _WIDE_SPARK = 8, 12
_BAR = 7


class QueuePane(Pane):
    """One line a class, most complex first; the last line tells of slots and the next request, where there is room."""

    NAME = "Queue"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.caption(self.NAME, "wait run batch")

    def show(self, view: View) -> None:
        reason = _why(view.job.classes) if self.room >= _WIDE else ""
        name = line((self.NAME, Tone.STRONG), (f" · {reason}" if reason else "", Tone.DIM))
        self.caption(name, "wait run batch")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        classes = view.job.classes
        wide = width >= _WIDE
        shown = _WIDE_SPARK if wide else _NARROW_SPARK
        latencies = [latency for row in classes for latency in row.recent_latencies_s[-shown:]]
        top, deepest = max(latencies, default=0.0), max((row.queued for row in classes), default=0)
        rows = [_row(row, width, shown, top, deepest if wide else 0) for row in classes]
        return [*rows, _slots(view.job.limits, view.now_mono, width)] if height > len(rows) else rows


def _why(classes: Sequence[ClassView]) -> str:
    """What decides the batch size of the class with the longest line."""
    return max(classes, key=lambda row: row.queued).batch_reason if any(row.queued for row in classes) else ""


def _row(row: ClassView, width: int, shown: int, top: float, deepest: int) -> Content:
    recent = row.recent_latencies_s[-shown:]
    spark = figures.sparkline(recent, top).rjust(shown)
    left = line(f"{row.complexity:<8}", (spark, CLASS_TONES[row.complexity]))
    if deepest:
        left = Content.assemble(left, " ", (figures.eighths_bar(row.queued / deepest, _BAR), Tone.FAINT))
    running = str(row.requests_in_flight) if row.requests_in_flight else figures.UNKNOWN
    batch = f"{row.batch_size}/{row.batch_cap}"
    right = line(
        f"{figures.cell_count(row.queued):>5}",
        (f"{running:>3}", Tone.GOOD if row.requests_in_flight else Tone.DIM),
        f"{batch:>6}",
    )
    return spread(left, right, width)


def _slots(limits: LimitsView, now: float, width: int) -> Content:
    left = line(("slots ", Tone.DIM), f"{limits.slots_in_use}/{limits.slots_limit}")
    return spread(left, _next_send(limits, now), width)


def _next_send(limits: LimitsView, now: float) -> Content:
    if limits.hold_until_mono is not None and limits.hold_until_mono > now:
        return line(("hold ", Tone.DIM), (figures.countdown(limits.hold_until_mono - now), Tone.WARN))
    if limits.next_send_at_mono is not None and limits.next_send_at_mono > now:
        return line(("next send ", Tone.DIM), figures.short_seconds(limits.next_send_at_mono - now))
    return Content("")


def columns(cells: Sequence[Content], widths: Sequence[int]) -> Content:
    """Cells side by side in fixed widths."""
    return Content.assemble(*(padded(cell, width) for cell, width in zip(cells, widths, strict=True)))
