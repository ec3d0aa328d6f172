"""Exports of the console: a job's results where a batch run would write them, or the rows of a filter."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path

from forge_tui.core.errors import OutputRefused
from forge_tui.core.job import JobRecord
from forge_tui.pipeline.export import export_job
from forge_tui.pipeline.output_folder import FILES, check_folder, default_folder
from forge_tui.settings import Settings
from forge_tui.storage.reader import Reader
from forge_tui.storage.rows import SettledRow

MOST_FOLDERS = 10


def export(
    db: Path,
    job_id: int,
    folder: Path,
    positions: Collection[int] | None = None,
    *,
    wall: Callable[[], float],
    csv_raw: bool,
) -> int:
    """Write the job, or only its rows at `positions`, and answer how many rows there are; blocks.

    Raises OutputRefused when the folder cannot be written to, or holds what these rows must not replace.
    """
    with closing(Reader(db) if positions is None else ChosenRows(db, positions)) as reader:
        _check_target(reader.job(job_id), folder, whole=positions is None)
        exported = export_job(reader, job_id, folder, closed_at=wall, csv_raw=csv_raw)
    return exported.results + exported.failures


def _check_target(job: JobRecord, folder: Path, *, whole: bool) -> None:
    check_folder(folder, job.spec, force=False)
    if not whole and any((folder.resolve() / name).exists() for name in FILES):
        raise OutputRefused(f"{folder} holds results already: name another folder for a part of them")


def free_folder(settings: Settings, job: JobRecord) -> Path:
    """The folder of a batch run, or one named after the job where that holds another's results."""
    folder = settings.output or default_folder(job.spec.files[0])
    own = f"{folder.name}-{job.label}"
    others = [folder.with_name(own), *(folder.with_name(f"{own}-{number}") for number in range(2, MOST_FOLDERS))]
    for place in (folder, *others):
        with suppress(OutputRefused):
            check_folder(place, job.spec, force=settings.force)
            return place
    check_folder(folder, job.spec, force=settings.force)  # to say why
    return folder


class ChosenRows(Reader):
    """A reader that tells of some of a job's rows only: what an export of a filter is made from."""

    def __init__(self, db: Path, positions: Collection[int]) -> None:
        super().__init__(db)
        self._chosen = frozenset(positions)

    def settled_rows(self, job_id: int) -> Iterator[SettledRow]:
        return (row for row in super().settled_rows(job_id) if row.position in self._chosen)
