"""Progress on standard error: a block that redraws itself on a terminal, else a plain line every few seconds."""

import os
from collections.abc import Callable
from typing import TextIO

from forge_tui.core.clock import Clock
from forge_tui.core.snapshot import Snapshot
from forge_tui.telemetry.frame import progress_line, render_frame

PLAIN_EVERY_S = 5.0
PLAIN_WIDTH = 200
_TO_COLUMN_0_AND_ERASE_BELOW = "\r\x1b[J"
_UP = "\x1b[{}A"


class Progress:
    """Draws the snapshots it is given to `stream`; `refresh_s` is how often on a terminal."""

    def __init__(self, stream: TextIO, snapshot: Callable[[], Snapshot], clock: Clock, refresh_s: float) -> None:
        self._stream = stream
        self._snapshot = snapshot
        self._clock = clock
        self._redraws = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._every_s = refresh_s if self._redraws else PLAIN_EVERY_S
        self._ascii = "utf" not in (stream.encoding or "").lower()
        self._drawn = 0

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            if self._redraws:
                self._draw()
            await self._clock.sleep(self._every_s)
            if not self._redraws:
                self._draw()

    def last(self) -> None:
        """Leave the final picture standing."""
        self._draw()

    def tell(self, line: str) -> None:
        """A line that stays, above the block that redraws itself."""
        if self._drawn:
            self._stream.write(_UP.format(self._drawn) + _TO_COLUMN_0_AND_ERASE_BELOW)
            self._drawn = 0
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def _draw(self) -> None:
        job = self._snapshot()
        if not self._redraws:
            self._stream.write(progress_line(job, PLAIN_WIDTH, ascii_only=self._ascii) + "\n")
        else:
            lines = render_frame(job, self._width(), ascii_only=self._ascii)
            up = _UP.format(self._drawn) if self._drawn else ""
            self._stream.write(up + _TO_COLUMN_0_AND_ERASE_BELOW + "".join(f"{line}\n" for line in lines))
            self._drawn = len(lines)
        self._stream.flush()

    def _width(self) -> int:
        # One column less than there are: a full last column wraps on some terminals. A terminal may not know its size.
        return (os.get_terminal_size(self._stream.fileno()).columns or 80) - 1
