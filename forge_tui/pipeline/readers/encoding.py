"""Which encoding a file is in, judged by its byte order mark or by a sample, and its bytes as lines can be cut from."""

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import charset_normalizer

from forge_tui.core.errors import InputRefused
from forge_tui.pipeline.readers.record import MARK

SAMPLE_BYTES = 1 << 16
SEARCH_BYTES = 64 << 20
GUESS_BYTES = 1 << 14
_MOST = 0.9

MARK_UNDECODABLE = "forge_tui.mark_undecodable"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error(MARK_UNDECODABLE, _mark)

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Only code pages in which the byte 0x0A is always a line end; among equals the first wins.
_CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1255", "cp1256",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip

_NO_TEXT = (
    (b"PK\x03\x04", "a spreadsheet or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document"),
    (b"\x1f\x8b", "compressed"),
    (b"%PDF-", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes become text: its codec, the length of its mark, and whether a bare CR ends its lines."""

    codec: str
    mark_bytes: int = 0
    cr_lines: bool = False

    @property
    def wide(self) -> bool:
        return self.codec.startswith(("utf-16", "utf-32"))

    @property
    def line_codec(self) -> str:
        """The codec of the bytes that `open_lines` gives out."""
        return "utf-8" if self.wide else self.codec

    def __str__(self) -> str:
        return f"{self.codec} with a byte order mark" if self.mark_bytes else self.codec


def find_encoding(stream: BinaryIO, name: str) -> Encoding:
    """Judge a file from its start and its first bytes beyond ASCII; raises InputRefused for what is no text."""
    head = stream.read(SAMPLE_BYTES)
    for mark, codec in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(codec, len(mark), cr_lines=codec == "utf-8" and _only_cr(head))
    for magic, what in _NO_TEXT:
        if head.startswith(magic):
            raise InputRefused(f"{name}: is {what}, not text; save the tickets as CSV (UTF-8) and name that file")
    if wide := _wide_without_mark(head):
        return Encoding(wide)
    if head.count(0) > len(head) * 0.3:
        raise InputRefused(f"{name}: is not text; save the tickets as CSV (UTF-8) and name that file")
    return Encoding(_codec_of(_beyond_ascii(stream, head)), cr_lines=_only_cr(head))


def open_lines(stream: BinaryIO, encoding: Encoding) -> BinaryIO:
    """The file's bytes after its mark, in `line_codec`, every line ended by LF."""
    stream.seek(encoding.mark_bytes)
    if encoding.wide:
        return io.BufferedReader(_Converted(stream, _utf8_from(encoding.codec)), SAMPLE_BYTES)
    if encoding.cr_lines:
        return io.BufferedReader(_Converted(stream, lambda data, final: data.replace(b"\r", b"\n")), SAMPLE_BYTES)  # noqa: ARG005
    return stream


class _Converted(io.RawIOBase):
    """A stream whose bytes pass through `convert(data, final)`."""

    def __init__(self, source: BinaryIO, convert: Callable[[bytes, bool], bytes]) -> None:
        super().__init__()
        self._source = source
        self._convert = convert
        self._pending = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type]  # typeshed's Buffer is not importable before 3.12
        while not self._pending and not self._ended:
            data = self._source.read(SAMPLE_BYTES)
            self._ended = not data
            self._pending = self._convert(data, self._ended)
        given = self._pending[: len(view)]
        view[: len(given)] = given
        self._pending = self._pending[len(given) :]
        return len(given)


def _utf8_from(codec: str) -> Callable[[bytes, bool], bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    return lambda data, final: decoder.decode(data, final).encode()


def _only_cr(head: bytes) -> bool:
    return b"\r" in head and b"\n" not in head


def _wide_without_mark(head: bytes) -> str:
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half >= 4 and odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if half >= 4 and even > 0.4 * half and odd < 0.1 * half else ""


def _beyond_ascii(stream: BinaryIO, head: bytes) -> list[bytes]:
    """The lines with bytes beyond ASCII of the first block that has any; what the block's end cuts is left out."""
    searched, block, carried = 0, head, b""
    while block and searched < SEARCH_BYTES:
        searched += len(block)
        text, carried = carried + block, b""
        if len(block) == SAMPLE_BYTES:
            lines, newline, last = text.rpartition(b"\n")
            text, carried = (lines, last) if newline else (_without_cut_character(text), b"")
        if not text.isascii():
            return [line for line in text.split(b"\n") if not line.isascii()]
        block = stream.read(SAMPLE_BYTES)
    return [] if carried.isascii() else [carried]


def _without_cut_character(text: bytes) -> bytes:
    for back in range(1, 4):
        if text[-back] < 0x80:
            break
        if text[-back] >= 0xC0:
            return text[:-back]
    return text


def _codec_of(lines: list[bytes]) -> str:
    valid = sum(_decodes(line, "utf-8") for line in lines)
    # A line of another encoding is hardly ever valid UTF-8, so one that is speaks louder than one that is not:
    # in a UTF-8 file with some broken rows those rows alone are refused.
    if valid * 2 >= len(lines):
        return "utf-8"
    # The library drops a codec at the first byte it lacks: a few broken rows must not hand the file to another.
    western = [line for line in lines if _decodes(line, "cp1252")]
    sample = western if len(western) >= _MOST * len(lines) else lines
    # One step over all of it: its chunks would cut two-byte characters, and equal samples then end unequal.
    matches = charset_normalizer.from_bytes(
        _first_lines(sample), steps=1, chunk_size=GUESS_BYTES, cp_isolation=_CODE_PAGES
    )
    best = matches.best()
    if best is None:
        return "utf-8"
    equals = [m for m in matches if m.chaos <= best.chaos and m.coherence >= best.coherence]
    possible = {codec for match in equals for codec in match.could_be_from_charset}
    return "cp1252" if "cp1252" in possible else best.encoding


def _first_lines(lines: list[bytes]) -> bytes:
    """Whole lines, about GUESS_BYTES of them."""
    total, chosen = 0, []
    for line in lines:
        chosen.append(line)
        total += len(line)
        if total >= GUESS_BYTES:
            break
    return b"\n".join(chosen)


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
