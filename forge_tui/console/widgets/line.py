"""A widget that is one line of content, drawn again only when it changed."""

from textual.content import Content
from textual.strip import Strip

from forge_tui.console.view import View
from forge_tui.console.widgets.drawn import Drawn


class Line(Drawn):
    """One line made from the view by `content`."""

    SPEAKS_UP = False  # shows and hides itself, so it must hear of every frame
    DEFAULT_CSS = "Line { height: 1; width: 100%; text-wrap: nowrap; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._view = View()
        self._shown = Content("")

    def content(self, view: View, width: int) -> Content:
        """The line, in at most `width` cells."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        self._view = view
        shown = self.content(view, self.size.width)
        if not shown.is_same(self._shown):
            self._shown = shown
            self.refresh()

    def on_resize(self) -> None:
        self.show(self._view)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y or not width:
            return Strip.blank(width, self.visual_style.rich_style)
        return self.strip_of(self._shown, width)
