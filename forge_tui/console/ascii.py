"""The screen on terminals without our symbols: each is replaced by one ASCII character of the same width."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_PAIRS = {
    "┌┐└┘├┤┬┴┼╭╮╰╯": "+" * 13,
    "─━═╌": "----",
    "│┃║▏▎▍": "||||||",
    "█▉▊▋▌▇▆": "#######",
    "▅▄": "==",
    "▃▂": "--",
    "▁": "_",
    "░": ".",
    "●◐◌○◉": "*o.oO",
    "✖✔⏸▶▷▸▹▾▴": "x+=>>>>v^",
    "·•": "..",
    "×–—…→←↑↓": "x--~><^v",
    "≥≈±≤": ">~~<",
    "⏎₹€£": "<REL",
}
_TABLE = {
    ord(symbol): plain for symbols, plains in _PAIRS.items() for symbol, plain in zip(symbols, plains, strict=True)
}
_TABLE |= dict.fromkeys(range(10241, 10496), "*") | {0x2800: " "}


class AsciiFilter(LineFilter):
    """Spells every line of the screen, whatever drew it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        return [Segment(text.translate(_TABLE), style, control) for text, style, control in segments]
