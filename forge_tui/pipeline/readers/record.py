"""What every reader yields: a record with its line, or the reason why there is none; and the limits they share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from forge_tui.core.failure import Code

RECORD_BYTES = 1 << 20
RECORD_LINES = 1000
EXCERPT_CHARS = 500

MARK = "\udc80"
"""Stands for each undecodable byte between decoding and judging; real text cannot hold it."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Record(NamedTuple):
    """One row as read: its whole text, or its columns by name."""

    line: int
    value: str | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A row that cannot be used: why, and as much of it as could be read."""

    line: int
    code: Code
    reason: str
    value: str | Mapping[str, object] = ""


AnyRecord = Record | BadRecord


def tidy(text: str) -> str:
    """The text with NUL and lone surrogates as U+FFFD: SQLite stops at the one, UTF-8 refuses the other."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def tidy_value(value: object) -> object:
    """A JSON value with every text in it tidy."""
    match value:
        case str():
            return tidy(value)
        case dict():
            return {tidy(key): tidy_value(child) for key, child in value.items()}
        case list():
            return [tidy_value(child) for child in value]
        case _:
            return value


def excerpt(text: str) -> str:
    """The beginning of a bad record, enough to recognise it."""
    return tidy(text[:EXCERPT_CHARS]).rstrip("\r\n")
