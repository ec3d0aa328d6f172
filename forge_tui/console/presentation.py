"""Styles only: state to sign, word and colour, and the one way in which foreign text becomes something to show.

Colours are the theme's own variables, so that every theme, light or dark, shows the same meaning.
"""

from collections.abc import Iterable
from enum import StrEnum

from textual.content import Content

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import RetryHelps
from forge_tui.core.job import JobState
from forge_tui.core.snapshot import BreakerView
from forge_tui.core.text import one_line
from forge_tui.core.ticket import Complexity


class Tone(StrEnum):
    """What a colour means; the value is the style that says it in the theme in use."""

    PLAIN = ""
    STRONG = "bold"
    DIM = "$dim"
    FAINT = "$faint"
    GOOD = "$success"
    WARN = "$warning"
    BAD = "$error"
    LEAD = "$primary"
    ACCENT = "$accent"


Piece = str | tuple[str, str] | Content

STATE_SIGNS = {
    JobState.LOADING: ("◌", Tone.LEAD),
    JobState.READY: ("◌", Tone.DIM),
    JobState.RUNNING: ("▶", Tone.GOOD),
    JobState.DRAINING: ("▷", Tone.WARN),
    JobState.PAUSED: ("⏸", Tone.WARN),
    JobState.HALTED: ("✖", Tone.BAD),
    JobState.FINISHED: ("✔", Tone.GOOD),
    JobState.FINISHED_WITH_FAILURES: ("✔", Tone.WARN),
    JobState.REFUSED: ("✖", Tone.BAD),
    JobState.CANCELLED: ("–", Tone.DIM),
}

CLASS_TONES = {Complexity.COMPLEX: Tone.ACCENT, Complexity.MEDIUM: Tone.LEAD, Complexity.SIMPLE: Tone.GOOD}
RETRY_TONES = {RetryHelps.NOW: Tone.GOOD, RetryHelps.UNLIKELY: Tone.WARN, RetryHelps.NO: Tone.DIM}
LEVEL_TONES = {"debug": Tone.FAINT, "info": Tone.DIM, "warn": Tone.WARN, "error": Tone.BAD}


def foreign(text: str, max_cells: int, tone: str = Tone.PLAIN) -> Content:
    """A ticket's, model's, server's or file's own words on one line: cleaned, cut by cells, never parsed."""
    return Content.styled(one_line(text, max_cells), tone)


def line(*pieces: Piece) -> Content:
    """One line of pieces; a string is taken literally, a pair is text and style."""
    return Content.assemble(*pieces)


def breaker_tone(breaker: BreakerView) -> Tone:
    """The colour beside the breaker's word and sign."""
    if not breaker.enabled:
        return Tone.DIM
    tones = {BreakerState.OPEN: Tone.BAD, BreakerState.HALF_OPEN: Tone.WARN}
    return tones.get(breaker.state, Tone.GOOD)


def spread(left: Content, right: Content, width: int, fill: str = " ") -> Content:
    """`left` and `right` at the two ends of `width` cells; the left one gives way."""
    room = width - right.cell_length
    if room <= 0:
        return right.truncate(max(0, width))
    left = left.truncate(room, ellipsis=True)
    return Content.assemble(left, fill * (room - left.cell_length), right)


def padded(content: Content, width: int) -> Content:
    """`content` in exactly `width` cells."""
    content = content.truncate(width, ellipsis=True)
    return content.pad_right(width - content.cell_length)


def joined(parts: Iterable[Content], between: str, width: int) -> Content:
    """As many whole parts as go into `width` cells."""
    shown = Content("")
    for part in parts:
        longer = Content.assemble(shown, between, part) if len(shown) else part
        if longer.cell_length > width:
            break
        shown = longer
    return shown
