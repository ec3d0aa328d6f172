"""What came back: the model's text to rows, by local repair that costs nothing; pure, linear in the text's length.

    text ─▶ whole text is JSON ─▶ rows
      └▶ without fence ─▶ without reasoning ─▶ answer inside prose ─▶ complete rows of a broken or cut answer ─▶ rows
                             └▶ still thinking ─▶ Unreadable(cut)                                       └▶ Unreadable

Whether a row's values are allowed is not asked here: `pipeline/validate.py` does.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forge_tui.provider.prompt import well_formed

Row = Mapping[str, object]

MAX_CHARS = 1_048_576
_ROW_KEYS = frozenset({"id", "category", "priority", "summary"})


@dataclass(frozen=True, slots=True)
class Rows:
    """The objects found; `repaired`: their JSON had to be mended; `cut`: the text ended before the answer did."""

    rows: tuple[Row, ...]
    repaired: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No row can be had; `cut` says that the text ended before an answer began."""

    reason: str
    cut: bool = False


def read_rows(content: str) -> Rows | Unreadable:
    """The rows of an answer, whatever stands around them; numbers in them are dropped, strings made well-formed."""
    if len(content) > MAX_CHARS:
        return Unreadable(f"the answer is longer than {MAX_CHARS} characters")
    text = well_formed(content).strip("\ufeff \t\r\n")
    if not text:
        return Unreadable("the answer is empty")
    return _exact(text) or _after_reasoning(text)


def _exact(text: str) -> Rows | None:
    value = _decoded(_without_fence(text))
    rows = _rows_of(value)
    return None if rows is None else Rows(rows)


def _without_fence(text: str) -> str:
    if not (text.startswith("```") and text.endswith("```")):
        return text
    return text[3:-3].removeprefix("json").strip()


_TAG = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)


def _after_reasoning(text: str) -> Rows | Unreadable:
    """Read only what stands outside the reasoning: a draft in there is never the answer."""
    start, end = 0, len(text)
    for tag in _TAG.finditer(text):
        if tag[1]:
            start, end = tag.end(), len(text)
        else:
            end = min(end, tag.start())
    answer = text[start:end].strip()
    still_thinking = end < len(text)
    found = (_exact(answer) or _inside_prose(answer)) if answer else None
    if found is not None:
        return found
    if still_thinking:
        return Unreadable("the answer was cut inside the reasoning", cut=True)
    return _unreadable(answer)


def _unreadable(answer: str) -> Unreadable:
    if not answer:
        return Unreadable("there is no answer after the reasoning")
    if _decoded(answer) is not None:
        return Unreadable("the answer holds no results")
    wrapper = _WRAPPER.search(answer)
    begun = wrapper.start() if wrapper else 0 if answer[0] in "{[" else None
    if begun is not None and not _end_of(answer, begun)[1]:
        return Unreadable("the answer was cut before its first result", cut=True)
    return Unreadable("the answer is not JSON")


# --- exact JSON -------------------------------------------------------------------------------------------------


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object without the keys it holds twice: which value was meant cannot be known."""
    found = {well_formed(key): well_formed(value) if isinstance(value, str) else value for key, value in pairs}
    if len(found) < len(pairs):
        for key, times in Counter(well_formed(key) for key, _ in pairs).items():
            if times > 1:
                del found[key]
    return found


def _no_number(_: str) -> None:
    """Numbers have no place in an answer; dropped unread, NaN and 5,000 digits can do no harm."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_no_number,
    parse_float=_no_number,
    parse_constant=_no_number,
    strict=False,  # a raw line break inside a string is the commonest slip of a model without a JSON mode
)


def _decoded(text: str) -> object:
    """The value, or None where the text is no JSON or is nested without end."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _rows_of(value: object, *, may_be_text: bool = True) -> tuple[Row, ...] | None:
    """The rows of `{"results": [...]}`, of a bare array, of a single object; None for anything else."""
    match value:
        case {"results": str(text)} if may_be_text:
            return _rows_of(_decoded(text), may_be_text=False)
        case {"results": list(items)} | list(items):
            rows = tuple(item for item in items if isinstance(item, dict))
            return rows if not items or any(_is_row(row) for row in rows) else None
        case {"results": dict(row)}:
            return (row,)
        case dict(row) if _is_row(row):
            return (row,)
        case _:
            return None


def _is_row(value: Mapping[str, object]) -> bool:
    return not _ROW_KEYS.isdisjoint(value)


# --- answers inside prose, broken and cut ones ------------------------------------------------------------------

_QUOTE = "[\"'\u201c\u201d]"
_WRAPPER = re.compile(rf"\{{\s*{_QUOTE}results{_QUOTE}\s*:")
_ROW = re.compile(rf"\{{\s*({_QUOTE})(?:id|category|priority|summary){_QUOTE}\s*:")
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_TOKEN = re.compile(rf"{_STRING}|[\"{{}}\[\]]", re.DOTALL)


def _inside_prose(text: str) -> Rows | None:
    """The first answer in `text`; within one that is broken or cut, every complete row of it."""
    straight = _with_json_quotes(text)
    for region, complete in _regions(straight):
        rows = _rows_of(_decoded(region)) if complete else None
        if rows is not None:
            return Rows(rows, repaired=straight != text)
        if mended := tuple(_complete_rows(region)):
            return Rows(mended, repaired=True, cut=not complete)
    return None


def _regions(text: str) -> Iterator[tuple[str, bool]]:
    """Where answers may stand: each `{"results": …`, whole or not, and at last the text itself."""
    position, complete = 0, True
    while wrapper := _WRAPPER.search(text, position):
        position, complete = _end_of(text, wrapper.start())
        yield text[wrapper.start() : position], complete
    yield text, complete


def _complete_rows(region: str) -> Iterator[Row]:
    position = 0
    while row := _ROW.search(region, position):
        position, complete = _end_of(region, row.start())
        value = _decoded(_without_trailing_commas(region[row.start() : position])) if complete else None
        if isinstance(value, dict):
            yield value


def _end_of(text: str, start: int) -> tuple[int, bool]:
    """Where the bracket at `start` is closed, brackets in strings aside; False where the text ends first."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        elif mark == '"':
            return len(text), False
        if depth == 0:
            return token.end(), True
    return len(text), False


_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)
# The last branch swallows the rest after a string that never ends: tried again at each quote, it would be quadratic.
_SINGLE_QUOTED = re.compile(rf"{_STRING}|'((?:[^'\\]|\\.|'(?!\s*[,:}}\]]))*+)'|[\"'].*", re.DOTALL)
_STRAIGHT_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"'})


def _without_trailing_commas(text: str) -> str:
    return _TRAILING_COMMA.sub(lambda found: found[1] or "", text)


def _with_json_quotes(text: str) -> str:
    """`text` with the quotes of its first row made straight and double; untouched where they already are."""
    row = _ROW.search(text)
    if row is None or row[1] == '"':
        return text
    if row[1] == "'":
        return text[: row.start()] + _SINGLE_QUOTED.sub(_requoted, text[row.start() :])
    return text.translate(_STRAIGHT_QUOTES)


def _requoted(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    inner = found[1].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"')
    return f'"{inner}"'
