"""Inside the engine's thread: one session at a time, opened for the settings wanted, and the jobs run in it in turn.

opening ──refused──▶ waiting for a key or other settings ──▶ opening
opening ──▶ live: run what is launched, resumed or retried; other settings ──▶ close ──▶ opening;  stop ──▶ drained
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from forge_tui.console.engine_orders import KeyOrder, LaunchOrder, Order, ResumeOrder, StopOrder, with_overrides
from forge_tui.console.exports import export, free_folder
from forge_tui.console.hub import Launch, refusal
from forge_tui.console.view import EngineState, Live, Refused, Starting
from forge_tui.core.clock import Clock
from forge_tui.core.command import Command, Drain, StopNow
from forge_tui.core.errors import ForgeError
from forge_tui.core.event import Event, JobExported, Notice
from forge_tui.core.job import ENDED, JobState, job_label
from forge_tui.core.snapshot import CommandReply, Snapshot
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings

REPLIES_KEPT = 16
NOBODY = 0  # the command id of what no operator asked for

Listener = Callable[[Event], None]


class EngineRoom:
    """Everything here happens on the loop of the engine's thread; `state` and `snapshot` are what the screen may read."""

    def __init__(
        self, settings: Settings, secret: Secret | None, db: Path, clock: Clock, listeners: Sequence[Listener]
    ) -> None:
        self._base = settings
        self.settings = settings
        self._secret = secret
        self._db = db
        self._clock = clock
        self._listeners = listeners
        self._session: Session | None = None
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._replies: deque[CommandReply] = deque(maxlen=REPLIES_KEPT)
        self._preparing: asyncio.Task[int] | None = None
        self._running = False
        self._halted: int | None = None
        self._stopping = False
        self.state: EngineState = Starting()
        self._last = Snapshot.empty()

    @property
    def has_key(self) -> bool:
        return self._secret is not None

    # -- what comes in --------------------------------------------------------------------------------------------

    def put(self, order: Order) -> None:
        """Take an order in; a launch while a job runs is told to wait its turn."""
        if isinstance(order, LaunchOrder | ResumeOrder) and (self._running or self._preparing is not None):
            self._tell(order.command_id, "starts when the job that runs has ended")
        self._orders.put_nowait(order)

    def submit(self, command: Command) -> None:
        """Hand a command to the session."""
        if self._session is None:
            self._tell(command.command_id, "the engine is not open", accepted=False)
        else:
            self._session.submit(command)

    def stop(self, *, at_once: bool) -> None:
        """End: drain what is in flight, or drop it; what is being loaded stays as far as it came."""
        self._stopping = True
        if self._preparing is not None:
            self._preparing.cancel()
        if self._session is not None and self._running:
            self._session.submit(StopNow(NOBODY) if at_once else Drain(NOBODY))
        self._orders.put_nowait(StopOrder())

    def snapshot(self, lag_p99_ms: float) -> Snapshot:
        """The newest picture, with the answers that came from here."""
        if self._session is not None:
            self._last = self._session.snapshot(engine_lag_p99_ms=lag_p99_ms)
        if not self._replies:
            return self._last
        return replace(self._last, replies=(*self._last.replies, *self._replies))

    # -- the life of the thread -------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Until stopped: open, serve, close; open again for other settings or another key."""
        while not self._stopping:
            self.state = Starting()
            try:
                self._session = await self._open()
            except ForgeError as error:
                await self._refused(error)
                continue
            endpoint = self._session.endpoint
            self.state = Live(endpoint.why, local=endpoint.provider == "local")
            try:
                await self._serve(self._session)
            finally:
                self._last = self._session.snapshot()
                session, self._session = self._session, None
                await session.close()

    async def _open(self) -> Session:
        rng = random.Random(self.settings.seed)
        session = await Session.open(self.settings, self._secret, db=self._db, clock=self._clock, rng=rng)
        for listener in self._listeners:
            session.bus.subscribe(listener)
        return session

    async def _refused(self, error: ForgeError) -> None:
        """Wait for an order that may cure it; back to the console's own settings if a launch's were the cause."""
        if self.settings != self._base:
            self.settings = self._base
            self._notice_later(refusal(error))
            return
        self.state = Refused(str(error), error.code)
        match await self._orders.get():
            case KeyOrder(command_id=command_id, secret=secret):
                self._secret = secret
                self._tell(command_id, "connecting with the key")
            case LaunchOrder(command_id=command_id) | ResumeOrder(command_id=command_id):
                self._tell(command_id, refusal(error), accepted=False)
            case StopOrder():
                pass

    async def _serve(self, session: Session) -> None:
        """Run what is wanted, until this session is no longer the right one."""
        retries = asyncio.create_task(self._take_retries(session), name="retries")
        try:
            while not self._stopping:
                if not await self._obey(session, await self._orders.get()):
                    return
        finally:
            retries.cancel()

    async def _take_retries(self, session: Session) -> None:
        """A retry or a resume after a job's end asks for another run of it."""
        while True:
            self._orders.put_nowait(ResumeOrder(NOBODY, await session.next_run()))

    async def _obey(self, session: Session, order: Order) -> bool:
        """Carry one order out; False when the session must be opened anew for it."""
        match order:
            case StopOrder():
                return True
            case KeyOrder(command_id=command_id, secret=secret):
                self._secret = secret
                self._tell(command_id, "connecting with the key")
                if self._halted is not None:
                    self._orders.put_nowait(ResumeOrder(NOBODY, self._halted))
                return False
            case ResumeOrder(command_id=command_id, job_id=job_id):
                await self._run(session, command_id, job_id)
                return True
            case LaunchOrder():
                return await self._launch(session, order)

    async def _launch(self, session: Session, order: LaunchOrder) -> bool:
        try:
            wanted = with_overrides(self._base, order.launch)
            if wanted != self.settings:
                self.settings = wanted
                self._orders.put_nowait(order)
                return False
            self._preparing = asyncio.create_task(self._prepare(session, order.launch), name="prepare")
            job_id = await self._preparing
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return True
        except ForgeError as error:
            self._tell(order.command_id, refusal(error), accepted=False)
            session.bus.publish(Notice(self._clock.wall(), NOBODY, "error", refusal(error)))
            return True
        finally:
            self._preparing = None
        await self._run(session, order.command_id, job_id)
        return True

    async def _prepare(self, session: Session, launch: Launch) -> int:
        inputs = await asyncio.to_thread(open_inputs, launch.files, self.settings)
        with inputs:
            return (await session.prepare(inputs, fresh=launch.fresh)).job_id

    async def _run(self, session: Session, command_id: int, job_id: int) -> None:
        self._tell(command_id, f"{job_label(job_id)} runs")
        self._running = True
        try:
            state = await session.run(job_id)
        except ForgeError as error:
            self._tell(command_id, refusal(error), accepted=False)
            return
        finally:
            self._running = False
        self._halted = job_id if state is JobState.HALTED else None
        if state in ENDED:
            await self._export(session, job_id)

    # -- after a job --------------------------------------------------------------------------------------------------

    async def _export(self, session: Session, job_id: int) -> None:
        """Write the results where a batch run would; never over another job's."""
        record = await session.store.job(job_id)
        try:
            folder = free_folder(self.settings, record)
            rows = await asyncio.to_thread(
                export, self._db, job_id, folder, wall=self._clock.wall, csv_raw=self.settings.csv_raw
            )
            await session.store.set_output(job_id, str(folder.absolute()))
            session.bus.publish(JobExported(self._clock.wall(), job_id, str(folder), rows))
        except ForgeError as error:
            session.bus.publish(Notice(self._clock.wall(), job_id, "error", refusal(error)))

    def _tell(self, command_id: int, message: str, *, accepted: bool = True) -> None:
        if command_id != NOBODY:
            self._replies.append(CommandReply(command_id, "Launch", accepted, message))

    def _notice_later(self, message: str) -> None:
        """Refuse the launch whose settings could not be opened; it stands first in line again."""
        waiting = [self._orders.get_nowait() for _ in range(self._orders.qsize())]
        for order in waiting:
            if isinstance(order, LaunchOrder):
                self._tell(order.command_id, message, accepted=False)
            else:
                self._orders.put_nowait(order)
