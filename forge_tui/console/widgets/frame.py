"""The frame around a pane: a box with its name at the left and a note at the right of the top edge, drawn cell by cell.

Textual's own border titles keep a blank before the corner and put the second title below: the frame is its own.
"""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.widget import Widget

from forge_tui.console.view import View
from forge_tui.console.widgets.drawn import Drawn

SIDES = 4  # two edges and a blank inside each
_NOTE, _LETTER = "$dim", "bold $background on $accent"


class Frame(Drawn):
    """A framed pane; what stands inside are its children (with a margin of 1) or, in a Pane, its own lines.

    The edge has the colour that CSS calls `border-title-color`: component classes would cost the first paint 0.1 s.
    """

    NAME = ""
    SPEAKS_UP = False  # shows and hides itself, so it must hear of every frame
    ALLOW_MAXIMIZE = True

    def __init__(self, *children: Widget, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(*children, id=id, classes=classes)
        self._name_shown = Content.styled(self.NAME, "bold")
        self._note_shown = Content("")
        self.letter = ""

    def caption(self, name: Content | str, note: Content | str = "") -> None:
        """Set what the top edge says; strings are taken literally, a name in bold."""
        name = name if isinstance(name, Content) else Content.styled(name, "bold")
        note = note if isinstance(note, Content) else Content(note)
        if not (name.is_same(self._name_shown) and note.is_same(self._note_shown)):
            self._name_shown, self._note_shown = name, note
            self.refresh()

    def show(self, view: View) -> None:
        """Take in a new frame; draws again only what differs."""

    @property
    def room(self) -> int:
        """Cells for a line inside."""
        return max(0, self.size.width - SIDES)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.visual_style.rich_style
        if width < 2 or height < 2:
            return Strip.blank(width, base)
        edge = (self.visual_style + VisualStyle(foreground=self.styles.border_title_color)).rich_style
        if y == 0:
            return self._top(width, edge)
        if y == height - 1:
            return Strip([Segment("└" + "─" * (width - 2) + "┘", edge)], width)
        return self._side(self.inner_line(y - 1), width, edge, base)

    def _side(self, inside: Strip | None, width: int, edge: Style, base: Style) -> Strip:
        if inside is None:
            return Strip([Segment("│", edge), Segment(" " * (width - 2), base), Segment("│", edge)], width)
        inside = inside.adjust_cell_length(max(0, width - SIDES), base)
        gap = Segment(" ", base)
        parts = [Segment("│", edge), gap, *inside, gap, Segment("│", edge)]
        return Strip(parts, width if width >= SIDES else None).adjust_cell_length(width, base)

    def inner_line(self, y: int) -> Strip | None:  # noqa: ARG002 - a plain frame is empty inside
        """Line `y` inside the frame, `room` cells wide; None where it is empty."""
        return None

    def _top(self, width: int, edge: Style) -> Strip:
        room = width - 2
        note = self._note_shown
        taken = note.cell_length + 3 if len(note) else 1
        if room - taken < 6:
            note, taken = Content(""), 1
        name = self._name_shown.truncate(max(0, room - taken - 1), ellipsis=True)
        segments = [*self._label(Content(self.letter), _LETTER)] if self.letter else [Segment("┌", edge)]
        used = 0
        if len(name):
            segments += self._label(name.pad(1, 1))
            used = name.cell_length + 2
        tail = note.cell_length + 2 if len(note) else 0
        segments.append(Segment("─" * max(0, room - used - tail), edge))
        if tail:
            segments += self._label(note.pad(1, 1), _NOTE)
        return Strip([*segments, Segment("┐", edge)]).adjust_cell_length(width, edge)

    def _label(self, content: Content, style: str = "") -> Strip:
        styled = content.stylize_before(style) if style else content
        return self.strip_of(styled, content.cell_length)


class Pane(Frame, can_focus=True):
    """A frame whose inside is lines of text, made from the view by `lines`; a line is drawn again when it changed."""

    DEFAULT_CSS = "Pane { text-wrap: nowrap; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._view = View()
        self._lines: list[Content] = []

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """What stands inside, at `width` by `height` cells; one too many is not shown."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        self._view = view
        width, height = self.room, self.size.height - 2
        if width <= 0 or height <= 0:
            return
        before, self._lines = self._lines, self.lines(view, width, height)[:height]
        changed = [y for y in range(max(len(before), len(self._lines))) if not _same(before, self._lines, y)]
        if changed:
            self.refresh(*(Region(1, y + 1, self.size.width - 2, 1) for y in changed))

    def on_resize(self) -> None:
        self._lines = []
        self.refresh()
        self.show(self._view)

    def inner_line(self, y: int) -> Strip | None:
        if y >= len(self._lines):
            return None
        return self.strip_of(self._lines[y], self.room)


def _same(before: Sequence[Content], after: Sequence[Content], y: int) -> bool:
    return y < len(before) and y < len(after) and before[y].is_same(after[y])
