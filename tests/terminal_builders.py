"""A command on a pseudo-terminal of its own: what it writes is read, what is typed reaches it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

PATIENCE_S = 30.0


class Terminal:
    """`forge-tui` on a pseudo-terminal; `seen` is every byte it wrote.

    `program` is what Python is given to run in its place, `more` what else stands in the environment.
    """

    def __init__(
        self,
        folder: Path,
        *words: str,
        columns: int = 80,
        lines: int = 24,
        program: tuple[str, ...] = ("-m", "forge_tui"),
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._own, theirs = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(theirs)
        home = {name: str(folder / ".home") for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        environment = {**os.environ, **home, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", **more}
        for fixed in ("COLUMNS", "LINES"):
            environment.pop(fixed, None)
        self.process = subprocess.Popen(
            [sys.executable, *program, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        self._theirs = theirs
        self.seen = b""

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if hasattr(self, "process"):
            # The process has no controlling terminal, whose job this would be.
            self.process.send_signal(signal.SIGWINCH)

    def type(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def until(self, words: bytes, since: int = 0) -> None:
        """Read until `words` were written after the first `since` bytes."""
        deadline = time.perf_counter() + PATIENCE_S
        while words not in self.seen[since:]:
            assert time.perf_counter() < deadline, f"{words!r} never came: {self.seen[-2000:]!r}"
            self.read()

    def settle(self, quiet_s: float = 0.2, most_s: float = 2.0) -> None:
        """Read until nothing was written for `quiet_s`."""
        began = last = time.perf_counter()
        while time.perf_counter() - last < quiet_s and time.perf_counter() - began < most_s:
            before = len(self.seen)
            self.read()
            last = last if len(self.seen) == before else time.perf_counter()

    def read(self) -> None:
        if select.select([self._own], [], [], 0.05)[0]:
            self.seen += os.read(self._own, 65536)

    def end(self) -> int:
        """Wait for the end; answers the exit code."""
        deadline = time.perf_counter() + PATIENCE_S
        while self.process.poll() is None:
            assert time.perf_counter() < deadline, "it does not end"
            self.read()
        while select.select([self._own], [], [], 0.05)[0]:
            self.read()
        self.after = termios.tcgetattr(self._theirs)
        return self.process.returncode

    def vanish(self) -> int:
        """The terminal is gone, without a signal to anybody; waits for the end and answers the exit code."""
        os.close(self._own)
        self._own = -1
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._own >= 0:
            os.close(self._own)
        os.close(self._theirs)
