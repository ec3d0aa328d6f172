"""The engine's thread and its hub: commands go in by the loop's own door, one snapshot comes out by one attribute.

not started ──start──▶ running ──stop──▶ draining ──▶ ended;  any bug ──▶ crashed (told, never silent)
"""

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

from forge_tui.console.crash import without_locals
from forge_tui.console.engine_room import (
    EngineRoom,
    KeyOrder,
    LaunchOrder,
    Order,
    ResumeOrder,
    with_overrides,
)
from forge_tui.console.hub import EngineGone, Launch, Preview
from forge_tui.console.preview import previews
from forge_tui.console.rows import ChosenRows, StoreRows
from forge_tui.console.view import Crashed, EngineState, Starting, Stopped
from forge_tui.core.clock import Clock
from forge_tui.core.command import Command
from forge_tui.core.event import Event
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import one_line
from forge_tui.pipeline.export import export_job
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings
from forge_tui.storage.reader import Reader

PULSE_S = 0.1
LATENESS_KEPT = 100
# Python's default of 5 ms lets a busy screen hold the lock ten times as long as the engine's timers can bear.
SWITCH_INTERVAL_S = 0.0005

Listener = Callable[[Event], None]


class EngineThread:
    """The hub over a real session. `listeners` hear every event on the engine's thread (log and event file)."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret | None,
        db: Path,
        clock: Clock,
        *,
        listeners: Sequence[Listener] = (),
        log_path: str = "",
    ) -> None:
        self._settings = settings
        self._db = db
        self._clock = clock
        self._listeners = tuple(listeners)
        self._log_path = log_path
        self._ids = count(1)
        self._room = EngineRoom(self._open, settings, secret, db, clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._opened = threading.Event()
        self._ended: EngineState | None = None
        self._snapshot = Snapshot.empty()
        self._lateness: deque[float] = deque(maxlen=LATENESS_KEPT)
        self.rows = StoreRows(db)

    # -- read by the screen ---------------------------------------------------------------------------------------

    def state(self) -> EngineState:
        return self._ended or (self._room.state if self._loop else Starting())

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def setting(self, name: str) -> object:
        return getattr(self._room.settings, name)

    # -- asked by the screen --------------------------------------------------------------------------------------

    def start(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
        self._opened.wait()

    def next_command_id(self) -> int:
        return next(self._ids)

    def send(self, command: Command) -> None:
        self._call(lambda: self._room.submit(command))

    def launch(self, launch: Launch) -> int:
        return self._order(lambda command_id: LaunchOrder(command_id, launch))

    def resume_job(self, job_id: int) -> int:
        return self._order(lambda command_id: ResumeOrder(command_id, job_id))

    def use_key(self, key: str) -> int:
        secret = Secret(key)
        return self._order(lambda command_id: KeyOrder(command_id, secret))

    def preview(self, launch: Launch) -> Iterator[Preview]:
        settings = with_overrides(self._settings, launch)
        return previews(launch, settings, self._db, has_key=self._room.has_key, now=self._clock.wall())

    def export(self, job_id: int, folder: str, positions: Sequence[int] | None = None) -> str:
        reader = Reader(self._db) if positions is None else ChosenRows(self._db, positions)
        with closing(reader):
            export_job(reader, job_id, Path(folder), closed_at=self._clock.wall, csv_raw=self._settings.csv_raw)
        return folder

    def stop(self, *, at_once: bool = False) -> None:
        try:
            self._call(lambda: self._stop(at_once=at_once))
        except EngineGone:
            return

    def join(self, timeout_s: float | None = None) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _order(self, make: Callable[[int], Order]) -> int:
        command_id = self.next_command_id()
        self._call(lambda: self._room.put(make(command_id)))
        return command_id

    def _call(self, work: Callable[[], None]) -> None:
        try:
            if self._loop is None or self._ended is not None:
                raise EngineGone
            self._loop.call_soon_threadsafe(work)
        except RuntimeError as closed:
            raise EngineGone from closed

    # -- in the thread --------------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._live())
            self._ended = Stopped()
        except BaseException as bug:  # noqa: BLE001 - whatever kills the engine, the screen must tell
            bug = _innermost(bug)
            self._ended = Crashed(one_line(f"{type(bug).__name__}: {bug}", 200), without_locals(bug), self._log_path)
        finally:
            self._opened.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened.set()
        async with asyncio.TaskGroup() as tasks:
            pulse = tasks.create_task(self._pulse(), name="pulse")
            await self._room.live()
            pulse.cancel()
        self._snapshot = self._room.snapshot(self._lag_p99_ms())

    async def _open(self, settings: Settings, secret: Secret | None) -> Session:
        rng = random.Random(settings.seed)
        session = await Session.open(settings, secret, db=self._db, clock=self._clock, rng=rng)
        for listener in self._listeners:
            session.bus.subscribe(listener)
        return session

    async def _pulse(self) -> None:
        while True:
            self._snapshot = self._room.snapshot(self._lag_p99_ms())
            due = self._clock.monotonic() + PULSE_S
            await self._clock.sleep(PULSE_S)
            self._lateness.append(max(0.0, self._clock.monotonic() - due))

    def _lag_p99_ms(self) -> float:
        if not self._lateness:
            return 0.0
        ascending = sorted(self._lateness)
        return 1000.0 * ascending[min(len(ascending) - 1, int(0.99 * len(ascending)))]

    def _stop(self, *, at_once: bool) -> None:
        self._room.stop(at_once=at_once)
        if not at_once and self._loop is not None:
            self._loop.call_later(self._settings.grace_s, lambda: self._room.stop(at_once=True))


def _innermost(bug: BaseException) -> BaseException:
    """The bug itself, out of the groups that task groups wrap it in."""
    while isinstance(bug, BaseExceptionGroup) and len(bug.exceptions) == 1:
        bug = bug.exceptions[0]
    return bug
