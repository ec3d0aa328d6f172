"""Opening what the operator named: regular files only, at once and without blocking; standard input by a spool file."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from forge_tui.core.errors import InputRefused

STDIN = "-"
STDIN_NAME = "stdin"

_BUFFER_BYTES = 1 << 17


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file: `name` as the operator gave it, `path` where its bytes are."""

    name: str
    path: str
    size_bytes: int


def find_file(name: str) -> SourceFile:
    """Check that `name` is a regular file that can be read; raises InputRefused with the cure."""
    with open_file(name, name) as stream:
        size = os.fstat(stream.fileno()).st_size
    return SourceFile(name, name, size)


def spool(stdin: BinaryIO) -> IO[bytes]:
    """Copy standard input to a private temporary file, gone when closed; raises InputRefused when it cannot."""
    copy = tempfile.NamedTemporaryFile(prefix="forge-tui-stdin-")  # noqa: SIM115  # lives as long as the Inputs
    try:
        shutil.copyfileobj(stdin, copy, _BUFFER_BYTES)
        copy.flush()
    except OSError as error:
        copy.close()
        raise InputRefused(f"{STDIN_NAME}: cannot be kept in {tempfile.gettempdir()}: {error.strerror}") from error
    return copy


@contextmanager
def open_file(path: str, name: str) -> Iterator[BinaryIO]:
    """The bytes of a regular file; an error while it is read is an InputRefused that names the file."""
    try:
        with _open_regular(path, name) as stream:
            yield stream
    except OSError as error:
        raise InputRefused(f"{name}: cannot be read: {error.strerror or error}") from error


def _open_regular(path: str, name: str) -> BinaryIO:
    try:
        # O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise InputRefused(f"{name}: no such file; check the name and the folder you are in") from error
    except ValueError as error:
        raise InputRefused(f"{name!r}: not a file name") from error
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise InputRefused(f"{name}: {_not_a_file(kind, name)}")
    return os.fdopen(descriptor, "rb", _BUFFER_BYTES)


def _not_a_file(kind: int, name: str) -> str:
    if kind == stat.S_IFDIR:
        return f"is a folder; name its files, for example {os.path.join(name, '*.csv')}"  # noqa: PTH118  # as typed
    what = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}.get(kind, "no regular file")
    return f"is {what}; name a file, or pipe the tickets in and name - for standard input"
