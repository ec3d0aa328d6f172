"""The last line: what can be pressed here and now, with counts and states in the words."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from forge_tui.console.presentation import Tone, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.line import Line

WIDE = 120


@dataclass(frozen=True, slots=True)
class Hint:
    """One entry: the key as typed, and what it does now."""

    key: str
    label: str


class Footer(Line):
    """Shows the hints it was handed last; `Help` and the palette stay at the right whatever happens."""

    hints: Sequence[Hint] = ()
    fixed: Sequence[Hint] = ()

    def content(self, view: View, width: int) -> Content:  # noqa: ARG002 - hints carry what the view would tell
        between = "   " if width >= WIDE else "  "
        right = Content.assemble(_join(self.fixed, " " if width < WIDE else between), " ")
        room = width - right.cell_length - len(between)
        left = Content(between[: max(1, len(between))] if width >= WIDE else " ")
        for number, hint in enumerate(self.hints):
            longer = Content.assemble(left, between if number else "", _entry(hint))
            if longer.cell_length > room:
                break
            left = longer
        return spread(left, right, width)


def _join(hints: Sequence[Hint], between: str) -> Content:
    return Content(between).join([_entry(hint) for hint in hints])


def _entry(hint: Hint) -> Content:
    label = f" {hint.label}" if hint.label else ""
    return line((hint.key, f"bold {Tone.ACCENT}"), (label, Tone.DIM))
