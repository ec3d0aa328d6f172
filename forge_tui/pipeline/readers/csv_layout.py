"""How a CSV file is laid out, found from its first lines: delimiter, whether there is a header, columns."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from forge_tui.pipeline.readers.columns import ID_NAMES, TEXT_NAMES, find_named
from forge_tui.pipeline.readers.record import RECORD_BYTES

ONE_COLUMN = "\x1f"
"""A delimiter that no text holds: the whole line is the text."""

_DELIMITERS = (",", ";", "\t", "|")
_LOOK_AT_RECORDS = 25
_AGREEMENT = 0.7
_HEADER_CHARS = 40
_HEADER_WORDS = 4
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")

# The module's own limit of 131,072 raises in mid-file; csv_rows keeps ours, and may look one line beyond it.
csv.field_size_limit(4 * RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """`columns` are named by the header, or `column1`, `column2`, ... without one."""

    delimiter: str
    header: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The first records as one delimiter cuts them."""

    delimiter: str
    records: list[list[str]]
    named: bool

    @property
    def width(self) -> int:
        return len(self.records[0])

    @property
    def agreement(self) -> float:
        """The share of records as wide as the first."""
        return sum(len(record) == self.width for record in self.records) / len(self.records)

    @property
    def plausible(self) -> bool:
        """Whether it cuts columns, and not sentences at their commas."""
        if self.width < 2:
            return False
        cells = [cell for record in self.records for cell in record[1:]]
        spaced = sum(cell.startswith(" ") for cell in cells)
        return self.named or (self.agreement >= _AGREEMENT and 2 * spaced <= len(cells))


def find_layout(lines: Sequence[str], asked: Sequence[str]) -> CsvLayout:
    """Judge from the first lines; `asked` are the column names the operator gave."""
    names = (*asked, *TEXT_NAMES, *ID_NAMES)
    attempts = [_attempt(lines, delimiter, names) for delimiter in _DELIMITERS]
    plausible = [attempt for attempt in attempts if attempt is not None and attempt.plausible]
    best = max(plausible, key=lambda a: (a.named, a.agreement, a.width), default=None)
    if best is None:
        best = _attempt(lines, ONE_COLUMN, names)
    if best is None:
        return CsvLayout(ONE_COLUMN, header=False, columns=("column1",))
    header = best.named or (best.width > 1 and _looks_like_header(best.records))
    return CsvLayout(best.delimiter, header, _column_names(best.records[0], header=header))


def _attempt(lines: Sequence[str], delimiter: str, names: Sequence[str]) -> _Attempt | None:
    try:
        reader = csv.reader(lines, delimiter=delimiter)
        records = list(islice((record for record in reader if any(record)), _LOOK_AT_RECORDS))
    except csv.Error:
        records = [line.split(delimiter) for line in lines[:_LOOK_AT_RECORDS] if not line.isspace()]
    if not records:
        return None
    return _Attempt(delimiter, records, any(find_named(records[0], name) is not None for name in names))


def _looks_like_header(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first record names the columns; one that looks like those below it is a ticket, which must not be lost."""
    names = [cell.strip() for cell in records[0]]
    if len(set(names)) < len(names) or not all(map(_looks_like_name, names)):
        return False
    columns = zip_longest(*records[1:], fillvalue="")
    return not any(_is_one_of(name, column) for name, column in zip(names, columns, strict=False))


def _is_one_of(cell: str, others: Sequence[str]) -> bool:
    """Whether `cell` stands among `others` again, or is a code of their form, as `T-17` is of `T-18`."""
    values = [other.strip() for other in others]
    if cell in values:
        return True
    forms = {_form(value) for value in values if value}
    return any(char.isdigit() for char in cell) and forms == {_form(cell)}


def _form(cell: str) -> str:
    return _LETTERS.sub("a", _DIGITS.sub("9", cell))


def _looks_like_name(cell: str) -> bool:
    return (
        cell[:1].isalpha()
        and len(cell) <= _HEADER_CHARS
        and len(cell.split()) <= _HEADER_WORDS
        and not cell.endswith((".", "!", "?"))
    )


def _column_names(first: Sequence[str], *, header: bool) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, cell in enumerate(first, start=1):
        name = (cell.strip() if header else "") or f"column{number}"
        while name in names:
            name = f"{name}_{number}"
        names[name] = None
    return tuple(names)
