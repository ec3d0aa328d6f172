"""The sort menu: by which column, and from which end."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key

from forge_tui.console.presentation import Tone, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.list_messages import Opened
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.storage.filters import Order

_SAYS = {
    Order.TICKET: "as in the input",
    Order.CLASS: "complex first",
    Order.CODE: "from A to Z",
    Order.TRIES: "most tries first",
    Order.AGE: "latest failure first",
    Order.VERDICT: "most hopeful first",
    Order.MESSAGE: "from A to Z",
    Order.CATEGORY: "from A to Z",
    Order.PRIORITY: "critical first",
    Order.SOURCE: "cache, request by request, twins",
}


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of a list, `backwards` from its other end."""

    order: Order = Order.TICKET
    backwards: bool = False

    def __str__(self) -> str:
        return f"by {self.order}, backwards" if self.backwards else f"by {self.order}"


AS_IN_THE_INPUT = Sorting()


class SortFrame(Frame):
    """The box around the orders."""

    NAME = "Sort by"


class SortDialog(Dialog[Sorting]):
    """Answers the order chosen by number or enter; the one in use, chosen again, runs backwards."""

    def __init__(self, orders: Sequence[Order], now: Sorting) -> None:
        super().__init__()
        self._orders = orders
        self._now = now

    def body(self) -> ComposeResult:
        columns = (Column("", 1), Column("", 8), Column("", 0))
        with SortFrame() as frame:
            frame.caption("Sort by", "again: backwards")
            frame.styles.height = len(self._orders) + 2
            yield VirtualList(columns, cells=self._cells, marks=False, head=False)

    def on_mount(self) -> None:
        super().on_mount()
        shown = self.query_one(VirtualList)
        numbers = range(1, len(self._orders) + 1)
        shown.show_ids(numbers)
        shown.put_rows(dict(zip(numbers, self._orders, strict=True)))
        shown.go_to(self._orders.index(self._now.order))
        shown.focus()

    def _cells(self, order: Order) -> Sequence[Content]:
        now = order is self._now.order
        says = ("in use, backwards" if self._now.backwards else "in use") if now else _SAYS[order]
        number = self._orders.index(order) + 1
        return (
            line((str(number), f"bold {Tone.ACCENT}")),
            Content(str(order)),
            line((says, Tone.LEAD if now else Tone.DIM)),
        )

    def on_virtual_list_opened(self, message: Opened) -> None:
        self._choose(message.row_id)

    def on_key(self, event: Key) -> None:
        if event.key.isdecimal():
            event.stop()
            event.prevent_default()
            self._choose(int(event.key))

    def _choose(self, number: int) -> None:
        if 0 < number <= len(self._orders):
            order = self._orders[number - 1]
            again = order is self._now.order and not self._now.backwards
            self.dismiss(Sorting(order, backwards=again))
