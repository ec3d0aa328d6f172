"""A list that stays quick at 100,000 rows: it knows every id, holds the rows of a few pages, and draws what is seen."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from forge_tui.console.keys import Scope, bindings

PAGE = 200
_ROWS_KEPT = 8 * PAGE


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list; `width` 0 takes what the others leave."""

    title: str
    width: int
    right: bool = False


class VirtualList(ScrollView, can_focus=True):
    """Rows by id: cursor and marks are ids and survive a new order, a filter and fresh rows.

    Whoever owns it hands in the ids (`show_ids`), answers `Wanted` with the rows (`put_rows`), and listens.
    A row is a cell of content for each column. Line 0 is the head of the columns.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.LIST)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--head", "list--cursor", "list--marked", "list--waiting"}
    DEFAULT_CSS = """
    VirtualList { scrollbar-size: 0 0; text-wrap: nowrap; overflow-x: hidden; background: transparent; }
    """

    @dataclass
    class Wanted(Message):
        """Rows of these ids are on screen, or soon, and not here."""

        sender: "VirtualList"
        ids: tuple[int, ...]

        @property
        def control(self) -> "VirtualList":
            return self.sender

    @dataclass
    class Moved(Message):
        """The cursor stands on another id (None: the list is empty)."""

        sender: "VirtualList"
        row_id: int | None

        @property
        def control(self) -> "VirtualList":
            return self.sender

    @dataclass
    class Opened(Message):
        """Enter was pressed on this id."""

        sender: "VirtualList"
        row_id: int

        @property
        def control(self) -> "VirtualList":
            return self.sender

    @dataclass
    class Asked(Message):
        """A key of lists that the owner answers: `filter`, `sort`, `copy_id` or `copy_row`."""

        sender: "VirtualList"
        what: str

        @property
        def control(self) -> "VirtualList":
            return self.sender

    @dataclass
    class Marked(Message):
        """The marks changed."""

        sender: "VirtualList"

        @property
        def control(self) -> "VirtualList":
            return self.sender

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        marks: bool = True,
        head: bool = True,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.marks: set[int] = set()
        self._with_marks = marks
        self._head = int(head)
        self._ids: Sequence[int] = ()
        self._cursor = 0
        self._last_mark: int | None = None
        self._rows: OrderedDict[int, Sequence[Content]] = OrderedDict()
        self._asked: set[int] = set()

    # -- what the owner hands in --------------------------------------------------------------------------------

    @property
    def ids(self) -> Sequence[int]:
        return self._ids

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self._ids[self._cursor] if self._ids else None

    @property
    def hidden_marks(self) -> int:
        """How many marks are on ids that the filter hides."""
        return len(self.marks.difference(self._ids)) if self.marks else 0

    def show_ids(self, ids: Sequence[int]) -> None:
        """Show these rows in this order; the cursor stays on its id, or at its place where the id is gone."""
        before = self.current
        self._ids = ids
        self.forget_rows()
        self._cursor = min(self._cursor, max(0, len(ids) - 1))
        if before is not None and self.current != before and before in ids:
            self._cursor = ids.index(before)
        self._fit()
        if self.current != before:
            self.post_message(self.Moved(self, self.current))

    def forget_rows(self) -> None:
        """Ask for all rows afresh."""
        self._rows.clear()
        self._asked.clear()
        self.refresh()

    def put_rows(self, rows: Mapping[int, Sequence[Content]]) -> None:
        """The cells of rows that were wanted."""
        self._rows.update(rows)
        if len(self._rows) > _ROWS_KEPT:
            while len(self._rows) > _ROWS_KEPT:
                self._rows.popitem(last=False)
            self._asked.clear()
        self.refresh()

    # -- drawing --------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self._head:
            return self._line(self._head_cells(), width, self.get_visual_style("list--head"), mark=" ", cursor=False)
        index = y - self._head + round(self.scroll_offset.y)
        if index >= len(self._ids):
            return Strip.blank(width, self.rich_style)
        row_id = self._ids[index]
        cells = self._cells_at(index)
        marked = row_id in self.marks
        here = index == self._cursor
        style = self.visual_style
        if marked:
            style += self.get_visual_style("list--marked", partial=True)
        if here and self.has_focus:
            style += self.get_visual_style("list--cursor", partial=True)
        return self._line(cells, width, style, mark="●" if marked else " ", cursor=here)

    def _line(self, cells: Sequence[Content], width: int, style: Style, *, mark: str, cursor: bool) -> Strip:
        lead = f"{mark} " if self._with_marks else ""
        lead += "> " if cursor else "  "
        parts: list[Content | str] = [lead]
        used = len(lead)
        for column, cell in zip(self.columns, cells, strict=False):
            room = column.width or max(0, width - used)
            room = min(room, max(0, width - used))
            shown = cell.truncate(room, ellipsis=True)
            blank = room - shown.cell_length
            parts.append(shown.pad_left(blank) if column.right else shown.pad_right(blank))
            parts.append("  ")
            used += room + 2
        strips = Visual.to_strips(self, Content.assemble(*parts), width, 1, style, pad=True)
        return strips[0] if strips else Strip([Segment(" " * width)])

    def _head_cells(self) -> list[Content]:
        return [Content(column.title) for column in self.columns]

    def _cells_at(self, index: int) -> Sequence[Content]:
        page = index // PAGE
        row = self._rows.get(self._ids[index])
        if row is not None:
            return row
        if page not in self._asked:
            self._asked.add(page)
            # Drawing happens in the screen's name, and a message never bubbles to its own sender.
            self.call_later(self._want, tuple(self._ids[page * PAGE : (page + 1) * PAGE]))
        return [Content("…")]

    def _want(self, ids: tuple[int, ...]) -> None:
        self.post_message(self.Wanted(self, ids))

    def _fit(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._ids) + self._head)
        self._follow()
        self.refresh()

    def _follow(self) -> None:
        """Scroll so that the cursor is seen."""
        rows = max(1, self.size.height - self._head)
        top = round(self.scroll_offset.y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + rows:
            self.scroll_to(y=self._cursor - rows + 1, animate=False, force=True)

    def on_resize(self) -> None:
        self._fit()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # -- keys -----------------------------------------------------------------------------------------------------

    def go_to(self, index: int) -> None:
        """Put the cursor on row `index`, or as near as there is one."""
        index = max(0, min(index, len(self._ids) - 1))
        if not self._ids or index == self._cursor:
            return
        before, self._cursor = self._cursor, index
        top = round(self.scroll_offset.y)
        self._follow()
        if round(self.scroll_offset.y) == top:
            for row in (before, index):
                self.refresh(Region(0, row - top + self._head, self.size.width, 1))
        self.post_message(self.Moved(self, self.current))

    def action_move(self, by: int) -> None:
        self.go_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        self.go_to(self._cursor + by * max(1, self.size.height - self._head - 1))

    def action_top(self) -> None:
        self.go_to(0)

    def action_bottom(self) -> None:
        self.go_to(len(self._ids) - 1)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def action_mark(self) -> None:
        if self.current is None or not self._with_marks:
            return
        self.marks ^= {self.current}
        self._last_mark = self._cursor
        self._marks_changed()
        self.go_to(self._cursor + 1)

    def action_mark_range(self) -> None:
        if self._ids and self._with_marks:
            start = self._cursor if self._last_mark is None else self._last_mark
            low, high = sorted((start, self._cursor))
            self.marks |= set(self._ids[low : high + 1])
            self._marks_changed()

    def action_mark_all(self) -> None:
        if self._with_marks:
            self.marks |= set(self._ids)
            self._marks_changed()

    def action_mark_none(self) -> None:
        self.marks.clear()
        self._marks_changed()

    def action_filter(self) -> None:
        self.post_message(self.Asked(self, "filter"))

    def action_sort(self) -> None:
        self.post_message(self.Asked(self, "sort"))

    def action_copy_id(self) -> None:
        self.post_message(self.Asked(self, "copy_id"))

    def action_copy_row(self) -> None:
        self.post_message(self.Asked(self, "copy_row"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        if action.startswith("mark"):
            return self._with_marks and bool(self._ids)
        return True

    def _marks_changed(self) -> None:
        self.refresh()
        self.post_message(self.Marked(self))

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0)
        self.go_to(y - self._head + round(self.scroll_offset.y))
