"""The engine's thread and its hub: commands go in by the loop's own door, one snapshot comes out by one attribute.

not started ──start──▶ loading ──▶ running ──stop──▶ draining ──▶ ended;  any bug ──▶ crashed (told, never silent)

The engine's libraries take as long to load as Textual: that happens in the thread, beside the first paint.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from forge_tui.console.engine_orders import (
    CancelOrder,
    KeyOrder,
    LaunchOrder,
    OpenOrder,
    Order,
    ResumeOrder,
    with_overrides,
)
from forge_tui.console.hub import EngineGone, Launch, Preview
from forge_tui.console.rows import StoreRows
from forge_tui.console.view import Crashed, EngineState, Starting, Stopped
from forge_tui.core.clock import Clock
from forge_tui.core.command import Command
from forge_tui.core.event import Event
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings
from forge_tui.telemetry.crash import without_locals

if TYPE_CHECKING:
    from forge_tui.console.engine_room import EngineRoom

PULSE_S = 0.1
LATENESS_KEPT = 300
# Python's default of 5 ms lets a busy screen hold the lock ten times as long as the engine's timers can bear.
SWITCH_INTERVAL_S = 0.0005

Listener = Callable[[Event], None]


class EngineThread:
    """The hub over a real session. `listeners` hear every event on the engine's thread (log and event file).

    `typed` names the settings of this command line: they win over those of a job that is gone on with.
    """

    def __init__(
        self,
        settings: Settings,
        secret: Secret | None,
        db: Path,
        clock: Clock,
        *,
        listeners: Sequence[Listener] = (),
        log_path: str = "",
        typed: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._typed = frozenset(typed)
        self._secret = secret
        self._db = db
        self._clock = clock
        self._listeners = tuple(listeners)
        self._log_path = log_path
        self._ids = count(1)
        self._room: EngineRoom | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door = threading.Lock()
        self._early: list[Callable[[EngineRoom], None]] = []
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._ended: EngineState | None = None
        self._snapshot = Snapshot.empty()
        self._lateness: deque[float] = deque(maxlen=LATENESS_KEPT)
        self.rows = StoreRows(db)

    # -- read by the screen ---------------------------------------------------------------------------------------

    def state(self) -> EngineState:
        return self._ended or (self._room.state if self._room else Starting())

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def setting(self, name: str) -> object:
        return getattr(self._room.settings if self._room else self._settings, name)

    # -- asked by the screen --------------------------------------------------------------------------------------

    def start(self) -> None:
        if self._thread.ident is None:
            self._thread.start()

    def next_command_id(self) -> int:
        return next(self._ids)

    def send(self, command: Command) -> None:
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
        secret = Secret(key)
        return self._order(lambda command_id: KeyOrder(command_id, secret))

    def preview(self, launch: Launch) -> Iterator[Preview]:
        from forge_tui.console.preview import previews  # noqa: PLC0415 - the engine's libraries, see above

        has_key = self._room.has_key if self._room else self._secret is not None
        settings = with_overrides(self._settings, launch.settings)
        return previews(launch, settings, self._db, has_key=has_key, now=self._clock.wall())

    def export(self, job_id: int, folder: str, positions: Sequence[int] | None = None) -> str:
        from forge_tui.console.exports import export  # noqa: PLC0415 - the engine's libraries, see above

        target = Path(folder)
        export(self._db, job_id, target, positions, wall=self._clock.wall, csv_raw=self._settings.csv_raw)
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
            asyncio.run(self._live())
            ended: EngineState = Stopped()
        except BaseException as bug:  # noqa: BLE001 - whatever kills the engine, the screen must tell
            bug = _innermost(bug)
            ended = Crashed(one_line(f"{type(bug).__name__}: {bug}", 200), without_locals(bug), self._log_path)
        with self._door:
            self._ended = ended

    async def _live(self) -> None:
        from forge_tui.console.engine_room import EngineRoom  # noqa: PLC0415 - the engine's libraries, see above

        room = EngineRoom(self._settings, self._secret, self._db, self._clock, self._listeners, self._typed)
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
            asyncio.get_running_loop().call_later(self._settings.grace_s, lambda: room.stop(at_once=True))


def _innermost(bug: BaseException) -> BaseException:
    """The bug itself, out of the groups that task groups wrap it in."""
    while isinstance(bug, BaseExceptionGroup) and len(bug.exceptions) == 1:
        bug = bug.exceptions[0]
    return bug
