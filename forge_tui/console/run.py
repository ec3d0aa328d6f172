"""The console from start to end: engine and screen put together, signals, the drain, and what is left on the terminal."""

import asyncio
import gc
import shlex
import signal
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from forge_tui.console.app import ForgeApp
from forge_tui.console.desk import Look
from forge_tui.console.engine_thread import EngineThread
from forge_tui.console.farewell import Leave, farewell
from forge_tui.console.view import Refused
from forge_tui.core.clock import Clock
from forge_tui.core.errors import ForgeError
from forge_tui.core.turns import take_short_turns

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CRASHED = 1
_POLL_S = 0.05
# Textual writes through a queue of thirty: once it is full, the loop waits for a terminal that is not there.
_LISTEN_EVERY_S = 0.25
_LEAVE_ANYWAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Start:
    """What the console opens with: the files named on the command line, its look, and its own command line."""

    files: Sequence[str] = ()
    look: Look | None = None
    again: str = "forge-tui"


def run(engine: EngineThread, clock: Clock, start: Start) -> int:
    """Show the console until it is left; answers the exit code: 0, 1 after a crash of the screen, 128 + a signal.

    Raises the ForgeError for which the engine was not open when it was left.
    """
    take_short_turns()
    app = ForgeApp(engine, clock, start.look, offered=start.files)
    stage = _Stage(app, engine, clock)
    code = asyncio.run(stage.play())
    if app.crash_text:
        _print(sys.stderr, [app.crash_text, "The engine has drained; the job can be resumed."])
    _print(sys.stdout, farewell(engine.snapshot(), _again(app, start)))
    if stage.refusal is not None and not code and not app.crash_text:
        raise stage.refusal
    return CRASHED if app.crash_text and not code else code


def _again(app: ForgeApp, start: Start) -> str:
    """The command line that goes on: as typed, but with the files of the job that is left."""
    record = next((record for record in app.view.jobs if record.job_id == app.view.job.job_id), None)
    if record is None or record.spec.files == tuple(start.files):
        return start.again
    words = [word for word in shlex.split(start.again) if word not in start.files]
    return shlex.join([*words, *record.spec.files])


class _Stage:
    """The screen, then the drain, on one loop, so that signals are heard all the time."""

    def __init__(self, app: ForgeApp, engine: EngineThread, clock: Clock) -> None:
        self._app = app
        self._engine = engine
        self._clock = clock
        self._first: signal.Signals | None = None
        self._at_once = False
        self.refusal: ForgeError | None = None

    async def play(self) -> int:
        loop = asyncio.get_running_loop()
        heard = [number for number in INTERRUPTS if signal.getsignal(number) is not signal.SIG_IGN]
        for number in heard:
            loop.add_signal_handler(number, self._came, number)
        # What exists after the first paint lives as long as the process: the collector need not look at it again.
        loop.call_later(1.0, _freeze_garbage)
        listener = loop.create_task(self._hear_the_terminal_go(), name="terminal")
        try:
            leave = await self._app.run_async()
            state = self._engine.state()
            self.refusal = state.error if isinstance(state, Refused) else None
            await self._drain(at_once=leave is Leave.NOW)
        finally:
            listener.cancel()
            for number in heard:
                loop.remove_signal_handler(number)
        return 0 if self._first is None else 128 + self._first

    async def _hear_the_terminal_go(self) -> None:
        """A terminal that is closed hangs up on whoever it controls; on others it only ends, as under some launchers."""
        while _is_there(sys.__stdin__):
            await self._clock.sleep(_LISTEN_EVERY_S)
        self._came(signal.SIGHUP)

    def _came(self, number: signal.Signals) -> None:
        if self._first is None:
            self._first = number
            self._engine.stop()
            self._app.exit(Leave.DRAIN)
        else:
            self._at_once = True
            self._engine.stop(at_once=True)

    async def _drain(self, *, at_once: bool) -> None:
        self._engine.stop(at_once=at_once or self._at_once)
        in_flight = self._engine.snapshot().in_flight
        if in_flight and not at_once:
            _print(sys.stderr, [f"draining: {in_flight} tickets in flight come home; ctrl+c ends at once"])
        left_at: float | None = None
        while not self._engine.join(0):
            if self._at_once and left_at is None:
                left_at = self._clock.monotonic() + _LEAVE_ANYWAY_S
            if left_at is not None and self._clock.monotonic() > left_at:
                return
            await self._clock.sleep(_POLL_S)


def _is_there(terminal: TextIO | None) -> bool:
    try:
        return terminal is not None and bool(termios.tcgetattr(terminal))
    except (termios.error, OSError, ValueError):
        return False


def _freeze_garbage() -> None:
    gc.collect()
    gc.freeze()


def _print(stream: TextIO, lines: Sequence[str]) -> None:
    """Lines for whoever still reads: after a hang-up nobody does."""
    try:
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()
    except OSError:
        return
