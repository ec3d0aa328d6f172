"""What a terminal under 60x16 shows instead of everything else."""

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

NEEDED = (60, 16)


class TooSmall(Widget):
    """Both sizes, and that nothing is lost."""

    def render_line(self, y: int) -> Strip:
        needed, present = (f"{width}x{height}" for width, height in (NEEDED, self.app.size))
        words = f"terminal too small: need {needed}, have {present}. The job goes on; ctrl+q quits"
        width = max(1, self.size.width)
        lines = [words[start : start + width] for start in range(0, len(words), width)]
        return Strip([Segment(lines[y] if y < len(lines) else "", self.rich_style)]).adjust_cell_length(width)
