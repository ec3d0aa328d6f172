"""What every widget of ours that draws its own lines does alike: one line of content becomes one strip."""

from textual.content import Content
from textual.reactive import Reactive
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual
from textual.widget import Widget


class Drawn(Widget):
    """Draws its lines by itself; none of them is a link, for which Textual would look in every one (a tenth of its time)."""

    auto_links: Reactive[bool] = Reactive(False)

    def strip_of(self, content: Content, width: int, style: Style | None = None) -> Strip:
        """One line of `content`, cut or filled to `width`, in `style` or the widget's own."""
        if width <= 0:
            return Strip.blank(0)
        style = style or self.visual_style
        strips = Visual.to_strips(self, content, width, 1, style, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)
