"""The engine's thread and its hub: commands go in by the loop's own door, one snapshot comes out by one attribute.

not started ──start──▶ wiring ──▶ running ──stop──▶ draining ──▶ ended;  any bug ──▶ crashed (told, never silent)
wiring ──a wrong setting, an unreadable key──▶ refused, for good

The engine's libraries and those of the settings take three times as long to load as Textual: that happens in the
thread, after the first paint.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import count
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from forge_tui.console.engine_orders import CancelOrder, KeyOrder, LaunchOrder, OpenOrder, Order, ResumeOrder, Wiring
from forge_tui.console.hub import EngineGone, Launch, Preview, RowSource
from forge_tui.console.view import Crashed, EngineState, Refused, Starting, Stopped
from forge_tui.core.clock import Clock
from forge_tui.core.errors import ForgeError
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.telemetry.crash import without_locals

if TYPE_CHECKING:
    from forge_tui.console.engine_room import EngineRoom
    from forge_tui.core.command import Command

PULSE_S = 0.1
LATENESS_KEPT = 300


class EngineThread:
    """The hub over a real session. `wire` is called in the thread; its ForgeError is told as `Refused`, for good."""

    def __init__(self, wire: Callable[[], Wiring], clock: Clock) -> None:
        self._wire = wire
        self._wired: Future[Wiring] = Future()
        self._clock = clock
        self._ids = count(1)
        self._room: EngineRoom | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door = threading.Lock()
        self._early: list[Callable[[EngineRoom], None]] = []
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._ended: EngineState | None = None
        self._snapshot = Snapshot.empty()
        self._lateness: deque[float] = deque(maxlen=LATENESS_KEPT)

    # -- read by the screen ---------------------------------------------------------------------------------------

    def state(self) -> EngineState:
        return self._ended or (self._room.state if self._room else Starting())

    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def rows(self) -> RowSource:
        from forge_tui.console.rows import StoreRows  # noqa: PLC0415 - the engine's libraries, see above

        return StoreRows(self._wiring().db)

    def setting(self, name: str) -> object:
        settings = self._wiring().settings
        return getattr(self._room.settings if self._room else settings, name)

    def _wiring(self) -> Wiring:
        """What the engine runs on; whoever asks before it is known waits. Raises EngineGone where it came to nothing."""
        self.start()  # a key typed before the first frame asks before it: the screen that waits could start nothing
        try:
            return self._wired.result()
        except Exception as fault:
            raise EngineGone from fault

    # -- asked by the screen --------------------------------------------------------------------------------------

    def start(self) -> None:
        with self._door:
            if self._thread.ident is None:
                self._thread.start()

    def next_command_id(self) -> int:
        return next(self._ids)

    def send(self, command: "Command") -> None:
        self._call(lambda room: room.submit(command))

    def launch(self, launch: Launch) -> int:
        return self._order(lambda command_id: LaunchOrder(command_id, launch))

    def open_job(self, job_id: int) -> int:
        return self._order(lambda command_id: OpenOrder(command_id, job_id))

    def cancel_job(self, job_id: int) -> int:
        return self._order(lambda command_id: CancelOrder(command_id, job_id))

    def resume_job(self, job_id: int) -> int:
        return self._order(lambda command_id: ResumeOrder(command_id, job_id))

    def use_key(self, key: str) -> int:
        from forge_tui.provider.secret import Secret  # noqa: PLC0415 - the engine's libraries, see above

        secret = Secret(key)
        return self._order(lambda command_id: KeyOrder(command_id, secret))

    def preview(self, launch: Launch) -> Iterator[Preview]:
        from forge_tui.console.preview import previews  # noqa: PLC0415 - the engine's libraries, see above
        from forge_tui.settings_sources import with_overrides  # noqa: PLC0415 - likewise

        wiring = self._wiring()
        has_key = self._room.has_key if self._room else wiring.secret is not None
        settings = with_overrides(wiring.settings, launch.settings)
        return previews(launch, settings, wiring.db, has_key=has_key, now=self._clock.wall())

    def export(self, job_id: int, folder: str, positions: Sequence[int] | None = None) -> str:
        from forge_tui.console.exports import export  # noqa: PLC0415 - the engine's libraries, see above

        wiring = self._wiring()
        wall, csv_raw = self._clock.wall, wiring.settings.csv_raw
        export(wiring.db, job_id, Path(folder), positions, wall=wall, csv_raw=csv_raw)
        return folder

    def stop(self, *, at_once: bool = False) -> None:
        try:
            self._call(lambda room: self._stop(room, at_once=at_once))
        except EngineGone:
            return

    def join(self, timeout_s: float | None = None) -> bool:
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _order(self, make: Callable[[int], Order]) -> int:
        command_id = self.next_command_id()
        self._call(lambda room: room.put(make(command_id)))
        return command_id

    def _call(self, work: "Callable[[EngineRoom], None]") -> None:
        """Have `work` done on the engine's loop; what comes before there is one waits for it."""
        with self._door:
            if self._ended is not None:
                raise EngineGone
            loop, room = self._loop, self._room
            if loop is None or room is None:
                self._early.append(work)
                return
        try:
            loop.call_soon_threadsafe(work, room)
        except RuntimeError as closed:
            raise EngineGone from closed

    # -- in the thread --------------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            wiring = self._wire()
        except BaseException as fault:  # noqa: BLE001 - who waits for the wiring must hear of it whatever it was
            self._wired.set_exception(fault)
            if isinstance(fault, ForgeError):
                self._end(Refused(str(fault), fault.code, fault, final=True))
            else:
                self._end(_crashed(fault))
            return
        self._wired.set_result(wiring)
        try:
            asyncio.run(self._live(wiring))
        except BaseException as bug:  # noqa: BLE001 - whatever kills the engine, the screen must tell
            self._end(_crashed(bug, wiring.log_path))
        else:
            self._end(Stopped())

    def _end(self, state: EngineState) -> None:
        with self._door:
            self._ended = state

    async def _live(self, wiring: Wiring) -> None:
        from forge_tui.console.engine_room import EngineRoom  # noqa: PLC0415 - the engine's libraries, see above

        room = EngineRoom(wiring, self._clock)
        with self._door:
            self._loop, self._room = asyncio.get_running_loop(), room
            early, self._early = self._early, []
        for work in early:
            work(room)
        async with asyncio.TaskGroup() as tasks:
            pulse = tasks.create_task(self._pulse(room), name="pulse")
            await room.live()
            pulse.cancel()
        self._snapshot = room.snapshot(self._lag_p99_ms())

    async def _pulse(self, room: "EngineRoom") -> None:
        while True:
            self._snapshot = room.snapshot(self._lag_p99_ms())
            due = self._clock.monotonic() + PULSE_S
            await self._clock.sleep(PULSE_S)
            self._lateness.append(max(0.0, self._clock.monotonic() - due))

    def _lag_p99_ms(self) -> float:
        if not self._lateness:
            return 0.0
        ascending = sorted(self._lateness)
        return 1000.0 * ascending[ceil(0.99 * len(ascending)) - 1]

    def _stop(self, room: "EngineRoom", *, at_once: bool) -> None:
        room.stop(at_once=at_once)
        if not at_once:
            grace_s = room.settings.grace_s
            asyncio.get_running_loop().call_later(grace_s, lambda: room.stop(at_once=True))


def _crashed(bug: BaseException, log_path: str = "") -> Crashed:
    """The bug itself, out of the groups that task groups wrap it in."""
    while isinstance(bug, BaseExceptionGroup) and len(bug.exceptions) == 1:
        bug = bug.exceptions[0]
    return Crashed(one_line(f"{type(bug).__name__}: {bug}", 200), without_locals(bug), log_path)
