"""CSV rows by the standard parser, fenced in: a record has limits, and an open quote costs one row, not the file.

record ──complete──▶ row
   └──too long, file ended, or text after a closing quote──▶ bad row; on at the line after the quote's
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from forge_tui.core.failure import Code
from forge_tui.pipeline.readers.csv_layout import CsvLayout
from forge_tui.pipeline.readers.lines import TOO_LARGE, Line
from forge_tui.pipeline.readers.record import RECORD_BYTES, RECORD_LINES, AnyRecord, BadRecord, Record, excerpt, tidy

SURPLUS = "surplus_fields"
"""The column of what a row has beyond the header's columns."""


def read_csv(lines: Iterable[Line], layout: CsvLayout, text_column: str) -> Iterator[AnyRecord]:
    """Each record, after the header; empty lines are none.

    A row wider than the header belongs to its last column when that is the text: its commas were not quoted.
    """
    feed = _Feed(lines)
    records = _records(feed, layout.delimiter)
    header_due = layout.header
    for line, fields in records:
        if isinstance(fields, str):
            yield BadRecord(line, Code.INPUT, fields, excerpt(feed.text))
        elif header_due:
            header_due = False
        elif feed.fault:
            row = _row([tidy(field) for field in fields], layout, text_column)
            yield BadRecord(line, Code.ENCODING, feed.fault, row)
        else:
            yield Record(line, _row(fields, layout, text_column))


class _TooLong(Exception):
    """The record does not end within its limits."""


class _Feed:
    """Hands lines to the parser and remembers those of the current record, so that they can be given again."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._again: deque[Line] = deque()
        self._chars = 0
        self.taken: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._chars += len(line.text)
        if line.code is Code.INPUT or len(self.taken) > RECORD_LINES or self._chars > RECORD_BYTES:
            raise _TooLong
        return line.text

    def begin(self) -> None:
        """A new record starts."""
        self.taken = []
        self._chars = 0

    def give_back(self, kept: int) -> None:
        """Keep the first lines of the record; the others are read again."""
        self._again.extendleft(reversed(self.taken[kept:]))
        del self.taken[kept:]

    @property
    def text(self) -> str:
        return "".join(line.text for line in self.taken)

    @property
    def fault(self) -> str:
        """Why the current record's lines do not decode; empty when they do."""
        return next((line.reason for line in self.taken if line.code is not None), "")


def _records(feed: _Feed, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The line and the fields of each record, or what is wrong with it."""
    parser = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            fields = next(parser)
        except StopIteration:
            return
        except _TooLong:
            if len(feed.taken) == 1:
                yield feed.taken[0].number, TOO_LARGE
                continue
            fields = None
        except csv.Error:
            fields = _forgiven(feed.taken[0].text, delimiter) if len(feed.taken) == 1 else None
        if fields is None:
            # The lines given back up to the last hold no quote that could open: no line is read more than twice.
            feed.give_back(_lines_to_quote(feed, delimiter))
            yield feed.taken[-1].number, "a quote opens here and is not closed properly"
        elif len(feed.taken) > 1 or not feed.taken[0].text.isspace():
            yield feed.taken[0].number, fields


def _forgiven(line: str, delimiter: str) -> list[str] | None:
    """The fields of a line with stray quotes or carriage returns; None when a quote stays open."""
    body = line.rstrip("\r\n").replace("\r", " ")
    more_wanted = False

    def alone() -> Iterator[str]:
        nonlocal more_wanted
        yield f"{body}\n"
        more_wanted = True

    fields = next(csv.reader(alone(), delimiter=delimiter))
    return None if more_wanted else fields


def _lines_to_quote(feed: _Feed, delimiter: str) -> int:
    """How many of the record's lines go up to the one whose quote is open."""
    texts = [line.text.replace("\r", " ") for line in feed.taken if line.code is not Code.INPUT]
    fields = next(csv.reader(texts, delimiter=delimiter))
    crossing = next((field for field in reversed(fields) if "\n" in field), "")
    return max(1, len(texts) - crossing.removesuffix("\n").count("\n"))


def _row(fields: list[str], layout: CsvLayout, text_column: str) -> Mapping[str, object]:
    width = len(layout.columns)
    row: dict[str, object] = dict(zip(layout.columns, fields, strict=False))
    if not any(fields[width:]):
        return row
    if layout.columns[-1] == text_column:
        row[text_column] = layout.delimiter.join(fields[width - 1 :])
    else:
        row[SURPLUS] = fields[width:]
    return row
