"""JSON: a list of objects or texts, or {"tickets": [...]}, read item by item so that its size does not matter."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from forge_tui.core.errors import InputRefused
from forge_tui.core.failure import Code
from forge_tui.pipeline.readers.json_values import DECODER, TOO_DEEP, record_of
from forge_tui.pipeline.readers.json_window import JsonWindow
from forge_tui.pipeline.readers.lines import TOO_LARGE
from forge_tui.pipeline.readers.record import MARK, RECORD_BYTES, AnyRecord, BadRecord, excerpt, tidy

LIST_KEY = "tickets"

_MAX_ANCHORED_SKIPS = 50
_AFTER_A_NUMBER = ' \t\n\r,]}[{"'


def read_json(stream: BinaryIO, codec: str, name: str) -> Iterator[AnyRecord]:
    """Each item as a record, missing and doubled commas forgiven; raises InputRefused without a list of tickets."""
    window = JsonWindow(stream, codec)
    wrapped = _enter_list(window, name)
    items = _Items(window)
    while not items.cut and (char := window.peek()) != "]":
        if char == ",":
            window.go_to(window.position + 1)
        elif char:
            yield items.take()
        else:
            yield BadRecord(window.line, Code.INPUT, "the file ends inside the list; rows may be missing")
            return
    if items.cut or wrapped:
        return
    window.go_to(window.position + 1)
    if window.peek():
        reason = "what follows the end of the list is not read"
        yield BadRecord(window.line, Code.INPUT, reason, excerpt(window.beginning))


class _Items:
    """Takes one item after the other; `cut` tells that the file ended inside the last one.

    After a broken item the next is found by its brackets, or by a line that begins as the broken one began. The
    latter only so often: each time the same text may be looked at again, up to 1 MiB of it.
    """

    def __init__(self, window: JsonWindow) -> None:
        self._window = window
        self._anchored_skips_left = _MAX_ANCHORED_SKIPS
        self.cut = False

    def take(self) -> AnyRecord:
        window = self._window
        window.trim()
        while True:
            reason = TOO_LARGE
            try:
                value, end = DECODER.raw_decode(window.text, window.position)
            except RecursionError:
                return self._give_up(TOO_DEEP)
            except json.JSONDecodeError as error:
                line = window.line + window.text.count("\n", window.position, error.pos)
                reason = f"no JSON: {error.msg.removesuffix(' at')} (line {line})"
            else:
                if window.ended or window.ahead > RECORD_BYTES or _is_whole(window.text[end - 1 : end + 1]):
                    return self._accept(value, end)
            if window.ahead > RECORD_BYTES or not window.more():
                return self._give_up(reason)

    def _accept(self, value: object, end: int) -> AnyRecord:
        window, line = self._window, self._window.line
        source = window.text[window.position : end]
        window.go_to(end)
        if len(source) > RECORD_BYTES:
            return BadRecord(line, Code.INPUT, TOO_LARGE, excerpt(source))
        if MARK not in source:
            return record_of(line, value, source)
        readable = record_of(line, DECODER.decode(tidy(source)), source)
        return BadRecord(line, Code.ENCODING, "bytes that are no text in the file's encoding", readable.value)

    def _give_up(self, reason: str) -> BadRecord:
        window, line, before = self._window, self._window.line, self._window.passed
        start = excerpt(window.beginning)
        anchor = window.anchor() if self._anchored_skips_left > 0 else None
        self._anchored_skips_left -= anchor is not None
        self.cut = not window.skip_value(anchor)
        if self.cut:
            reason = f"{reason}; the file ends inside this item, rows may be missing"
        elif window.passed == before:
            window.skip_strays()
        if window.passed - before > RECORD_BYTES:
            reason = TOO_LARGE
        return BadRecord(line, Code.INPUT, reason, start)


def _is_whole(edge: str) -> bool:
    """Whether a value ends between these two characters: "12" and "12." may be 12.5 cut by the window's end."""
    return not edge[0].isdigit() or (len(edge) == 2 and edge[1] in _AFTER_A_NUMBER)


def _enter_list(window: JsonWindow, name: str) -> bool:
    """Move into the list of tickets; True when an object is around it."""
    wrapped = window.peek() == "{"
    if wrapped:
        window.go_to(window.position + 1)
        while (key := _next_key(window)) is not None and not (key == LIST_KEY and window.peek() == "["):
            if window.skip_value() and window.text[window.position] == ",":
                window.go_to(window.position + 1)
    if window.peek() != "[":
        raise InputRefused(f'{name}: no list of tickets; a JSON file holds [...] or {{"{LIST_KEY}": [...]}}')
    window.go_to(window.position + 1)
    return wrapped


def _next_key(window: JsonWindow) -> str | None:
    """Read a key and its colon; None where there is none."""
    if window.peek() != '"':
        return None
    while True:
        try:
            key, end = DECODER.raw_decode(window.text, window.position)
        except json.JSONDecodeError:
            if window.ahead > RECORD_BYTES or not window.more():
                return None
            continue
        window.go_to(end)
        if window.peek() != ":":
            return None
        window.go_to(window.position + 1)
        return str(key)
