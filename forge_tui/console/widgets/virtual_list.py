"""A list that stays quick at 100,000 rows: it knows every id, holds the rows of a few pages, and draws what is seen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from forge_tui.console.keys import Scope, bindings
from forge_tui.console.widgets.columns import Column, Fitted, fitted, laid_out
from forge_tui.console.widgets.drawn import Drawn
from forge_tui.console.widgets.list_messages import Asked, Marked, Moved, Opened, Wanted
from forge_tui.console.widgets.row_cache import PAGE, RowCache
from forge_tui.console.widgets.selection import Selection

__all__ = ["PAGE", "Column", "VirtualList"]

Cells = Sequence[Content]


class VirtualList(Drawn, ScrollView, can_focus=True):
    """Rows by id: cursor and marks are ids and survive a new order, a filter and fresh rows.

    Whoever owns it hands in the ids (`show_ids`), answers `Wanted` with the rows (`put_rows`), and listens. `cells`
    makes a cell of content for each column from a row, whenever it is drawn. Line 0 is the head of the columns;
    `nothing` is what an empty list says; `narrowed` says that a filter hides rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.LIST)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--head", "list--cursor", "list--marked", "list--waiting"}
    DEFAULT_CSS = """
    VirtualList { scrollbar-size: 0 0; text-wrap: nowrap; overflow-x: hidden; background: transparent; }
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        cells: Callable[[Any], Cells] = tuple,
        marks: bool = True,
        head: bool = True,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.nothing = Content("")
        self.narrowed = False
        self._cells = cells
        self._with_marks = marks
        self._head = int(head)
        self._selection = Selection()
        self._rows = RowCache()
        self._drawn: dict[int, Cells] = {}
        self._fitted: tuple[int, tuple[Fitted, ...]] = (-1, ())

    # -- what the owner hands in --------------------------------------------------------------------------------

    @property
    def ids(self) -> Sequence[int]:
        return self._selection.ids

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self._selection.current

    @property
    def marks(self) -> set[int]:
        """The marked ids, shown or not; another list's own may be put in their place."""
        return self._selection.marks

    @marks.setter
    def marks(self, marks: set[int]) -> None:
        self._selection.marks = marks

    @property
    def hidden_marks(self) -> int:
        """How many marks are on ids that the filter hides."""
        return self._selection.hidden_marks

    def show_ids(self, ids: Sequence[int]) -> None:
        """Show these rows in this order."""
        before = self.current
        self._selection.show(ids)
        self._rows.reorder()
        self._fit()
        if self.current != before:
            self.post_message(Moved(self, self.current))

    def forget_rows(self) -> None:
        """These rows are somebody else's."""
        self._rows.clear()
        self.refresh()

    def expire_rows(self) -> None:
        """Ask for all rows afresh; those that are here are shown until then."""
        self._rows.expire()
        self.refresh()

    def put_rows(self, rows: Mapping[int, Any]) -> None:
        """The rows that were wanted."""
        self._rows.put(rows)
        self.refresh()

    def row(self, row_id: int | None) -> Any | None:
        """The row of this id, while it is here."""
        return None if row_id is None else self._rows.get(row_id)

    def take_marks_off(self) -> None:
        """No row is marked any more."""
        self.marks.clear()
        self._marks_changed()

    def say_of_nothing(self, words: Content) -> None:
        """What the list says while it is empty."""
        if not words.is_same(self.nothing):
            self.nothing = words
            self.refresh()

    def redraw_changed(self) -> None:
        """Draw those lines again whose cells have changed with time: an age, a countdown."""
        top = round(self.scroll_offset.y)
        for y, before in tuple(self._drawn.items()):
            index = y - self._head + top
            row = self.row(self.ids[index]) if index < len(self.ids) else None
            if row is not None and not _same(before, self._cells(row)):
                self.refresh(Region(0, y, self.size.width, 1))

    # -- drawing --------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        self._drawn.pop(y, None)
        if y < self._head:
            return self._line(self._head_cells(), self.get_visual_style("list--head"), mark=" ", cursor=False)
        index = y - self._head + round(self.scroll_offset.y)
        if index >= len(self.ids):
            says = self.nothing if y == self._head and not self.ids else Content("")
            return (
                self.strip_of(says.pad_left(self._lead), width)
                if len(says)
                else Strip.blank(width, self.visual_style.rich_style)
            )
        marked, here = self.ids[index] in self.marks, index == self._cursor
        style = self.visual_style
        if marked:
            style += self.get_visual_style("list--marked", partial=True)
        if here and self.has_focus:
            # A partial visual style has neither an opaque background nor a reverse (Textual 8.2.8).
            cursor = self.get_component_styles("list--cursor")
            style += Style(background=cursor.background, reverse=cursor.text_style.reverse)
        return self._line(self._cells_at(index, y), style, mark="●" if marked else " ", cursor=here)

    def _line(self, cells: Cells, style: Style, *, mark: str, cursor: bool) -> Strip:
        lead = (f"{mark} " if self._with_marks else "") + ("> " if cursor else "  ")
        width = self.size.width
        if self._fitted[0] != width:
            self._fitted = (width, fitted(self.columns, width, self._lead))
        return self.strip_of(Content.assemble(lead, laid_out(cells, self._fitted[1])), width, style)

    @property
    def _lead(self) -> int:
        return 4 if self._with_marks else 2

    def _head_cells(self) -> Cells:
        return [Content(column.title) for column in self.columns]

    def _cells_at(self, index: int, y: int) -> Cells:
        if ids := self._rows.wanted(index, self.ids):
            # Drawing happens in the screen's name, and a message never bubbles to its own sender.
            self.call_later(self._want, ids)
        row = self._rows.get(self.ids[index])
        if row is None:
            return [Content("…")]
        self._drawn[y] = self._cells(row)
        return self._drawn[y]

    def _want(self, ids: tuple[int, ...]) -> None:
        self.post_message(Wanted(self, ids))

    @property
    def _cursor(self) -> int:
        return self._selection.index

    def _fit(self) -> None:
        self._drawn.clear()
        self.virtual_size = Size(self.size.width, len(self.ids) + self._head)
        self._follow()
        self.refresh()

    def _follow(self) -> None:
        """Scroll so that the cursor is seen."""
        rows = max(1, self.size.height - self._head)
        top = round(self.scroll_offset.y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True, immediate=True)
        elif self._cursor >= top + rows:
            self.scroll_to(y=self._cursor - rows + 1, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        self._fit()

    def on_focus(self) -> None:
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        self._refresh_row(self._cursor)

    def _refresh_row(self, index: int) -> None:
        self.refresh(Region(0, index - round(self.scroll_offset.y) + self._head, self.size.width, 1))

    # -- keys -----------------------------------------------------------------------------------------------------

    def go_to(self, index: int) -> None:
        """Put the cursor on row `index`, or as near as there is one."""
        index, before = self._selection.nearest(index), self._cursor
        if not self.ids or index == before:
            return
        self._selection.index = index
        top = round(self.scroll_offset.y)
        self._follow()
        if round(self.scroll_offset.y) == top:
            self._refresh_row(before)
            self._refresh_row(index)
        self.post_message(Moved(self, self.current))

    def action_move(self, by: int) -> None:
        self.go_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        self.go_to(self._cursor + by * max(1, self.size.height - self._head - 1))

    def action_top(self) -> None:
        self.go_to(0)

    def action_bottom(self) -> None:
        self.go_to(len(self.ids) - 1)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(Opened(self, self.current))

    def action_mark(self) -> None:
        if self.current is not None and self._with_marks:
            self._selection.toggle()
            self._marks_changed()
            self.go_to(self._cursor + 1)

    def action_mark_range(self) -> None:
        if self.ids and self._with_marks:
            self._selection.mark_range()
            self._marks_changed()

    def action_mark_all(self) -> None:
        if self._with_marks:
            self._selection.mark_all()
            self._marks_changed()

    def action_mark_none(self) -> None:
        self.take_marks_off()

    def action_filter(self) -> None:
        self.post_message(Asked(self, "filter"))

    def action_sort(self) -> None:
        self.post_message(Asked(self, "sort"))

    def action_copy_id(self) -> None:
        self.post_message(Asked(self, "copy_id"))

    def action_copy_row(self) -> None:
        self.post_message(Asked(self, "copy_row"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        if action.startswith("mark"):
            return self._with_marks and bool(self.ids)
        if action in {"open", "copy_id", "copy_row", "sort"}:
            return True if self.ids else None
        return True

    def _marks_changed(self) -> None:
        self.refresh()
        self.post_message(Marked(self))

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0)
        self.go_to(y - self._head + round(self.scroll_offset.y))


def _same(before: Cells, after: Cells) -> bool:
    return all(a.is_same(b) for a, b in zip(before, after, strict=True))
