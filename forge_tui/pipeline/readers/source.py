"""One input file, looked at once and read as often as needed: format, encoding, columns, then its records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from forge_tui.core.errors import InputRefused
from forge_tui.pipeline.readers.columns import Row, find_id_column, find_text_column
from forge_tui.pipeline.readers.csv_layout import CsvLayout, find_layout
from forge_tui.pipeline.readers.csv_rows import read_csv
from forge_tui.pipeline.readers.encoding import MARK_UNDECODABLE, SAMPLE_BYTES, Encoding, find_encoding, open_lines
from forge_tui.pipeline.readers.files import SourceFile, open_file
from forge_tui.pipeline.readers.formats import Format, find_format
from forge_tui.pipeline.readers.json_rows import read_json
from forge_tui.pipeline.readers.jsonl_rows import read_jsonl
from forge_tui.pipeline.readers.lines import numbered_lines
from forge_tui.pipeline.readers.record import AnyRecord, tidy
from forge_tui.pipeline.readers.text_rows import read_text

_LOOK_AT_ROWS = 50


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it will be read; `text_column` None means that its records are bare texts."""

    file: SourceFile
    format: Format
    encoding: Encoding
    layout: CsvLayout | None = None
    columns: tuple[str, ...] = ()
    text_column: str | None = None
    id_column: str | None = None

    def records(self) -> Iterator[AnyRecord]:
        """The file's records in order, read anew each time; raises InputRefused when it cannot be read any more."""
        with open_file(self.file.path, self.file.name) as stream:
            yield from _records(stream, self)


def look_at(file: SourceFile, text_column: str | None, id_column: str | None) -> Source:
    """Find out how to read `file`; the columns are those the operator asked for.

    Raises InputRefused for a file without tickets, or whose text column cannot be told.
    """
    if file.size_bytes == 0:
        raise InputRefused(f"{file.name}: the file is empty")
    with open_file(file.path, file.name) as stream:
        encoding = find_encoding(stream, file.name)
        head = _head(open_lines(stream, encoding), encoding.line_codec)
    kind = find_format(file.name, head, text_column)
    layout = find_layout(head, [name for name in (text_column, id_column) if name]) if kind is Format.CSV else None
    draft = Source(file, kind, encoding, layout)
    sample = list(islice(draft.records(), _LOOK_AT_ROWS))
    if not sample:
        header_alone = layout is not None and layout.header
        raise InputRefused(f"{file.name}: {'has a header and no rows' if header_alone else 'holds no tickets'}")
    rows = [record.value for record in sample if not isinstance(record.value, str)]
    columns = layout.columns if layout else tuple(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        return draft
    return _with_columns(draft, columns, rows, text_column, id_column)


def _with_columns(
    draft: Source, columns: tuple[str, ...], rows: Sequence[Row], text_column: str | None, id_column: str | None
) -> Source:
    name = draft.file.name
    text = find_text_column(columns, rows, text_column, name)
    key = find_id_column(columns, id_column, text, name)
    return Source(draft.file, draft.format, draft.encoding, draft.layout, columns, text, key)


def _records(stream: BinaryIO, source: Source) -> Iterator[AnyRecord]:
    codec = source.encoding.line_codec
    opened = open_lines(stream, source.encoding)
    match source.format:
        case Format.CSV:
            layout = source.layout or CsvLayout(",", header=False, columns=("column1",))
            return read_csv(numbered_lines(opened, codec), layout, source.text_column or "")
        case Format.JSONL:
            return read_jsonl(numbered_lines(opened, codec))
        case Format.JSON:
            return read_json(opened, codec, source.file.name)
        case Format.TEXT:
            return read_text(numbered_lines(opened, codec))


def _head(stream: BinaryIO, codec: str) -> list[str]:
    """The first lines; a line the sample cuts is left out unless it is the only one."""
    data = stream.read(SAMPLE_BYTES)
    lines = tidy(data.decode(codec, MARK_UNDECODABLE)).split("\n")
    whole = lines[:-1] if len(data) == SAMPLE_BYTES and len(lines) > 1 else lines
    return [f"{line}\n" for line in whole if line]
