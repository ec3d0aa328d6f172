"""Curves in braille: plotext where it is installed, else our own few lines; what is not finite never gets near either.

plotext 6 (measured 2026-11): one NaN among its points ends the process in its C++ kernel, and its import takes
0.3 s, so it is loaded on the first curve or beforehand in a thread. One figure for the whole process: screen thread only.
"""

from collections.abc import Sequence
from importlib import import_module
from math import isfinite
from typing import Any

from forge_tui.core.errors import ForgeError

LEAST_WIDTH, LEAST_HEIGHT = 6, 2
_BLANK = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

Points = Sequence[tuple[float, float]]


class NoPlotext(ForgeError):
    """plotext has no wheel for this computer."""


class Plotter:
    """Draws one curve at a time into `width` by `height` cells; `load` may run in a thread before the first."""

    def __init__(self) -> None:
        self._plotext: Any = None
        self._tried = False

    def load(self) -> None:
        """Import plotext, once."""
        if self._tried:
            return
        try:
            plotext = import_module("plotext")
            plotext.terminal.limit(False, False)
            self._plotext = plotext
        except (ImportError, OSError):
            self._plotext = None
        self._tried = True

    def curve(
        self, points: Points, x_range: tuple[float, float], y_range: tuple[float, float], width: int, height: int
    ) -> list[str]:
        """`height` lines of braille for the finite ones of `points`; blank where there is none, or no room."""
        finite = [(x, y) for x, y in points if isfinite(x) and isfinite(y)]
        proper = _proper(x_range) and _proper(y_range)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT or not finite or not proper:
            return [" " * max(0, width)] * max(0, height)
        inside = bucketed([(x, min(max(y, y_range[0]), y_range[1])) for x, y in finite], x_range, 2 * width)
        if not self._tried:
            self.load()
        if self._plotext is None:
            return own_curve(inside, x_range, y_range, width, height)
        return self._drawn(inside, x_range, y_range, width, height)

    def _drawn(
        self, points: Points, x_range: tuple[float, float], y_range: tuple[float, float], width: int, height: int
    ) -> list[str]:
        figure = self._plotext.figure
        figure.clear()
        figure.plot_size(width, height)
        figure.theme("colorless")
        figure.canvas("default")
        figure.axes(False)
        figure.ruler("both", "both").frequency(0)
        figure.ruler("x").lim(*x_range)
        figure.ruler("y").lim(*y_range)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        figure.draw(figure.signal(xs, ys, marker="braille").lines())
        lines = figure.build().string(colorless=True).split("\n")[:height]
        return [line[:width].ljust(width) for line in lines] + [" " * width] * (height - len(lines))


def _proper(limits: tuple[float, float]) -> bool:
    low, high = limits
    return isfinite(low) and isfinite(high) and low < high and isfinite(high - low)


def bucketed(points: Points, x_range: tuple[float, float], most: int) -> list[tuple[float, float]]:
    """At most `most` points, in order of x: the highest of each bucket (plotext needs 1.7 s for 100,000)."""
    low, high = x_range
    best: dict[int, tuple[float, float]] = {}
    for x, y in points:
        if low <= x <= high:
            bucket = min(most - 1, int((x - low) / (high - low) * most))
            if bucket not in best or y > best[bucket][1]:
                best[bucket] = (x, y)
    return [best[bucket] for bucket in sorted(best)]


def own_curve(
    points: Points, x_range: tuple[float, float], y_range: tuple[float, float], width: int, height: int
) -> list[str]:
    """The same by our own hand: straight lines between the points, two by four dots a cell."""
    cells = [[_BLANK] * width for _ in range(height)]
    across, up = 2 * width - 1, 4 * height - 1
    (x_low, x_high), (y_low, y_high) = x_range, y_range
    dots = [
        (round((x - x_low) / (x_high - x_low) * across), round((y_high - y) / (y_high - y_low) * up)) for x, y in points
    ]
    for (x0, y0), (x1, y1) in zip(dots, dots[1:] or dots, strict=False):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps
            cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    return ["".join(" " if cell == _BLANK else chr(cell) for cell in row) for row in cells]
