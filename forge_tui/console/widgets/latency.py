"""The latency pane: p50 and p95 of the last minutes as curves, the whole job's percentiles in figures."""

from itertools import groupby
from math import ceil, isfinite

from textual.content import Content

from forge_tui.console.plot import Plotter
from forge_tui.console.presentation import Tone, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.snapshot import LatencyPoint, Percentiles, Snapshot
from forge_tui.telemetry import figures

SHOWN_S = 120.0
_LEAST_SHOWN_S = 30.0
REDRAW_AFTER_S = 1.0
_FIGURES = 8  # cells: " p50 3.2"
_WIDE = 48
_LEAST_WIDTH, _LEAST_HEIGHT = 12, 3
_HEAD_ROOM = 1.1
_LEAST_SPAN = 0.7
_LEAST_TOP_S = 0.01

PLOTTER = Plotter()


class LatencyPane(Pane):
    """Curves are drawn once a second, the figures with every frame. Wide panes put the figures into the caption."""

    NAME = "Latency s"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._drawn: list[Content] = []
        self._drawn_for: tuple[object, ...] = ()

    def show(self, view: View) -> None:
        if self.room >= _WIDE:
            self.caption(
                line((self.NAME, Tone.STRONG), (f" · {_all_figures(view.job.latency)}", Tone.DIM)),
                f"last {_span_words(_span_s(view.job))}",
            )
        else:
            self.caption(self.NAME)
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if width >= _WIDE:
            return self._curves(view, width, height, labelled=True)
        beside = _figures_column(view.job.latency)
        if width < _LEAST_WIDTH + _FIGURES or height < _LEAST_HEIGHT:
            return beside[:height]
        curves = self._curves(view, width - _FIGURES, height, labelled=False)
        rows = max(len(curves), len(beside))
        blank = [Content("")] * rows
        pairs = zip((curves + blank)[:rows], (beside + blank)[:rows], strict=True)
        return [spread(curve, figure, width) for curve, figure in pairs]

    def _curves(self, view: View, width: int, height: int, *, labelled: bool) -> list[Content]:
        wanted = (width, height, view.job.job_id, int(view.now_mono / REDRAW_AFTER_S))
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._drawn = chart(view.job, width, height, labelled=labelled)
        return self._drawn


def chart(job: Snapshot, width: int, height: int, *, labelled: bool) -> list[Content]:
    """Axis, both curves and, `labelled`, their names at the right; empty while there is nothing to draw."""
    points = [point for point in job.latency_series if _drawable(point)]
    if not points:
        return [Content(""), line(("no request answered yet" if labelled else "", Tone.FAINT))][:height]
    low, high = _range(points)
    marks = _axis(low, high, height, fine=labelled)
    canvas = width - len(marks[0]) - (4 if labelled else 0)
    if canvas < 2:
        return []
    since, span = (-_span_s(job), 0.0), (low, high)
    p95 = PLOTTER.curve([(-point.age_s, point.p95) for point in points], since, span, canvas, height)
    p50 = PLOTTER.curve([(-point.age_s, point.p50) for point in points], since, span, canvas, height)
    names = _names(points, low, high, height) if labelled else [Content("")] * height
    rows = zip(marks, p95, p50, names, strict=True)
    return [Content.assemble((mark, Tone.FAINT), _both(upper, lower), name) for mark, upper, lower, name in rows]


def _span_s(job: Snapshot) -> float:
    """Two minutes; less while the job is younger, so that its first curve is not a dot at the edge."""
    oldest = max((point.age_s for point in job.latency_series if _drawable(point)), default=SHOWN_S)
    return min(SHOWN_S, max(_LEAST_SHOWN_S, 15.0 * ceil(oldest / 15.0)))


def _span_words(span_s: float) -> str:
    return "2 min" if span_s >= SHOWN_S else f"{span_s:.0f} s"


def _drawable(point: LatencyPoint) -> bool:
    finite = isfinite(point.p50) and isfinite(point.p95) and isfinite(point.age_s)
    return finite and 0 <= point.age_s <= SHOWN_S and abs(point.p95) < 1e6 and abs(point.p50) < 1e6


