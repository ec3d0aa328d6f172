"""Hostile JSON made harmless: one decoder for both JSON formats, with limits on depth, numbers and characters."""

import json
import math
import re
from typing import Final

from forge_tui.core.failure import Code
from forge_tui.pipeline.readers.record import AnyRecord, BadRecord, Record, excerpt, tidy_value

MAX_DEPTH = 100
TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"
_LONGEST_INT_DIGITS = 640  # the lowest limit Python lets int() be given

_ESCAPED_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INT_DIGITS else digits


def _fraction(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_fraction, parse_constant=lambda _name: None)
"""NaN and Infinity, which are no JSON, become null: they cost a column its value, not the row its place."""


def record_of(line: int, value: object, source: str) -> AnyRecord:
    """The record a parsed value is, `source` being the text it was parsed from."""
    if source.count("[") + source.count("{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        return BadRecord(line, Code.INPUT, TOO_DEEP, excerpt(source))
    if _ESCAPED_UNSTORABLE.search(source):
        value = tidy_value(value)
    if isinstance(value, str | dict):
        return Record(line, value)
    return BadRecord(line, Code.INPUT, f"{kind_of(value)}, where an object or a text is expected", excerpt(source))


def kind_of(value: object) -> str:
    """What a JSON value is called, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _deeper_than(value: object, levels: int) -> bool:
    match value:
        case dict():
            return levels == 0 or any(_deeper_than(child, levels - 1) for child in value.values())
        case list():
            return levels == 0 or any(_deeper_than(child, levels - 1) for child in value)
        case _:
            return False
