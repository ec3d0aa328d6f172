"""Failures by cause: look at one of each, or ask one of each again before paying for all."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from forge_tui.console.hub import RowSource
from forge_tui.console.presentation import RETRY_TONES, Tone, foreign, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.failure import RULES
from forge_tui.storage.rows import FailureGroup
from forge_tui.telemetry import figures

_PAGE = 200
_PAGES_LOOKED_AT = 50


class CausesPane(Pane):
    """The most frequent causes, with whether asking again helps."""

    NAME = "Causes"
    groups: Sequence[FailureGroup] = ()

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - of failures, not of the job
        shown = self.groups[: max(0, height - 2)]
        rows = [self._row(group, width) for group in shown] or [line(("No failures", Tone.DIM))]
        more = len(self.groups) - len(shown)
        tail = f"{more} more causes" if more else ""
        keys = line(
            ("[t]", f"bold {Tone.ACCENT}"), " try one of each   ", ("[esc]", f"bold {Tone.ACCENT}"), f" leave   {tail}"
        )
        return [*rows, Content(""), keys]

    def _row(self, group: FailureGroup, width: int) -> Content:
        helps = RULES[group.code].retry_helps
        head = f"{figures.count(group.n):>6} × "
        return line(
            head,
            (f"{group.code:<10}", Tone.BAD),
            (f"{helps:<9}", RETRY_TONES[helps]),
            foreign(group.message, max(8, width - len(head) - 19)),
        )


class CausesDialog(Dialog[Sequence[FailureGroup]]):
    """Answers the causes of which one ticket each is to be tried, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("t", "try_each", "Try", show=False)]

    def __init__(self, groups: Sequence[FailureGroup]) -> None:
        super().__init__()
        self._groups = groups

    def body(self) -> ComposeResult:
        pane = CausesPane()
        pane.groups = self._groups
        yield pane

    def action_try_each(self) -> None:
        self.dismiss(self._groups or None)


def one_of_each(rows: RowSource, job_id: int, groups: Sequence[FailureGroup]) -> tuple[int, ...]:
    """The first ticket of each cause; blocks."""
    open_causes = {(group.code, group.message) for group in groups}
    found: list[int] = []
    after = 0
    for _ in range(_PAGES_LOOKED_AT):
        page = rows.failures(job_id, after=after, limit=_PAGE)
        for row in page:
            if (row.code, row.message) in open_causes:
                open_causes.discard((row.code, row.message))
                found.append(row.position)
        if len(page) < _PAGE or not open_causes:
            break
        after = page[-1].position
    return tuple(found)
