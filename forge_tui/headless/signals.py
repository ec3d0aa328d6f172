"""INT, TERM and HUP as two wishes: the first asks the run to end, every further one to end now."""

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Handlers for the running loop while the block lasts; `first` is the signal that came first, if one did.

    A signal that the parent had ignored (nohup) stays ignored.
    """

    def __init__(self, end: Callable[[], object], end_now: Callable[[], object]) -> None:
        self._end = end
        self._end_now = end_now
        self._handled: list[signal.Signals] = []
        self.first: signal.Signals | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        for number in INTERRUPTS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._came, number)
                self._handled.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number in self._handled:
            self._loop.remove_signal_handler(number)

    def _came(self, number: signal.Signals) -> None:
        if self.first is None:
            self.first = number
            self._end()
        else:
            self._end_now()


def exit_code(number: signal.Signals) -> int:
    """What a shell expects of a process that a signal ended."""
    return 128 + number
