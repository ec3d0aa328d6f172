"""Which format a file is in, by its name's ending or else by how its text begins."""

import json
import re
from enum import StrEnum
from pathlib import PurePath

from forge_tui.pipeline.readers.columns import TEXT_NAMES, find_named
from forge_tui.pipeline.readers.csv_layout import find_layout
from forge_tui.pipeline.readers.json_rows import LIST_KEY


class Format(StrEnum):
    """What ingest reads."""

    CSV = "CSV"
    JSONL = "JSON Lines"
    JSON = "JSON"
    TEXT = "plain text"


_JSON_ENDINGS = {".json", ".jsonl", ".ndjson"}
_CSV_ENDINGS = {".csv", ".tsv", ".tab"}
_TEXT_ENDINGS = {".txt", ".text", ".log", ".md"}

_JSON_LIST = re.compile(r'\s*\[\s*(?:[{"\]]|$)')


def find_format(name: str, head: list[str], asked: str | None) -> Format:
    """Judge by the ending of `name`, else by the lines of `head`; `asked` is the text column the operator gave."""
    ending = PurePath(name).suffix.lower()
    if ending in _CSV_ENDINGS:
        return Format.CSV
    if ending in _TEXT_ENDINGS:
        return Format.TEXT
    lines = [line for line in head if not line.isspace()]
    if ending in _JSON_ENDINGS:
        return _json_format(lines, lines_promised=ending != ".json")
    if lines and (lines[0].lstrip().startswith("{") or _JSON_LIST.match("".join(lines[:2]))):
        return _json_format(lines, lines_promised=False)
    return Format.CSV if _has_text_header(head, asked) else Format.TEXT


def _json_format(lines: list[str], *, lines_promised: bool) -> Format:
    first = lines[0].strip() if lines else ""
    if first.startswith("["):
        document = not lines_promised or len(lines) == 1 or first == "[" or first.endswith(",")
    elif (value := _parsed(first)) is not None:
        document = isinstance(value, dict) and isinstance(value.get(LIST_KEY), list)
    else:
        document = first == "{" or not (lines_promised or any(map(_is_object, lines[1:])))
    return Format.JSON if document else Format.JSONL


def _is_object(line: str) -> bool:
    return line.startswith("{") and isinstance(_parsed(line), dict)


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _has_text_header(head: list[str], asked: str | None) -> bool:
    layout = find_layout(head, [asked] if asked else [])
    names = [asked] if asked else TEXT_NAMES
    return layout.header and any(find_named(layout.columns, name) is not None for name in names)
