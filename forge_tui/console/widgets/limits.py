"""The limits pane: how much of what may be sent is used."""

from textual.content import Content

from forge_tui.console.presentation import Tone, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.snapshot import LimitsView
from forge_tui.telemetry import figures

_BAR = 10
_CODE_CELLS = 6


class LimitsPane(Pane):
    """Requests a minute, slots, and what holds the sending."""

    NAME = "Limits"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.caption(self.NAME, line(("l", f"bold {Tone.ACCENT}"), " set"))

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - three lines whatever the height
        limits = view.job.limits
        return [_requests(limits, width), _slots(limits, width), _hold(limits, view.now_mono, width)]


def _requests(limits: LimitsView, width: int) -> Content:
    if not limits.requests_per_min:
        return spread(
            line(("rpm   ", Tone.DIM), ("no limit", Tone.FAINT)), Content(str(limits.requests_last_min)), width
        )
    share = limits.requests_last_min / limits.requests_per_min
    bar = figures.eighths_bar(share, _BAR)
    used = f"{limits.requests_last_min}/{limits.requests_per_min:g}"
    return spread(line(("rpm   ", Tone.DIM), (bar, Tone.LEAD)), Content(used), width)


def _slots(limits: LimitsView, width: int) -> Content:
    share = limits.slots_in_use / limits.slots_limit if limits.slots_limit else 0.0
    bar = figures.share_bar(share, _BAR)
    filled = bar.rstrip("░")
    left = line(("slots ", Tone.DIM), (filled, Tone.LEAD), (bar[len(filled) :], Tone.FAINT))
    return spread(left, Content(f"{limits.slots_in_use}/{limits.slots_limit}"), width)


def _hold(limits: LimitsView, now: float, width: int) -> Content:
    held_s = (limits.hold_until_mono or 0.0) - now
    words = (figures.countdown(held_s), Tone.WARN) if held_s > 0 else ("none", Tone.PLAIN)
    tokens = figures.short_count(round(limits.tokens_last_min, -3 if limits.tokens_last_min >= 9_950 else 0))
    if limits.tokens_per_min:
        tokens += f"/{figures.short_count(limits.tokens_per_min)}"
    left = line(("hold  ", Tone.DIM), words)
    name = "tok/min " if left.cell_length + len(tokens) + 9 <= width else "tok "
    return spread(left, line((name, Tone.DIM), tokens), width)
