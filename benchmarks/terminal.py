"""The same figures for a terminal: tables as they come, the plots and the bars at the end, by plotext."""

from collections.abc import Sequence
from importlib import import_module
from math import log10

from benchmarks.figures import Bar, Plot, Table

WIDTH, HEIGHT = 76, 16
BAR_CELLS = 30
MARKERS = "●○▲△■□◆"


def table_lines(table: Table) -> list[str]:
    """Columns as wide as they need to be."""
    cells = [list(table.head), *map(list, table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return ["", table.title, *(f"  {line}" for line in lines)]


def plot_lines(plot: Plot) -> list[str]:
    """The curves as one picture; on a logarithmic axis the label says that it shows powers of ten."""
    plotext = import_module("plotext")  # it carries no types
    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear()
    figure.plot_size(WIDTH, HEIGHT)
    figure.theme("colorless")
    for marker, points in zip(MARKERS, plot.curves.values(), strict=False):
        xs = [log10(x) if plot.log_x else x for x, _ in points]
        ys = [log10(y) if plot.log_y else y for _, y in points]
        figure.draw(figure.signal(xs, ys, marker=marker))
    names = "   ".join(f"{marker} {name}" for marker, name in zip(MARKERS, plot.curves, strict=False))
    x_label = f"log10 {plot.x_label}" if plot.log_x else plot.x_label
    y_label = f"log10 {plot.y_label}" if plot.log_y else plot.y_label
    drawn = figure.build().string(colorless=True).rstrip("\n").split("\n")
    return ["", plot.title, f"  up: {y_label}; across: {x_label}", *drawn, f"  {names}"]


def bar_lines(bars: Sequence[Bar]) -> list[str]:
    """One line a bar: how much of it is used up, up to the mark at its limit."""
    lines = ["", "How much of each bar is used (| is the limit)"]
    for bar in bars:
        filled = round(min(bar.used, 1.3) * BAR_CELLS)
        drawn = ("█" * filled).ljust(round(1.3 * BAR_CELLS))
        drawn = drawn[:BAR_CELLS] + "|" + drawn[BAR_CELLS:]
        verdict = "met   " if bar.met else "MISSED"
        lines.append(f"  {drawn} {verdict} {bar.measured.text(bar.digits)} {bar.demand}")
        lines.append(f"    {bar.work}: {bar.figure}")
    return lines
