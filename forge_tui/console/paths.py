"""Paths as they are typed: several files, folders and globs, how tab completes them, and names not yet taken."""

import os
import shlex
from collections.abc import Sequence
from glob import glob, has_magic
from itertools import count
from pathlib import Path

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt")


def expanded(typed: str) -> tuple[str, ...]:
    """The files that `typed` names, in order, each once; a folder or a glob takes all ticket files in it."""
    files: list[str] = []
    for word in _words(typed):
        path = str(Path(word).expanduser()) if word.startswith("~") else word
        if has_magic(path):
            found_here = glob(path)  # noqa: PTH207 - the pattern may be absolute
            files += sorted(found for found in found_here if Path(found).is_file())
        elif Path(path).is_dir():
            files += sorted(str(found) for found in Path(path).iterdir() if is_ticket_file(found))
        else:
            files.append(path)
    return tuple(dict.fromkeys(files))


def is_ticket_file(path: Path) -> bool:
    """Whether a file's name says that tickets may be in it."""
    try:
        return path.suffix.lower() in ENDINGS and path.is_file()
    except OSError:
        return False


def typed_for(files: Sequence[str]) -> str:
    """How these files are typed."""
    return shlex.join(files)


def completed(typed: str) -> str:
    """`typed` with its last word completed as far as the files there agree."""
    head, word = _split_last(typed)
    path = os.path.expanduser(word)  # noqa: PTH111 - a trailing slash must stay
    folder, start = os.path.split(path)
    try:
        names = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(folder or "."))
    except OSError:
        return typed
    fitting = [name for name in names if name.startswith(start) and (start or not name.startswith("."))]
    if not fitting:
        return typed
    # Sorted names agree as far as the first and the last of them do.
    length = next((n for n, (a, b) in enumerate(zip(fitting[0], fitting[-1], strict=False)) if a != b), None)
    common = min(fitting[0], fitting[-1], key=len) if length is None else fitting[0][:length]
    whole = os.path.join(folder, common) if folder else common  # noqa: PTH118 - text, not a file
    return head + (shlex.quote(whole) if " " in whole else whole)


def free_name(stem: str) -> str:
    """`./stem`, or with a number behind it where that is taken."""
    names = (f"./{stem}" if number == 1 else f"./{stem}-{number}" for number in count(1))
    return next(name for name in names if not Path(name).exists())


def _words(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError:
        # A quote that is still being typed.
        return [typed]


def _split_last(typed: str) -> tuple[str, str]:
    words = _words(typed)
    if not words or typed.endswith(" "):
        return typed, ""
    if len(words) == 1:
        return "", words[0]
    return shlex.join(words[:-1]) + " ", words[-1]