def _range(points: list[LatencyPoint]) -> tuple[float, float]:
    """From a little under the lowest p50 to a little over the highest p95."""
    low, high = min(point.p50 for point in points), max(point.p95 for point in points)
    high = max(high, low, _LEAST_TOP_S) * _HEAD_ROOM
    return max(0.0, min(low / _HEAD_ROOM, high * _LEAST_SPAN)), high


def _axis(low: float, high: float, height: int, *, fine: bool) -> list[str]:
    labels = [""] * height
    labels[0], labels[-1] = _tick(high, fine=fine), _tick(low, fine=fine)
    if fine and height >= 5:
        labels[height // 2] = _tick((low + high) / 2, fine=True)
    widest = max(len(label) for label in labels)
    return [f"{label:>{widest}}{'┤' if label else '│'}" for label in labels]


def _tick(seconds: float, *, fine: bool) -> str:
    if seconds >= 99.5:
        return figures.short_count(seconds)
    return f"{seconds:.1f}" if fine or seconds < 1 else f"{seconds:.0f}"


def _both(p95: str, p50: str) -> Content:
    """One row of both curves; in a cell of both the dots are joined, in the colour of p95."""
    parts: list[tuple[str, str]] = []
    for tone, cells in groupby(zip(p95, p50, strict=True), key=_tone_of):
        parts.append(("".join(_joined(upper, lower) for upper, lower in cells), tone))
    return Content.assemble(*parts)


def _tone_of(cell: tuple[str, str]) -> str:
    upper, lower = cell
    if upper != " ":
        return Tone.ACCENT
    return Tone.LEAD if lower != " " else Tone.PLAIN


def _joined(upper: str, lower: str) -> str:
    if upper == " " or lower == " ":
        return lower if upper == " " else upper
    return chr(ord(upper) | ord(lower))


def _names(points: list[LatencyPoint], low: float, high: float, height: int) -> list[Content]:
    """`p95` and `p50` beside the ends of their curves."""
    if height < 2:
        return [line((" p50", Tone.LEAD))] * height
    last = min(points, key=lambda point: point.age_s)
    rows = [Content("")] * height
    lower, upper = (_row_of(value, low, high, height) for value in (last.p50, last.p95))
    if upper == lower:
        upper, lower = (upper - 1, lower) if upper else (upper, lower + 1)
    rows[lower], rows[upper] = line((" p50", Tone.LEAD)), line((" p95", Tone.ACCENT))
    return rows


def _row_of(value: float, low: float, high: float, height: int) -> int:
    return min(height - 1, max(0, int((high - value) / (high - low) * height)))


def _figures_column(latency: Percentiles) -> list[Content]:
    if not latency.n:
        return [line((" no data", Tone.FAINT))]
    named = (("p50", latency.p50, Tone.LEAD), ("p95", latency.p95, Tone.ACCENT), ("p99", latency.p99, Tone.DIM))
    rows = [line((f" {name}", tone), f"{_value(value):>4}") for name, value, tone in named]
    return [*rows, line((" n", Tone.DIM), f"{figures.cell_count(latency.n):>6}")]


def _all_figures(latency: Percentiles) -> str:
    if not latency.n:
        return "no data"
    values = (
        (name, _value(value))
        for name, value in zip(("p50", "p95", "p99"), (latency.p50, latency.p95, latency.p99), strict=True)
    )
    return "  ".join([*(f"{name} {value}" for name, value in values), f"n {figures.cell_count(latency.n)}"])


def _value(seconds: float) -> str:
    """At most three cells: `12`, `3.2`, `.40`."""
    if not isfinite(seconds) or seconds >= 999.5:
        return figures.short_count(seconds)[:3]
    if seconds >= 9.95:
        return f"{seconds:.0f}"
    return f"{seconds:.1f}" if seconds >= 0.95 else f"{seconds:.2f}"[1:]


def latency_words(latency: Percentiles) -> Content:
    """The pane in a few words, for a line shared with others."""
    return (
        line(("p50 ", Tone.DIM), _value(latency.p50), ("  p95 ", Tone.DIM), _value(latency.p95))
        if latency.n
        else Content("")
    )
