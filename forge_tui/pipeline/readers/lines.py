"""A stream of bytes as numbered lines, decoded one by one, so that one bad line costs only itself."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from forge_tui.core.failure import Code
from forge_tui.pipeline.readers.encoding import MARK_UNDECODABLE
from forge_tui.pipeline.readers.record import EXCERPT_CHARS, RECORD_BYTES

TOO_LARGE = "a record may have 1 MiB at most"


class Line(NamedTuple):
    """A line with its end, from 1; `code` says what is wrong with it, `reason` in words."""

    number: int
    text: str
    code: Code | None = None
    reason: str = ""


def numbered_lines(stream: BinaryIO, codec: str) -> Iterator[Line]:
    """The lines between LF bytes (`str.splitlines` would also cut at U+2028 inside a text)."""
    number = 0
    while raw := stream.readline(RECORD_BYTES + 1):
        number += 1
        if len(raw) > RECORD_BYTES and not raw.endswith(b"\n"):
            _skip_line(stream)
            yield Line(number, raw[:EXCERPT_CHARS].decode(codec, MARK_UNDECODABLE), Code.INPUT, TOO_LARGE)
        else:
            yield _decoded(number, raw, codec)


def _decoded(number: int, raw: bytes, codec: str) -> Line:
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        return Line(number, raw.decode(codec, MARK_UNDECODABLE), Code.ENCODING, undecodable(codec, error))
    return Line(number, text.replace("\x00", "\ufffd") if "\x00" in text else text)


def undecodable(codec: str, error: UnicodeDecodeError) -> str:
    """What a decoding error says to a person."""
    return f"byte 0x{error.object[error.start]:02X} at position {error.start + 1} is not {codec}"


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(RECORD_BYTES)) and not rest.endswith(b"\n"):
        pass
