"""Failures by cause: look at the tickets of one, or ask one of each again before paying for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import RETRY_TONES, Tone, foreign, line
from forge_tui.console.screens.dialog import Dialog, choices
from forge_tui.console.verdicts import retry_verdict, wait_of
from forge_tui.console.view import View
from forge_tui.console.widgets.foot import Foot
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.list_messages import Opened
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.failure import RULES, RetryHelps
from forge_tui.storage.rows import FailureGroup
from forge_tui.telemetry import figures

_COLUMNS = (
    Column("tickets", 7, right=True),
    Column("code", 9),
    Column("retry?", 8),
    Column("what all of them say", 0),
)


# Between the file of a refused row, its line taken out, and what is wrong with it.
_PLACE = ":#: "


@dataclass(frozen=True, slots=True)
class OneOfEach:
    """The first ticket of each cause chosen."""

    positions: tuple[int, ...]


class CausesFrame(Frame):
    """The box around the causes."""

    NAME = "Causes"


class CausesDialog(Dialog[OneOfEach | FailureGroup]):
    """Answers one ticket of each marked cause (of all that a retry may help, if none is), the cause to look at, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CAUSES)

    def __init__(self, groups: Sequence[FailureGroup]) -> None:
        super().__init__()
        self._groups = groups

    def body(self) -> ComposeResult:
        with CausesFrame():
            yield VirtualList(_COLUMNS, cells=self._cells)
            yield Foot()

    def on_mount(self) -> None:
        super().on_mount()
        self._list = self.query_one(VirtualList)
        self._list.show_ids(range(len(self._groups)))
        self._list.put_rows(dict(enumerate(self._groups)))
        self._list.focus()

    def show(self, view: View) -> None:
        super().show(view)
        failed = figures.count(sum(group.n for group in self._groups))
        count = len(self._groups)
        self.query_one(CausesFrame).caption(f"Causes {figures.count(count)} of {failed} failures", "esc")
        self._list.redraw_changed()
        chosen = len(self._chosen())
        does = {
            "causes.try_each": f"try one of each ({figures.count(chosen)})",
            "list.open": "show its tickets",
            "mark.toggle": "mark",
        }
        self.query_one(Foot).put([choices(self.app, does)])

    def _cells(self, group: FailureGroup) -> Sequence[Content]:
        view = self.forge.view
        verdict = retry_verdict(group.code, wait_of(view.job, view.now_mono))
        return (
            Content(figures.count(group.n)),
            line((group.code, Tone.BAD)),
            line((verdict.words, RETRY_TONES[verdict.helps])),
            foreign(group.message.split(_PLACE, 1)[-1], 200),
        )

    def on_virtual_list_marked(self) -> None:
        self.show(self.forge.view)

    def on_virtual_list_opened(self, message: Opened) -> None:
        self.dismiss(self._groups[message.row_id])

    def action_try_each(self) -> None:
        if chosen := self._chosen():
            self.dismiss(OneOfEach(tuple(sorted(group.first for group in chosen))))

    def _chosen(self) -> list[FailureGroup]:
        """What is marked; else every cause that asking again could help."""
        if marks := self._list.marks:
            return [self._groups[index] for index in sorted(marks)]
        return [group for group in self._groups if RULES[group.code].retry_helps is not RetryHelps.NO]


def filter_of(group: FailureGroup) -> str:
    """What to type to see the tickets of a cause: its code and those of its words that are plain."""
    words = [word for word in group.message.split() if word.isalpha()]
    return " ".join([f"code:{group.code}", *words])
