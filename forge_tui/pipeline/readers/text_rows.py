"""Plain text: one ticket a line; empty lines are no tickets."""

from collections.abc import Iterable, Iterator

from forge_tui.pipeline.readers.lines import Line
from forge_tui.pipeline.readers.record import AnyRecord, BadRecord, Record, excerpt


def read_text(lines: Iterable[Line]) -> Iterator[AnyRecord]:
    """Each line as a record, without its line end."""
    for line in lines:
        if line.code is not None:
            yield BadRecord(line.number, line.code, line.reason, excerpt(line.text))
        elif not line.text.isspace():
            yield Record(line.number, line.text.removesuffix("\n").removesuffix("\r"))
