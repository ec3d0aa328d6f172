"""The breaker pane: its state by sign, word and colour, and the figures its rules look at."""

from textual.content import Content

from forge_tui.console.presentation import Tone, breaker_tone, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.breaker import BreakerState
from forge_tui.core.snapshot import BreakerView
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import frame

_WIDE = 26
_HINT = "(b: act)"


class BreakerPane(Pane):
    """Marked by its edge while it is not closed."""

    NAME = "Breaker"

    def show(self, view: View) -> None:
        breaker = view.job.breaker
        shut = breaker.enabled and breaker.state != BreakerState.CLOSED
        self.set_class(shut and breaker.state == BreakerState.OPEN, "-bad")
        self.set_class(shut and breaker.state == BreakerState.HALF_OPEN, "-warn")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        return breaker_lines(view.job.breaker, view.now_mono, width, height)


def breaker_lines(breaker: BreakerView, now: float, width: int, height: int) -> list[Content]:
    """Sign and word with the key that acts, then what the rules see."""
    mark = frame.breaker_mark(breaker, now)
    if cell_width(mark) > width:
        mark = mark.rsplit(" ", 1)[0]
    head = line((mark, f"bold {breaker_tone(breaker)}"))
    if width - cell_width(mark) > len(_HINT):
        head = spread(head, line((_HINT, Tone.DIM)), width)
    return [head, *(Content(text) for text in _facts(breaker, width, height - 1))]


def _facts(breaker: BreakerView, width: int, room: int) -> list[str]:
    parts = frame.breaker_parts(breaker)
    if breaker.state == BreakerState.HALF_OPEN:
        parts.append("an answer closes it, a fault reopens it")
    if not breaker.enabled or breaker.state != BreakerState.CLOSED:
        return _filled(", ".join(parts).split(" "), " ", width)[:room]
    if width >= _WIDE:
        return _filled([part.split(" <")[0] for part in parts], " · ", width)[:room]
    shown = (*parts[:2], parts[-1])
    return [part if cell_width(part) <= width else part.replace(" last ", " ") for part in shown][:room]


def _filled(parts: list[str], between: str, width: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}{between}{part}" if lines else part
        if lines and cell_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(one_line(part, width))
    return lines


def breaker_words(breaker: BreakerView, now: float) -> Content:
    """The pane in a few words, for a line shared with others."""
    parts = frame.breaker_parts(breaker)
    facts = f"  {parts[0]}" if parts else ""
    return line((frame.breaker_mark(breaker, now), f"bold {breaker_tone(breaker)}"), (facts, Tone.DIM))
