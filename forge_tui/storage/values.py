"""The border between values and columns: text SQLite can hold, JSON for what rides along, keys in bulk."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity

T = TypeVar("T")

PER_SELECT = 10_000  # SQLite allows 32,766 parameters; speed no longer grows from here (measured)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # sqlite3 raises on surrogates; LIKE and length() stop at NUL
_REPLACEMENT = "\ufffd"
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates replaced, all else as it is."""
    if text.isascii():
        return text.replace("\0", _REPLACEMENT)
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def storable_or_none(text: str | None) -> str | None:
    """As `storable`; nothing stays nothing."""
    return None if text is None else storable(text)


def to_json(value: Mapping[str, object] | Sequence[str]) -> str | None:
    """JSON text; None for what is empty."""
    return storable(_encode(value)) if value else None


def mapping_from(text: str | None) -> dict[str, object]:
    """What `to_json` made of a mapping."""
    return {} if text is None else dict(json.loads(text))


def strings_from(text: str | None) -> tuple[str, ...]:
    """What `to_json` made of strings."""
    return () if text is None else tuple(json.loads(text))


def code_from(name: str | None) -> Code | None:
    """The failure code of a column that may be empty."""
    return None if name is None else Code(name)


def complexity_from(name: str | None) -> Complexity | None:
    """The class of a column that is empty for refused rows."""
    return None if name is None else Complexity(name)


def chunks(values: Collection[T]) -> Iterator[list[T]]:
    """The values in lists short enough for one statement."""
    rest = iter(values)
    while chunk := list(islice(rest, PER_SELECT)):
        yield chunk


def select_in(
    connection: sqlite3.Connection, sql: str, values: Collection[object], *before: object
) -> Iterator[tuple[Any, ...]]:
    """The rows of `sql`, whose `IN (:many)` takes `values`; the parameters `before` stand before it in the text."""
    for chunk in chunks(values):
        marks = ",".join("?" * len(chunk))
        yield from connection.execute(sql.replace(":many", marks), (*before, *chunk)).fetchall()
