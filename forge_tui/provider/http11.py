"""HTTP/1.1 as bytes, without a socket: one request to what is sent, and what comes back to one answer (RFC 9112).

status line and headers ──▶ head (1xx answers before it are skipped) ──▶ body by length, by chunks or to the end
"""

import re
from collections.abc import Generator
from dataclasses import dataclass

MOST_HEAD_BYTES = 64 * 1024
MOST_LINE_BYTES = 1024

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: ([^\r\n\0]*))?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_LENGTH = re.compile(rb"\d{1,15}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?", re.DOTALL)
_UNTIL_CLOSED = object()
_CHUNKED = object()

Header = tuple[bytes, bytes]
_Steps = Generator[None, None, None]


class BadRequest(Exception):
    """A header that cannot be sent; its text is not repeated, it may hold the key."""


class BadAnswer(Exception):
    """The server broke HTTP, or broke off."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body."""

    status: int
    reason: bytes
    headers: list[Header]
    http_1_0: bool

    def values(self, name: bytes) -> list[bytes]:
        """All values of the header `name` (lower case), its comma-separated lists taken apart, in lower case."""
        joined = b",".join(value for header, value in self.headers if header.lower() == name)
        return [value.strip().lower() for value in joined.split(b",")] if joined else []


def request_bytes(method: str, target: bytes, headers: list[Header], body: bytes) -> bytes:
    """A whole request; raises BadRequest for a header that would not stay in its line."""
    lines = [b"%s %s HTTP/1.1" % (method.encode("ascii"), target), *(b"%s: %s" % header for header in headers)]
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
        raise BadRequest
    return b"%s\r\n\r\n%s" % (head, body)


class AnswerReader:
    """Takes the bytes of one answer as they come; `feed` and `end` raise BadAnswer where they make none."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.complete = False
        self._received = bytearray()
        self._body: list[bytes] = []
        self._unread_bytes = 0
        self._ended = False
        self._persistent = False
        self._steps = self._read()
        next(self._steps)

    @property
    def begun(self) -> bool:
        """Whether any byte of the answer has come."""
        return self.head is not None or bool(self._received)

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request: all was read, and the server keeps it open."""
        return self.complete and self._persistent and not self._received

    @property
    def unread_bytes(self) -> int:
        """Bytes of the body that nobody has taken yet."""
        return self._unread_bytes

    def feed(self, data: bytes) -> None:
        self._received += data
        if not self.complete:
            next(self._steps, None)

    def end(self) -> None:
        """The server closed the connection."""
        self._ended = True
        if not self.complete:
            next(self._steps, None)

    def take_body(self) -> bytes:
        """What has come of the body since the last call."""
        body, self._body, self._unread_bytes = b"".join(self._body), [], 0
        return body

    # -- one step for each arrival of bytes: a bare yield asks for more -----------------------------------------

    def _read(self) -> _Steps:
        head = yield from self._final_head()
        framing = _framing(head)
        tokens = head.values(b"connection")
        self._persistent = b"keep-alive" in tokens if head.http_1_0 else b"close" not in tokens
        self.head = head
        if framing is _CHUNKED:
            yield from self._chunks()
        elif framing is _UNTIL_CLOSED:
            self._persistent = False
            yield from self._rest()
        elif isinstance(framing, int):
            yield from self._exactly(framing)
        self.complete = True

    def _final_head(self) -> Generator[None, None, Head]:
        while True:
            head = _head((yield from self._until(b"\r\n\r\n", MOST_HEAD_BYTES)))
            if head.status >= 200:
                return head
            if head.status == 101:
                raise BadAnswer("switched to a protocol that nobody asked for")

    def _until(self, mark: bytes, most_bytes: int) -> Generator[None, None, bytes]:
        searched = 0
        while (found := self._received.find(mark, searched)) < 0:
            searched = max(0, len(self._received) - len(mark) + 1)
            if searched > most_bytes:
                raise BadAnswer("a head without end")
            yield from self._more("closed before the whole head came")
        if found > most_bytes:
            raise BadAnswer("a head without end")
        line = bytes(self._received[:found])
        del self._received[: found + len(mark)]
        return line

    def _exactly(self, length: int) -> _Steps:
        while length := length - self._deliver(length):
            yield from self._more("closed before the whole body came")

    def _chunks(self) -> _Steps:
        while True:
            size = _CHUNK_SIZE.fullmatch((yield from self._until(b"\r\n", MOST_LINE_BYTES)))
            if size is None:
                raise BadAnswer("a chunk without a size")
            if not (length := int(size[1], 16)):
                break
            yield from self._exactly(length)
            if (yield from self._until(b"\r\n", MOST_LINE_BYTES)):
                raise BadAnswer("a chunk longer than its size")
        while (yield from self._until(b"\r\n", MOST_HEAD_BYTES)):
            pass  # trailers tell us nothing

    def _rest(self) -> _Steps:
        while not self._ended:
            self._deliver(len(self._received))
            yield
        self._deliver(len(self._received))

    def _more(self, otherwise: str) -> _Steps:
        if self._ended:
            raise BadAnswer(otherwise)
        yield

    def _deliver(self, most_bytes: int) -> int:
        part = bytes(self._received[:most_bytes])
        if part:
            del self._received[:most_bytes]
            self._body.append(part)
            self._unread_bytes += len(part)
        return len(part)


def _head(raw: bytes) -> Head:
    first, *lines = raw.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise BadAnswer("no HTTP answer")
    headers = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadAnswer("a header line that is none")
        headers.append((header[1], header[2]))
    return Head(int(status[2]), status[3] or b"", headers, status[1] == b"0")


def _framing(head: Head) -> object:
    """How the body ends: _CHUNKED, _UNTIL_CLOSED, or its length in bytes (RFC 9112, section 6.3)."""
    if head.status in {204, 304}:
        return 0
    if codings := head.values(b"transfer-encoding"):
        return _CHUNKED if codings[-1] == b"chunked" else _UNTIL_CLOSED
    match set(head.values(b"content-length")):
        case lengths if not lengths:
            return _UNTIL_CLOSED
        case lengths if len(lengths) == 1 and _LENGTH.fullmatch(length := lengths.pop()):
            return int(length)
        case _:
            raise BadAnswer("lengths that contradict each other")
