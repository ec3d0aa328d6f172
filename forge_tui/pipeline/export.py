"""The export stage: a job's rows as results.jsonl, results.csv, failures.jsonl and report.json, all of them or none."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from forge_tui.core.text import clean
from forge_tui.core.ticket import Source, TicketState
from forge_tui.pipeline.document import (
    RESULT_NAMES,
    Columns,
    failure_row,
    output_names,
    report,
    result_row,
    to_json,
    to_json_line,
)
from forge_tui.pipeline.output_folder import FILES, whole_files
from forge_tui.storage.reader import Reader
from forge_tui.storage.rows import SettledRow

# A spreadsheet takes a cell that begins like this for a formula; the full-width forms become these on input.
_FORMULA = frozenset("=+-@\t\r\0\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; `report` is what report.json says, `columns` names the input's columns in the output."""

    job_id: int
    results: int
    failures: int
    columns: Columns
    report: dict[str, object]


def export_job(
    reader: Reader,
    job_id: int,
    folder: Path,
    *,
    closed_at: Callable[[], float],
    csv_raw: bool = False,
) -> Exported:
    """Write what the store knows of the job now; may take seconds, so it belongs into a thread.

    The job's duration ends at `closed_at` (Unix seconds), asked when the rows are written.

    Raises OutputRefused when the folder cannot be written to; what stood there before is untouched then.
    """
    job, mix = reader.job(job_id), reader.mix(job_id)
    columns = output_names(mix.columns)
    with whole_files(folder, FILES) as (results, table, failures, summary):
        done, failed = _write_rows(reader.settled_rows(job_id), columns, (results, table, failures), csv_raw=csv_raw)
        document = report(
            replace(job, output=str(folder.absolute())),
            reader.stats(job_id),
            mix,
            reader.agreement(job_id),
            duration_s=closed_at() - job.created_at,
        )
        summary.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
    return Exported(job_id, done, failed, columns, document)


def _write_rows(
    rows: Iterable[SettledRow], columns: Columns, files: tuple[TextIO, TextIO, TextIO], *, csv_raw: bool
) -> tuple[int, int]:
    results, table, failures = files
    plain = _raw_cell if csv_raw else _guarded_cell

    def foreign(value: object) -> str:
        return quoted(plain(value))

    table.write(_line([*RESULT_NAMES, *map(foreign, columns.values())]))
    done = failed = 0
    for row in rows:
        if row.state == TicketState.DONE:
            written = result_row(row, columns)
            results.write(to_json_line(written))
            table.write(_line([*_own_cells(row, foreign), *[foreign(written.get(name)) for name in columns.values()]]))
            done += 1
        else:
            failures.write(to_json_line(failure_row(row, columns)))
            failed += 1
    return done, failed


def _line(cells: Iterable[str]) -> str:
    return f"{','.join(cells)}\r\n"


def quoted(cell: str) -> str:
    """The cell as `csv.writer` puts it into a line (tested): that one asks for every letter, half of an export's time."""
    if '"' in cell:
        cell = cell.replace('"', '""')
    elif not ("," in cell or "\n" in cell or "\r" in cell):
        return cell
    return f'"{cell}"'


def _own_cells(row: SettledRow, foreign: Callable[[object], str]) -> list[str]:
    """The cells under RESULT_NAMES: numbers and words of closed sets as they are, what comes from outside as `foreign`."""
    return [
        *(str(row.position), foreign(row.external_id), foreign(row.text)),
        *(row.category or "", row.priority or "", foreign(row.summary), row.complexity or ""),
        *("true" if row.source == Source.CACHE else "false", row.source or ""),
        *(str(row.attempts), str(row.tokens), str(row.cost)),
        *("true" if row.truncated else "false", quoted(row.flags or "")),
    ]


def _guarded_cell(value: object) -> str:
    """A cell that no spreadsheet runs and no terminal obeys."""
    if isinstance(value, str) and value[:1].isalnum() and value.isascii() and value.isprintable():
        return value  # most texts: nothing in them needs the two looks below
    return guard(clean(value if isinstance(value, str) else _raw_cell(value))) if value is not None else ""


def _raw_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return to_json(value) if value else ""
        case _:
            return str(value)


def guard(text: str) -> str:
    """`text` with a leading apostrophe where a spreadsheet would take it for a formula, also after blanks."""
    first = text[:1] if text[:1] in _FORMULA else text.lstrip()[:1]
    return f"'{text}" if first in _FORMULA else text
