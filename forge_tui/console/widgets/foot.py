"""A few lines at the foot of a list, drawn again only when they changed."""

from collections.abc import Sequence

from textual.content import Content
from textual.strip import Strip

from forge_tui.console.widgets.drawn import Drawn


class Foot(Drawn):
    """Shows the lines it was handed last; what they say is the list's own business."""

    DEFAULT_CSS = "Foot { height: 1; text-wrap: nowrap; }"

    _lines: Sequence[Content] = ()

    def put(self, lines: Sequence[Content]) -> None:
        """Show these lines."""
        same = len(lines) == len(self._lines) and all(a.is_same(b) for a, b in zip(lines, self._lines, strict=True))
        if not same:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines) or not width:
            return Strip.blank(width, self.visual_style.rich_style)
        return self.strip_of(self._lines[y], width)
