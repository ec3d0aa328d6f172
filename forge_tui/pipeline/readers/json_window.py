"""A window that slides over a JSON text of any size: where we are, on which line, and how to get past a broken value."""

import codecs
import re
from typing import BinaryIO

from forge_tui.pipeline.readers.encoding import MARK_UNDECODABLE

_CHUNK_BYTES = 1 << 16
_WHITE = re.compile(r"[ \t\n\r]*")
_STRUCTURE = re.compile(r'["\\\[\]{},\n]')
_INDENT_CHARS = 200


class JsonWindow:
    """Decoded text from `position` on; undecodable bytes are marked, NUL is replaced.

    `line` counts from 1, `passed` in characters; `indent` is the white space before the current value when it is the first on its line.
    """

    def __init__(self, stream: BinaryIO, codec: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(codec)(MARK_UNDECODABLE)
        self.text = ""
        self.position = 0
        self.line = 1
        self.passed = 0
        self.indent: str | None = None
        self.ended = False

    @property
    def ahead(self) -> int:
        """Characters in the window after the position."""
        return len(self.text) - self.position

    def more(self) -> bool:
        """Read on, at least doubling what is ahead; False once the file has ended."""
        if self.ended:
            return False
        data = self._stream.read(max(_CHUNK_BYTES, self.ahead))
        self.ended = not data
        fresh = self._decoder.decode(data, final=self.ended).replace("\x00", "\ufffd")
        self.text = self.text[self.position :] + fresh
        self.position = 0
        return True

    def go_to(self, position: int) -> None:
        """Move on to `position` in the window."""
        self.line += self.text.count("\n", self.position, position)
        self.passed += position - self.position
        self.position = position

    def peek(self) -> str:
        """The next character after white space, empty at the end; the position is then on it."""
        self.indent = None
        while True:
            run = _WHITE.match(self.text, self.position)
            end = run.end() if run else self.position
            newline = self.text.rfind("\n", self.position, end)
            if newline >= 0:
                self.indent = self.text[newline + 1 : end]
            elif self.indent is not None:
                self.indent = (self.indent + self.text[self.position : end])[: _INDENT_CHARS + 1]
            self.go_to(end)
            if self.ahead:
                return self.text[self.position]
            if not self.more():
                return ""

    def skip_value(self, anchor: str | None = None) -> bool:
        """Move past a value without reading it: to its comma or closing bracket, or to the next line with `anchor`.

        A line end closes a string, since JSON allows none inside. False where the file ended first.
        """
        depth, in_string = 0, False
        while True:
            found = _STRUCTURE.search(self.text, self.position)
            if found is None:
                self.go_to(len(self.text))
                if not self.more():
                    return False
                continue
            mark = found[0]
            if mark in ",]}" and depth == 0 and not in_string:
                self.go_to(found.start())
                return True
            self.go_to(found.end())
            if mark == "\n":
                in_string = False
                if anchor and self._at(anchor):
                    return True
            elif mark == "\\":
                self._skip_one()
            elif mark == '"':
                in_string = not in_string
            elif not in_string:
                depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)

    def anchor(self) -> str | None:
        """How the next value of the list would begin its line, if it stands like the current one."""
        if self.indent is None or len(self.indent) > _INDENT_CHARS:
            return None
        return self.indent + self.text[self.position]

    def _at(self, anchor: str) -> bool:
        while self.ahead < len(anchor) and self.more():
            pass
        return self.text.startswith(anchor, self.position)

    def _skip_one(self) -> None:
        if self.ahead or self.more():
            self.go_to(min(self.position + 1, len(self.text)))
