"""The output folder: files that appear whole or not at all, readable by their owner only, through no symlink."""

import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from forge_tui.core.errors import OutputRefused
from forge_tui.core.job import JobSpec
from forge_tui.core.text import one_line

RESULTS_JSONL = "results.jsonl"
RESULTS_CSV = "results.csv"
FAILURES_JSONL = "failures.jsonl"
REPORT_JSON = "report.json"
# The report comes last: it says whose the others are.
FILES = (RESULTS_JSONL, RESULTS_CSV, FAILURES_JSONL, REPORT_JSON)
DEFAULT_SUFFIX = "-results"


def default_folder(first_file: str) -> Path:
    """`<stem of the first file>-results` in the current folder."""
    stem = "stdin" if first_file == "-" else Path(first_file).stem
    return Path(f"{stem}{DEFAULT_SUFFIX}")


def check_folder(folder: Path, spec: JobSpec, *, force: bool) -> None:
    """Refuse, before anything is stored or spent, a folder that the job of `spec` may not write to.

    The same content under the same text column, model and prompt is the same job, in whatever database. Raises
    OutputRefused for a symlink, a file, a place that cannot be written to, an input of the job, or another job's
    results without `force`.
    """
    if folder.is_symlink():
        raise OutputRefused(f"{folder} is a symbolic link: name the folder itself with --output")
    _refuse_unwritable(folder)
    _refuse_inputs(folder, spec.files)
    owner = _owner(folder)
    if owner is None or owner.same == _same(spec) or force:
        return
    whose = f"the results of {one_line(owner.label, 40)}" if owner.label else "files that no job of ours left"
    raise OutputRefused(f"{folder} holds {whose}: name another with --output, or replace them with --force")


def _refuse_unwritable(folder: Path) -> None:
    """What cannot be written to is better known before the answers are paid for than after."""
    standing = next((place for place in (folder, *folder.absolute().parents) if _file_identity(place)), Path("/"))
    if not standing.is_dir():
        raise OutputRefused(f"{standing} is a file: name a folder with --output")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise OutputRefused(f"{standing} cannot be written to: name another folder with --output")


class _Owner(NamedTuple):
    label: str
    same: tuple[object, ...]


def _same(spec: JobSpec) -> tuple[object, ...]:
    return (spec.input_sha256, spec.text_column, spec.model, spec.prompt_version)


def _owner(folder: Path) -> _Owner | None:
    """The job whose files stand there, without a name where no report tells, None where no files are."""
    if not any((folder / name).exists() for name in FILES):
        return None
    try:
        report = json.loads((folder / REPORT_JSON).read_text("utf-8"))
        same = tuple(report.get(name) for name in ("input_sha256", "text_column", "model", "prompt_version"))
        return _Owner(str(report["job_id"]), same)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _Owner("", ())


def _refuse_inputs(folder: Path, inputs: Iterable[str]) -> None:
    taken = {_file_identity(Path(name)) for name in inputs if name != "-"} - {None}
    for name in FILES:
        if _file_identity(folder / name) in taken:
            raise OutputRefused(f"{folder / name} is an input: name another folder with --output")


def _file_identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


@contextmanager
def whole_files(folder: Path, names: Sequence[str]) -> Iterator[list[TextIO]]:
    """Open a temporary file for each name; they replace the old ones together when the block ends well.

    Each is written through to the disk before it gets its name. Raises OutputRefused when the folder or the
    disk does not allow it; then what stood there before still does.
    """
    try:
        with _opened(folder) as directory:
            yield from _replaced(directory, names)
    except OSError as fault:
        raise OutputRefused(f"{folder}: {fault.strerror or fault}: name another folder with --output") from fault


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield directory
    finally:
        os.close(directory)


def _replaced(directory: int, names: Sequence[str]) -> Iterator[list[TextIO]]:
    opened: dict[str, TextIO] = {}
    try:
        for name in names:
            opened[name] = _temporary(directory, name)
        yield list(opened.values())
        for file in opened.values():
            file.flush()
            os.fsync(file.fileno())
        for name in names:
            os.rename(_part(name), name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)
    finally:
        for name, file in opened.items():
            file.close()
            _drop(directory, _part(name))


def _temporary(directory: int, name: str) -> TextIO:
    _drop(directory, _part(name))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(_part(name), flags, stat.S_IRUSR | stat.S_IWUSR, dir_fd=directory)
    # A lone surrogate cannot reach this far; if one did, one bad letter is better than no results.
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="")


def _part(name: str) -> str:
    return f".{name}.part"


def _drop(directory: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        return
