"""JSON Lines: one object, or one text, a line."""

import json
from collections.abc import Iterable, Iterator

from forge_tui.core.failure import Code
from forge_tui.pipeline.readers.json_values import DECODER, TOO_DEEP, record_of
from forge_tui.pipeline.readers.lines import Line
from forge_tui.pipeline.readers.record import AnyRecord, BadRecord, excerpt


def read_jsonl(lines: Iterable[Line]) -> Iterator[AnyRecord]:
    """Each line that is not blank as a record."""
    for line in lines:
        if line.code is not None:
            yield BadRecord(line.number, line.code, line.reason, excerpt(line.text))
        elif not line.text.isspace():
            yield _record(line)


def _record(line: Line) -> AnyRecord:
    try:
        value = DECODER.decode(line.text.rstrip("\r\n"))
    except RecursionError:
        return BadRecord(line.number, Code.INPUT, TOO_DEEP, excerpt(line.text))
    except json.JSONDecodeError as error:
        return BadRecord(
            line.number,
            Code.INPUT,
            f"no JSON: {error.msg.removesuffix(' at')} (column {error.colno})",
            excerpt(line.text),
        )
    return record_of(line.number, value, line.text)
