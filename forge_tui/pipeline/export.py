"""The export stage: a job's rows as results.jsonl, results.csv, failures.jsonl and report.json, all of them or none."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from forge_tui.core.job import JobRecord
from forge_tui.core.text import clean
from forge_tui.core.ticket import TicketState
from forge_tui.pipeline.document import (
    RESULT_NAMES,
    RowFigures,
    failure_row,
    report,
    result_row,
    row_figures,
    to_json,
)
from forge_tui.pipeline.output_folder import FILES, whole_files
from forge_tui.storage.reader import Reader

# A spreadsheet takes a cell that begins like this for a formula; the full-width forms become these on input.
_FORMULA = frozenset("=+-@\t\r\0\uff1d\uff0b\uff0d\uff20")
_OWN_NUMBERS = frozenset({"position", "attempts", "tokens", "cost", "cache_hit", "truncated"})


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what the walk over the rows found; `report` is what report.json says."""

    job_id: int
    results: int
    failures: int
    figures: RowFigures
    report: dict[str, object]


def export_job(
    reader: Reader,
    job_id: int,
    folder: Path,
    *,
    closed_at: Callable[[], float],
    csv_raw: bool = False,
    estimated_s: float | None = None,
) -> Exported:
    """Write what the store knows of the job now; may take seconds, so it belongs into a thread.

    The job's duration ends at `closed_at` (Unix seconds), asked when the rows are written.

    Raises OutputRefused when the folder cannot be written to; what stood there before is untouched then.
    """
    job = reader.job(job_id)
    figures = row_figures(reader.rows_in_order(job_id))
    with whole_files(folder, FILES) as (results, table, failures, summary):
        done, failed = _write_rows(reader, job, figures, (results, table, failures), csv_raw=csv_raw)
        document = report(
            replace(job, output=str(folder.absolute())),
            reader.stats(job_id),
            figures,
            estimated_s=estimated_s,
            duration_s=closed_at() - job.created_at,
        )
        summary.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
    return Exported(job_id, done, failed, figures, document)


def _write_rows(
    reader: Reader,
    job: JobRecord,
    figures: RowFigures,
    files: tuple[TextIO, TextIO, TextIO],
    *,
    csv_raw: bool,
) -> tuple[int, int]:
    results, table, failures = files
    names = [*RESULT_NAMES, *figures.columns.values()]
    cell = _raw_cell if csv_raw else _guarded_cell
    writer = csv.writer(table)
    writer.writerow([cell("", name) for name in names])
    done = failed = 0
    for row in reader.rows_in_order(job.job_id):
        if row.state is TicketState.DONE:
            written = result_row(row, figures.columns)
            results.write(to_json(written) + "\n")
            writer.writerow([cell(name, written.get(name)) for name in names])
            done += 1
        elif row.state is TicketState.FAILED:
            failures.write(to_json(failure_row(row, figures.columns)) + "\n")
            failed += 1
    return done, failed


def _guarded_cell(name: str, value: object) -> str:
    """A cell that no spreadsheet runs and no terminal obeys; our own numbers are exempt."""
    text = _raw_cell(name, value)
    return text if name in _OWN_NUMBERS else guard(clean(text))


def _raw_cell(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() if name == "flags":
            return " ".join(value)
        case list() | dict():
            return to_json(value)
        case _:
            return str(value)


def guard(text: str) -> str:
    """`text` with a leading apostrophe where a spreadsheet would take it for a formula, also after blanks."""
    first = text[:1] if text[:1] in _FORMULA else text.lstrip()[:1]
    return f"'{text}" if first in _FORMULA else text
