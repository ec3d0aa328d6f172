"""The border between foreign text and screens, logs and stderr: what passes here can move no cursor and join no markup.

Ticket texts, model answers, server messages, file names and column names are hostile: raw control bytes reach the
terminal through every widget, set its title and write its clipboard. Stored text stays raw; only what is shown is
cleaned. Markup is not its business: cleaned text is shown as `Text` or with `markup=False`, never parsed.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from unicodedata import category, combining, east_asian_width

MAX_MARKS = 8
MAX_CODE_POINTS = 1000

_ELLIPSIS = "…"
_REPLACEMENT = "\ufffd"
_NON_JOINER, _JOINER, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
_VIRAMA = 9
_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "\u2421"}
_SPACES = {ord("\n"): " ", ord("\t"): " "}
# Letters, punctuation and signs of scripts without marks, nothing hidden among them: a text of these alone needs no
# look at each character, which was half of the time of an export (measured).
_PLAIN = re.compile(
    "[\t\n\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u1fff\u2010-\u2027\u202f-\u205f"
    "\u2070-\u20cf\u2100-\u2bff\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3]*"
)


def clean(text: str, max_cells: int | None = None) -> str:
    """`text` as it may be shown; cleaning it again changes nothing.

    Control characters become their pictures (ESC is ␛) or U+FFFD, and so do invisible and direction-changing ones,
    separators, tags and lone surrogates; newline and tab stay, CR LF is one newline. A base carries at most 8
    combining marks. With `max_cells` it is cut to that many terminal cells, and to 1,000 code points, ending in "…".
    """
    text = text.replace("\r\n", "\n")
    if _PLAIN.fullmatch(text):
        return text if max_cells is None else _cut(text, max_cells)
    shown = text.translate(_CONTROL_PICTURES) if text.isascii() else _harmless(text)
    return "".join(shown) if max_cells is None else _cut(shown, max_cells)


def one_line(text: str, max_cells: int) -> str:
    """`clean` for a row or a message: newlines and tabs become spaces."""
    return clean(text.replace("\r\n", "\n").translate(_SPACES), max_cells)


def cell_width(text: str) -> int:
    """Terminal cells that cleaned `text` takes at most; a newline or a tab counts as one.

    A joined emoji counts as the sum of its parts: terminals differ, and too narrow a column is the safe mistake.
    """
    return len(text) if text.isascii() else sum(width for _, width in _measured(text))


def _harmless(text: str) -> Iterator[str]:
    marks, before = 0, ""
    for char, after in pairwise(chain(text, " ")):
        shown = char
        if category(char).startswith("M"):
            marks += 1
            if marks > MAX_MARKS:
                continue
        elif not _joins(before, char, after):
            shown, marks = _visible(char), 0
        if shown != _EMOJI_STYLE:
            before = shown
        yield shown


def _joins(before: str, char: str, after: str) -> bool:
    """Whether an invisible joiner does its job: inside an emoji, or in an Indic cluster (RFC 5892, A.1 and A.2)."""
    if char not in {_JOINER, _NON_JOINER} or not before:
        return False
    return combining(before) == _VIRAMA or (char == _JOINER and _is_emoji(before) and _is_emoji(after))


def _is_emoji(char: str) -> bool:
    return category(char) == "So" or "\U0001f3fb" <= char <= "\U0001f3ff"


def cut_middle(text: str, max_chars: int) -> str:
    """The text in at most `max_chars` characters, a marker in place of its middle."""
    room = max_chars - len(_cut_marker(len(text)))
    if room < 2:
        return text[: max_chars - 1] + _ELLIPSIS
    tail = room // 2
    return text[: room - tail] + _cut_marker(len(text) - room) + text[len(text) - tail :]


def _cut_marker(chars: int) -> str:
    return f" […{chars:,} characters cut…] "


def _visible(char: str) -> str:
    if char in "\n\t":
        return char
    if char <= "\x7f":
        return _CONTROL_PICTURES.get(ord(char), char)
    hidden = category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or "\U000e0000" <= char <= "\U000e007f"
    return _REPLACEMENT if hidden else char


def _measured(chars: Iterable[str]) -> Iterator[tuple[str, int]]:
    base = 0
    for char in chars:
        if char == _EMOJI_STYLE:
            # It asks for the emoji form of a narrow character, which is wide.
            yield char, int(base == 1)
            base = 0
            continue
        width = _width(char)
        base = width or base
        yield char, width


def _width(char: str) -> int:
    if char in {_JOINER, _NON_JOINER} or category(char).startswith("M"):
        return 0
    return 2 if east_asian_width(char) in {"W", "F"} else 1


def _cut(chars: Iterable[str], max_cells: int) -> str:
    if isinstance(chars, str) and chars.isascii():
        most = min(max_cells, MAX_CODE_POINTS)
        return chars if len(chars) <= most else (chars[: most - 1] + _ELLIPSIS if most > 0 else "")
    kept: list[str] = []
    used = room_for_ellipsis = 0
    for char, width in _measured(chars):
        used += width
        if used > max_cells or len(kept) == MAX_CODE_POINTS:
            # A joiner with nothing left to join would no longer be clean.
            return "".join(kept[:room_for_ellipsis]).rstrip(_JOINER) + (_ELLIPSIS if max_cells > 0 else "")
        kept.append(char)
        if used < max_cells and len(kept) < MAX_CODE_POINTS:
            room_for_ellipsis = len(kept)
    return "".join(kept)
