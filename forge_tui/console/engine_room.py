"""Inside the engine's thread: one session at a time, opened for the settings wanted, and the jobs run in it in turn.

opening ──refused──▶ waiting for a key or other settings ──▶ opening
opening ──▶ live: run what is launched, resumed or retried; other settings ──▶ close ──▶ opening;  stop ──▶ drained
"""

import asyncio
import random
from collections import deque
from dataclasses import replace

from forge_tui.console.engine_orders import (
    CancelOrder,
    KeyOrder,
    LaunchOrder,
    OpenOrder,
    Order,
    ResumeOrder,
    StopOrder,
    Wiring,
)
from forge_tui.console.exports import export, free_folder
from forge_tui.console.hub import Launch, refusal
from forge_tui.console.view import EngineState, Live, Refused, Starting
from forge_tui.core.clock import Clock
from forge_tui.core.command import Cancel, Command, Drain, StopNow
from forge_tui.core.errors import ForgeError, KeyMissing
from forge_tui.core.event import JobExported, Notice
from forge_tui.core.job import ENDED, JobState, job_label
from forge_tui.core.snapshot import CommandReply, Snapshot
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.pipeline.spec import settings_of
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings
from forge_tui.settings_sources import with_overrides

REPLIES_KEPT = 16
NOBODY = 0  # the command id of what no operator asked for


