"""A plot as SVG: axes, curves and a legend, drawn by our own few lines; light and dark readers see it alike."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import cycle
from math import ceil, floor, log10

from benchmarks.figures import Plot

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 44, 50
LEGEND_LINE = 18
GREY = "#9a9a9a"  # what nobody can do better than
BOUNDS = ("ideal", "least")
COLOURS = ("#0b6bcb", "#c8551b", "#2e8b57", "#8a4fbf", "#b8860b", "#c2185b")
Scale = Callable[[float], float]


def svg(plot: Plot) -> str:
    """The whole document."""
    xs = [x for points in plot.curves.values() for x, _ in points]
    ys = [y for points in plot.curves.values() for _, y in points]
    x_ticks, y_ticks = _ticks(xs, log=plot.log_x), _ticks(ys, log=plot.log_y)
    across = _scale(x_ticks, LEFT, WIDTH - RIGHT, log=plot.log_x)
    up = _scale(y_ticks, HEIGHT - BOTTOM, TOP, log=plot.log_y)
    height = HEIGHT + LEGEND_LINE * len(plot.curves)
    curves = [name for name in plot.curves if not name.startswith(BOUNDS)]
    colours = dict.fromkeys(plot.curves, GREY) | dict(zip(curves, cycle(COLOURS), strict=False))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" fill="#222222">{escape(plot.title)}</text>',
        *(_x_tick(across(tick), tick) for tick in x_ticks),
        *(_y_tick(up(tick), tick) for tick in y_ticks),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, plot.x_label, "middle"),
        _sideways(16, (TOP + HEIGHT - BOTTOM) / 2, plot.y_label),
    ]
    for number, (name, points) in enumerate(plot.curves.items()):
        colour = colours[name]
        line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        below = HEIGHT + LEGEND_LINE * number
        parts.append(f'<rect x="{LEFT}" y="{below}" width="20" height="4" fill="{colour}"/>')
        parts.append(_text(LEFT + 28, below + 6, name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _ticks(values: Sequence[float], *, log: bool) -> list[float]:
    """Round numbers that enclose all values."""
    low, high = min(values), max(values)
    if log:
        return [10.0**power for power in range(floor(log10(low)), max(ceil(log10(high)), floor(log10(low)) + 1) + 1)]
    step = 10.0 ** floor(log10(high or 1))
    step = next(size for size in (step / 5, step / 2, step) if high / size <= 6)
    return [step * number for number in range(ceil(high / step) + 1)]


def _scale(ticks: Sequence[float], start: float, end: float, *, log: bool) -> Scale:
    def of(value: float) -> float:
        return log10(value) if log else value

    low, high = of(ticks[0]), of(ticks[-1])
    return lambda value: start + (of(value) - low) / (high - low) * (end - start)


def _x_tick(at: float, value: float) -> str:
    line = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>'
    return line + _text(at, HEIGHT - BOTTOM + 16, f"{value:,.10g}", "middle")


def _y_tick(at: float, value: float) -> str:
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#e4e4e4"/>'
    return line + _text(LEFT - 6, at + 4, f"{value:,.10g}", "end")


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#444444">{escape(words)}</text>'


def _sideways(x: float, y: float, words: str) -> str:
    turned = f'transform="translate({x} {y}) rotate(-90)"'
    return f'<text {turned} text-anchor="middle" fill="#444444">{escape(words)}</text>'
