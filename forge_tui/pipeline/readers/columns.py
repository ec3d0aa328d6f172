"""Which column holds the tickets' text and which their id: asked for, known by name, or found by looking at values."""

from collections.abc import Mapping, Sequence

from forge_tui.core.errors import ColumnUnknown
from forge_tui.core.text import one_line

TEXT_NAMES = ("text", "ticket", "body", "description", "message", "content")
ID_NAMES = ("id", "ticket_id", "key")

_SHOWN_COLUMNS = 30
_SHOWN_CELLS = 40
_LONG_TEXT_CHARS = 20
_LOOK_AT_CHARS = 500

Row = Mapping[str, object]


def find_text_column(columns: Sequence[str], rows: Sequence[Row], asked: str | None, name: str) -> str:
    """The column to classify, judged by the first `rows`; raises ColumnUnknown with the cure."""
    if asked is not None:
        return _asked_column(columns, asked, "--text-column", name)
    known = [match for wanted in TEXT_NAMES if (match := find_named(columns, wanted)) is not None]
    # A column called `ticket` often holds ticket numbers beside the text proper.
    worded = [column for column in known if not _only_codes(column, rows)]
    if known:
        return (worded or known)[0]
    textual = [column for column in columns if _is_prose(column, rows)] or [
        column for column in columns if not _only_codes(column, rows)
    ]
    if len(textual) == 1:
        return textual[0]
    if len(columns) == 1 and _values(columns[0], rows):
        return columns[0]
    words = f"{name}: which column is the ticket? Say it with --text-column NAME. Columns: {_list(columns)}"
    raise ColumnUnknown(words, columns)


def find_id_column(columns: Sequence[str], asked: str | None, text_column: str, name: str) -> str | None:
    """The column of the input's own ids, if there is one; raises ColumnUnknown when the one asked for is missing."""
    if asked is not None:
        return _asked_column(columns, asked, "--id-column", name)
    known = (find_named(columns, wanted) for wanted in ID_NAMES)
    return next((column for column in known if column is not None and column != text_column), None)


def find_named(columns: Sequence[str], wanted: str) -> str | None:
    """The column of that name, if need be in other letter case."""
    if wanted in columns:
        return wanted
    folded = wanted.strip().casefold()
    return next((column for column in columns if column.strip().casefold() == folded), None)


def _asked_column(columns: Sequence[str], asked: str, option: str, name: str) -> str:
    column = find_named(columns, asked)
    if column is None:
        raise ColumnUnknown(f'{name}: no column "{asked}"; correct {option}. Columns: {_list(columns)}', columns)
    return column


def _list(columns: Sequence[str]) -> str:
    shown = ", ".join(one_line(column, _SHOWN_CELLS) for column in columns[:_SHOWN_COLUMNS])
    return f"{shown} and {len(columns) - _SHOWN_COLUMNS} more" if len(columns) > _SHOWN_COLUMNS else shown


def _values(column: str, rows: Sequence[Row]) -> list[str]:
    values = (row.get(column) for row in rows)
    return [value for value in values if isinstance(value, str) and not value.isspace() and value]


def _is_prose(column: str, rows: Sequence[Row]) -> bool:
    values = _values(column, rows)
    return bool(values) and 2 * sum(_reads_like_text(value) for value in values) >= len(values)


def _reads_like_text(value: str) -> bool:
    # Scripts without spaces between words are told by their length.
    if len(value) >= _LONG_TEXT_CHARS and not value.isascii():
        return True
    words = value[:_LOOK_AT_CHARS].split()
    return sum(len(word) > 1 and any(map(str.isalpha, word)) and not any(map(str.isdigit, word)) for word in words) >= 2


def _only_codes(column: str, rows: Sequence[Row]) -> bool:
    """Numbers, dates, ticket numbers: without a letter, or one word with a digit in it."""
    return all(
        not any(char.isalpha() for char in value) or (len(value.split()) == 1 and any(char.isdigit() for char in value))
        for value in _values(column, rows)
    )