class EngineRoom:
    """Everything here happens on the loop of the engine's thread; `state` and `snapshot` are what the screen may read.

    `_next` is the order that a session is opened anew for; `_home` the job whose settings the session has.
    """

    def __init__(self, wiring: Wiring, clock: Clock) -> None:
        self._base = self.settings = wiring.settings
        self._secret: Secret | None = wiring.secret
        self._db = wiring.db
        self._clock = clock
        self._listeners = wiring.listeners
        self._typed = frozenset(wiring.typed)
        self._notice = wiring.notice
        self._session: Session | None = None
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._replies: deque[CommandReply] = deque(maxlen=REPLIES_KEPT)
        self._preparing: asyncio.Task[int] | None = None
        self._running = False
        self._halted: int | None = None
        self._next: Order | None = None
        self._home = NOBODY
        self._stopping = False
        self.state: EngineState = Starting()
        self._last = self._earlier = Snapshot.empty()

    @property
    def has_key(self) -> bool:
        return self._secret is not None

    # -- what comes in --------------------------------------------------------------------------------------------

    def put(self, order: Order) -> None:
        """Take an order in; while a job runs a launch is told to wait its turn, and a look at another job refused."""
        if self._running or self._preparing is not None:
            if isinstance(order, OpenOrder | CancelOrder):
                self._tell(order, f"{job_label(order.job_id)} can be opened once no job runs", accepted=False)
                return
            if isinstance(order, LaunchOrder | ResumeOrder):
                self._tell(order, "starts when the job that runs has ended")
        self._orders.put_nowait(order)

    def submit(self, command: Command) -> None:
        """Hand a command to the session."""
        if self._session is None:
            self._replies.append(CommandReply(command.command_id, "Launch", False, "the engine is not open"))
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
            self._last = self._session.snapshot(engine_lag_p99_ms=lag_p99_ms).counted_on(self._earlier)
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
                self._last = self._earlier = self._session.snapshot().counted_on(self._earlier)
                session, self._session = self._session, None
                await session.close()

    async def _open(self) -> Session:
        rng = random.Random(self.settings.seed)
        session = await Session.open(self.settings, self._secret, db=self._db, clock=self._clock, rng=rng)
        for listener in self._listeners:
            session.bus.subscribe(listener)
        if self._notice:
            session.bus.publish(Notice(self._clock.wall(), NOBODY, "warn", self._notice))
            self._notice = ""
        return session

    async def _refused(self, error: ForgeError) -> None:
        """Tell whoever asked for these settings; without a key wait for one, else go back to the console's own."""
        asked, self._next = self._next, None
        self._tell(asked, refusal(error), accepted=False)
        if self.settings != self._base and not isinstance(error, KeyMissing):
            self._change_to(self._base)
            return
        self.state = Refused(str(error), error.code, error)
        match await self._orders.get():
            case KeyOrder() as key:
                self._take(key)
                self._next = asked
            case LaunchOrder() as launch:
                # Other settings may be the cure; the same ones are not.
                before, self._next = self.settings, launch
                self._change_to(self._settings_for(launch))
                if self.settings == before:
                    self._next = None
                    self._tell(launch, refusal(error), accepted=False)
            case StopOrder():
                pass
            case order if self.settings != self._base:
                self._change_to(self._base)
                self._next = order
            case order:
                self._tell(order, refusal(error), accepted=False)

    async def _serve(self, session: Session) -> None:
        """Run what is wanted, until this session is no longer the right one."""
        retries = asyncio.create_task(self._take_retries(session), name="retries")
        try:
            while not self._stopping:
                order, self._next = self._next or await self._orders.get(), None
                if not await self._obey(session, order):
                    return
        finally:
            retries.cancel()

    async def _take_retries(self, session: Session) -> None:
        """A retry or a resume after a job's end asks for another run of it."""
        while True:
            self._orders.put_nowait(ResumeOrder(NOBODY, await session.next_run()))

    async def _obey(self, session: Session, order: Order) -> bool:
        """Carry one order out; False when the session must be opened anew for it."""
        try:
            match order:
                case StopOrder():
                    return True
                case KeyOrder():
                    self._take(order)
                    self._next = ResumeOrder(NOBODY, self._halted) if self._halted is not None else None
                    return False
                case OpenOrder(job_id=job_id):
                    await session.show(job_id)
                    self._tell(order, f"{job_label(job_id)} as it stands")
                case CancelOrder(command_id=command_id, job_id=job_id):
                    await session.show(job_id)
                    session.submit(Cancel(command_id))
                case ResumeOrder():
                    return await self._resume(session, order)
                case LaunchOrder():
                    return await self._launch(session, order)
        except ForgeError as error:
            self._tell(order, refusal(error), accepted=False)
            session.bus.publish(Notice(self._clock.wall(), NOBODY, "error", refusal(error)))
        return True

    def _take(self, order: KeyOrder) -> None:
        self._secret = order.secret
        self._tell(order, "connecting with the key")

    def _change_to(self, settings: Settings) -> None:
        """Other settings from the next opening on; the job that ran under the old ones is a stored one like any other."""
        self.settings, self._home = settings, NOBODY

    def _settings_for(self, launch: LaunchOrder) -> Settings:
        """What it chose over the console's own; where that cannot be, what is in force, and it is told."""
        try:
            return with_overrides(self._base, launch.launch.settings)
        except ForgeError as error:
            self._tell(launch, refusal(error), accepted=False)
            return self.settings

    async def _launch(self, session: Session, order: LaunchOrder) -> bool:
        wanted = with_overrides(self._base, order.launch.settings)
        if wanted != self.settings:
            self._change_to(wanted)
            self._next = order
            return False
        try:
            self._preparing = asyncio.create_task(self._prepare(session, order.launch), name="prepare")
            job_id = await self._preparing
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return True
        finally:
            self._preparing = None
        self._home = job_id
        await self._run(session, order, job_id)
        return True

    async def _prepare(self, session: Session, launch: Launch) -> int:
        inputs = await asyncio.to_thread(open_inputs, launch.files, self.settings)
        with inputs:
            return (await session.prepare(inputs, fresh=launch.fresh)).job_id

    async def _resume(self, session: Session, order: ResumeOrder) -> bool:
        """A job of another day is gone on with under its own settings, provider and budget above all."""
        if order.job_id != self._home:
            stored = settings_of(await session.store.job(order.job_id))
            own = {name: value for name, value in stored.items() if name not in self._typed}
            wanted = with_overrides(self._base, own)
            changed = wanted != self.settings
            self._change_to(wanted)
            self._home = order.job_id
            if changed:
                self._next = order
                return False
        await self._run(session, order, order.job_id)
        return True

    async def _run(self, session: Session, order: LaunchOrder | ResumeOrder, job_id: int) -> None:
        self._tell(order, f"{job_label(job_id)} runs")
        self._running = True
        try:
            state = await session.run(job_id)
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

    def _tell(self, order: Order | None, message: str, *, accepted: bool = True) -> None:
        command_id = getattr(order, "command_id", NOBODY)
        if command_id != NOBODY:
            self._replies.append(CommandReply(command_id, "Launch", accepted, message))
