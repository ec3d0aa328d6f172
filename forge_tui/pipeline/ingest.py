"""The ingest stage: the operator's files as a stream of numbered tickets and refused rows; no bad row stops the others."""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Self

from forge_tui.core.errors import InputRefused
from forge_tui.core.failure import Code
from forge_tui.core.text import cut_middle
from forge_tui.core.ticket import NO_COLUMNS, InputRow, Origin, RefusedRow, Ticket
from forge_tui.pipeline.readers.columns import TEXT_NAMES, find_named
from forge_tui.pipeline.readers.files import STDIN, STDIN_NAME, SourceFile, find_file, open_file, spool
from forge_tui.pipeline.readers.json_values import kind_of
from forge_tui.pipeline.readers.record import AnyRecord, BadRecord, Record, excerpt
from forge_tui.pipeline.readers.source import Source, look_at
from forge_tui.settings import Settings

_HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class InputDescription:
    """One input file for the launch preview; columns are empty where the records are bare texts."""

    file: str
    format: str
    encoding: str
    size_bytes: int
    columns: tuple[str, ...]
    text_column: str | None
    id_column: str | None


class Inputs:
    """The opened files of a job, to be read from the start as often as needed; close it to drop what was spooled."""

    def __init__(self, sources: Sequence[Source], settings: Settings, spooled: ExitStack) -> None:
        self._sources = tuple(sources)
        self._settings = settings
        self._spooled = spooled
        self._sha256: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._spooled.close()

    @property
    def files(self) -> tuple[str, ...]:
        """The names as the operator gave them."""
        return tuple(source.file.name for source in self._sources)

    @property
    def text_column(self) -> str | None:
        """The text column of the first file that has columns."""
        return next((source.text_column for source in self._sources if source.text_column), None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all files, each once."""
        return tuple(dict.fromkeys(column for source in self._sources for column in source.columns))

    def sha256(self) -> str:
        """The SHA-256 of the contents of all files in order, in hex; read once."""
        if self._sha256 is None:
            self._sha256 = _sha256(self._sources)
        return self._sha256

    def rows(self, skip: int = 0) -> Iterator[InputRow]:
        """Every row after the first `skip`, positions counted from 1 over all files, up to the setting `limit`.

        Raises InputRefused when a file can no longer be read.
        """
        return islice(self._all_rows(), skip, self._settings.limit)

    def describe(self) -> tuple[InputDescription, ...]:
        """What was found out about each file."""
        return tuple(
            InputDescription(
                source.file.name,
                str(source.format),
                str(source.encoding),
                source.file.size_bytes,
                source.columns,
                source.text_column,
                source.id_column,
            )
            for source in self._sources
        )

    def _all_rows(self) -> Iterator[InputRow]:
        position = 0
        for source in self._sources:
            for record in source.records():
                position += 1
                yield _row(position, record, source, self._settings.max_ticket_chars)


def _sha256(sources: Sequence[Source]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        with open_file(source.file.path, source.file.name) as stream:
            while chunk := stream.read(_HASH_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def open_inputs(paths: Sequence[str], settings: Settings, *, stdin: BinaryIO | None = None) -> Inputs:
    """Check every file and find out how to read it; `-` is standard input, kept in a temporary file.

    Raises InputRefused, with the file and the cure, when one of them cannot be read as tickets.
    """
    if not paths:
        raise InputRefused("no input: name a file, or - for standard input")
    if paths.count(STDIN) > 1:
        raise InputRefused("standard input (-) can be read once: name - once")
    with ExitStack() as stack:
        files = [_find(path, stack, stdin) for path in paths]
        sources = [look_at(file, settings.text_column, settings.id_column) for file in files]
        return Inputs(sources, settings, stack.pop_all())


def _find(path: str, stack: ExitStack, stdin: BinaryIO | None) -> SourceFile:
    if path != STDIN:
        return find_file(path)
    if stdin is None and sys.stdin is None:
        raise InputRefused(f"{STDIN_NAME}: there is no standard input here; name a file")
    copy = stack.enter_context(spool(stdin or sys.stdin.buffer))
    return SourceFile(STDIN_NAME, copy.name, copy.tell())


@dataclass(frozen=True, slots=True)
class _Content:
    """A record taken apart; `fault` says in words what its text lacks."""

    text: str
    fault: str
    external_id: str | None
    columns: Mapping[str, object]


def _row(position: int, record: AnyRecord, source: Source, max_chars: int) -> InputRow:
    origin = Origin(source.file.name, record.line)
    if isinstance(record, Record) and isinstance(record.value, str) and record.value.strip():
        return _ticket(position, record.value, origin, None, NO_COLUMNS, max_chars)
    content = _content(record.value, source)
    text, external_id, columns = content.text, content.external_id, content.columns
    code, fault = Code.INPUT, content.fault
    if isinstance(record, BadRecord):
        code, fault = record.code, record.reason
    if fault:
        return RefusedRow(position, origin, code, f"{origin}: {fault}", excerpt(text), external_id, columns)
    return _ticket(position, text, origin, external_id, columns, max_chars)


def _ticket(
    position: int, text: str, origin: Origin, external_id: str | None, columns: Mapping[str, object], max_chars: int
) -> Ticket:
    if 0 < max_chars < len(text):
        return Ticket(position, cut_middle(text, max_chars), origin, external_id, columns, truncated=True)
    return Ticket(position, text, origin, external_id, columns)


def _content(value: str | Mapping[str, object], source: Source) -> _Content:
    if isinstance(value, str):
        return _Content(value, "" if value.strip() else "no text", None, {})
    text_column = source.text_column or next(filter(None, (find_named(tuple(value), name) for name in TEXT_NAMES)), "")
    external_id = _external_id(value.get(source.id_column)) if source.id_column else None
    columns = dict(value)
    text = columns.pop(text_column, None)
    if source.id_column:
        columns.pop(source.id_column, None)
    if isinstance(text, str) and text.strip():
        return _Content(text, "", external_id, columns)
    # A number is no ticket: where the text should be, it is a sign of the wrong column.
    wrong_kind = text is not None and not isinstance(text, str)
    named = f'column "{text_column or TEXT_NAMES[0]}"'
    fault = f"{kind_of(text)}, not a text, in {named}" if wrong_kind else f"no text in {named}"
    return _Content(str(text) if wrong_kind else "", fault, external_id, columns)


def _external_id(value: object) -> str | None:
    match value:
        case bool():
            return None
        case str() | int() | float():
            return str(value).strip() or None
        case _:
            return None
