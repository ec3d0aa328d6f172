"""The session: one owner of the database that plans, loads and runs jobs one after another, for either face."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from forge_tui.core.clock import Clock
from forge_tui.core.command import Command
from forge_tui.core.errors import InputRefused
from forge_tui.core.event import JobStateChanged, Notice
from forge_tui.core.job import JobRecord, JobSpec, JobState, job_label
from forge_tui.core.snapshot import Snapshot
from forge_tui.pipeline.assembly import intake_for, planner_for, run_rules, stages_for
from forge_tui.pipeline.audit import Audit
from forge_tui.pipeline.engine import Engine
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.ingest import Inputs
from forge_tui.pipeline.load import Loader
from forge_tui.pipeline.opening import as_stored, opened
from forge_tui.pipeline.plan import Plan
from forge_tui.pipeline.recorder import Recorder
from forge_tui.pipeline.spec import spec_of, under
from forge_tui.pipeline.stages import Ending, Stages
from forge_tui.pipeline.steering import QueuedAgain, Running, Steering
from forge_tui.provider.connect import Transport, connect
from forge_tui.provider.presets import is_free, resolve
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings
from forge_tui.storage.database import Database
from forge_tui.storage.job_store import JobStore
from forge_tui.storage.rows import JobHead, OpeningFigures
from forge_tui.telemetry.bus import EventBus
from forge_tui.telemetry.fold import Accumulator
from forge_tui.telemetry.live import LiveViews

LONGEST_HOLD_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job whose rows are stored.

    `resumed` says that an earlier run began it; `plan` is about the rows that were stored now, None where all were
    there already.
    """

    job_id: int
    resumed: bool
    plan: Plan | None


class Session:
    """Owns the database, the endpoint's gates and the events; everything happens on the loop that opened it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        secret: Secret | None,
        clock: Clock,
        rng: random.Random,
        transport: Transport | None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self.endpoint = resolve(settings, has_key=secret is not None)
        self._provider = connect(settings, self.endpoint, secret, clock=clock, transport=transport)
        self._gates = Gates(settings, self.endpoint, _child(rng, "gates"))
        self.store = JobStore(database)
        self.bus = EventBus(
            Accumulator(
                ewma_alpha=settings.ewma_alpha,
                default_latency_s=settings.default_latency_s,
                eta_after_tickets=settings.eta_after_tickets,
            )
        )
        self._stages: Stages | None = None
        self._free = self.endpoint.is_free  # of the job that is seen
        self._steering = Steering(
            self.store, self._gates, self.bus, clock, max_cost=settings.max_cost, cache_ttl_s=self._ttl_s
        )
        self._obeying = asyncio.create_task(self._steering.obey_for_ever(), name="steering")

    @classmethod
    async def open(
        cls,
        settings: Settings,
        secret: Secret | None,
        *,
        db: Path | None,
        clock: Clock,
        rng: random.Random,
        transport: Transport | None = None,
    ) -> "Session":
        """Take the database at `db` (None: in memory) and connect to the endpoint that `settings` name.

        Raises DatabaseLocked, DatabaseRefused, DatabaseFault, SettingsRefused, KeyRefused.
        """
        database = await Database.open(db, clock=clock)
        try:
            await JobStore(database).end_cancelled(clock.wall())
            return cls(database, settings, secret, clock, rng, transport)
        except BaseException:
            await database.close()
            raise

    async def close(self) -> None:
        """Close provider and database; what was acknowledged is on disk already."""
        self._obeying.cancel()
        try:
            await self._provider.aclose()
        finally:
            await self._database.close()

    # -- before a run -----------------------------------------------------------------------------------------

    def spec(self, inputs: Inputs) -> JobSpec:
        """The job that `inputs` are here."""
        return spec_of(inputs, self._settings, self.endpoint)

    async def prepare(self, inputs: Inputs, *, fresh: bool = False) -> Prepared:
        """Store the rows of `inputs` as a job, or go on with the unfinished one of the same content unless `fresh`.

        What a new job will send, cost and take is told as an event before anything is sent. Raises InputRefused when a
        file cannot be read to its end; the job is then refused, and what was read of it is not sent.
        """
        spec = self.spec(inputs)
        known = None if fresh else await self.store.unfinished_job(spec)
        aside = None if fresh or known else await self.store.set_aside(spec)
        job_id = known or await self.store.create_job(spec, self._clock.wall())
        if aside is not None:
            self._say_set_aside(*aside, instead=job_id)
        plan = None
        if (await self.store.head(job_id)).state is JobState.LOADING:
            self.bus.publish(JobStateChanged(self._clock.wall(), job_id, JobState.LOADING))
            plan = await self._loaded(job_id, inputs)
            self.bus.publish(plan.as_event(self._clock.wall(), job_id))
        return Prepared(job_id, known is not None, plan)

    def _say_set_aside(self, job_id: int, state: JobState, *, instead: int) -> None:
        """The operator's word about that job stands, but its open tickets may be paid for in this one."""
        name = job_label(job_id)
        text = f"{name} of the same content was cancelled and stays so: {job_label(instead)} begins anew"
        if state is JobState.PAUSED:
            text = f"{name} of the same content stays paused by its operator, --resume {name} goes on with it:"
            text += f" {job_label(instead)} begins anew"
        self.bus.publish(Notice(self._clock.wall(), instead, "warn", text))

    async def _loaded(self, job_id: int, inputs: Inputs) -> Plan:
        try:
            return await self._load(job_id, inputs)
        except InputRefused as refusal:
            now, reason = self._clock.wall(), str(refusal)
            await self.store.refuse(job_id, reason, refusal.code, now)
            self.bus.publish(JobStateChanged(now, job_id, JobState.REFUSED, reason, refusal.code))
            raise

    async def _load(self, job_id: int, inputs: Inputs) -> Plan:
        intake, planner = intake_for(self._settings, self.endpoint), planner_for(self._settings, self.endpoint)
        loader = Loader(self.store, intake, planner, self._ttl_s, self._clock)
        return await loader.load(job_id, inputs.rows(await self.store.loaded_rows(job_id)))

    @property
    def _ttl_s(self) -> float | None:
        return self._settings.cache_ttl_s if self._settings.use_cache else None

    # -- a run ------------------------------------------------------------------------------------------------

    async def run(self, job_id: int) -> JobState:
        """Run the job until it ends, stops or must stop; answers the state it is left in."""
        with self._steering.assembling():
            record = await self.store.head(job_id)
            self._steering.job_id = job_id
            self._free = self.endpoint.is_free
            resumed = record.started_at is not None
            if resumed:
                await self.store.go_on_under(job_id, under(record.spec, self._settings, self.endpoint))
            if self._ttl_s is not None and (resumed or await self.store.learned_since(record.created_at)):
                await self.store.refresh_from_cache(job_id, self._clock.wall(), self._ttl_s)
            recorder = Recorder(job_id, self.store, self._gates, self.bus, self._clock)
            opening = await self.store.opening(job_id)
            self._stages = await self._assemble(job_id, opening, recorder)
            engine = Engine(
                job_id,
                self._stages,
                run_rules(self._settings, self.endpoint),
                self._clock,
                first_batch=opening.last_batch,
            )
            self.bus.publish(
                opened(
                    record,
                    opening,
                    self.endpoint,
                    at=self._clock.wall(),
                    max_cost=self._steering.max_cost,
                    resumed=resumed,
                )
            )
            await recorder.state(JobState.RUNNING, hold_until=self._go_on_holding(record))
            self._steering.begin(Running(engine, self._stages))
        try:
            ending = await engine.run()
        finally:
            self._steering.running = None
        return await self._end(job_id, recorder, ending)

    async def show(self, job_id: int) -> JobRecord:
        """Make a job of the store the one that is seen, as it stands: retry, resume and cancel are about it then.

        Call it while nothing runs. Raises UnknownJob.
        """
        record = await self.store.job(job_id)
        self._steering.job_id = job_id
        spec = record.spec
        self._free = is_free(spec.provider, spec.base_url, priced="currency" in spec.settings)
        for event in as_stored(record, await self.store.opening(job_id), self.endpoint, at=self._clock.wall()):
            self.bus.publish(event)
        return record

    def _go_on_holding(self, record: JobHead) -> float | None:
        """Until when this endpoint told an earlier run of the job to wait; further away than a day the clock jumped."""
        now, until = self._clock.wall(), record.hold_until
        same = (record.spec.provider, record.spec.base_url) == (self.endpoint.provider, self.endpoint.base_url)
        if until is None or not same or not now < until <= now + LONGEST_HOLD_S:
            return None
        if self._gates.long_hold_s(self._clock.monotonic()) is None:
            self._gates.go_on_holding(self._clock.monotonic(), until - now)
        return until

    def submit(self, command: Command) -> None:
        """Obey `command` as soon as the loop turns; its answer is an event. Call it on the session's own loop."""
        self._steering.submit(command)

    async def retry(self, job_id: int, positions: tuple[int, ...]) -> QueuedAgain:
        """Queue these failed or cancelled tickets of the job again, counters at zero, before a run of it."""
        return await self._steering.queue_again(job_id, positions)

    async def next_run(self) -> int:
        """The next job that a command asked to run, once there is one."""
        return await self._steering.runs_wanted.get()

    async def _assemble(self, job_id: int, opening: OpeningFigures, recorder: Recorder) -> Stages:
        proven = opening.tokens > 0 and any(opening.done.values())
        stages = stages_for(
            job_id,
            self._settings,
            self.endpoint,
            self._provider,
            self._gates,
            self.store,
            recorder,
            lambda: self.bus.accumulator.queued,
            Audit(self._settings.audit_share, job_id, opening.agreement),
            self._clock,
            _child(self._rng, "settle"),
            proven=proven,
        )
        canary = self._settings.canary_requests or None
        unproven = not proven and self.endpoint.provider != "local"
        self._gates.begin_job(self._steering.max_cost, opening.cost, canary if unproven else None)
        now_wall, now = self._clock.wall(), self._clock.monotonic()
        for due, ticket in await self.store.waiting(job_id, now_wall):
            stages.window.hold(ticket)
            stages.queue.postpone(ticket, now + max(0.0, due - now_wall))
        await self._go_on_auditing(job_id, opening, stages)
        return stages

    async def _go_on_auditing(self, job_id: int, opening: OpeningFigures, stages: Stages) -> None:
        """What earlier runs of the job found holds, and what they left to ask again is asked."""
        if not self._settings.audit_share:
            return
        for complexity in opening.agreement:
            if reason := stages.audit.too_low(complexity):
                stages.sizes.ride_alone(complexity, reason)
        stages.queue.add(await self.store.unchecked(job_id, stages.audit.chosen))

    async def _end(self, job_id: int, recorder: Recorder, ending: Ending) -> JobState:
        if ending.state is JobState.CANCELLED:
            await recorder.stored(lambda: self._steering.cancel_rest(job_id))
        elif ending.state is JobState.FINISHED:
            state = await recorder.stored(lambda: self.store.finish(job_id, self._clock.wall()))
            self.bus.publish(JobStateChanged(self._clock.wall(), job_id, state))
            return state
        else:
            left_s = self._gates.long_hold_s(self._clock.monotonic())
            hold_until = None if left_s is None else self._clock.wall() + left_s
            await recorder.state(ending.state, ending.reason, ending.code, hold_until, ending.why)
        return ending.state

    # -- what a face sees -------------------------------------------------------------------------------------

    def snapshot(self, *, engine_lag_p99_ms: float = 0.0) -> Snapshot:
        """The picture of this moment."""
        now = self._clock.monotonic()
        live = LiveViews(
            breaker=self._gates.breaker.view(now),
            limits=self._gates.limits_view(now),
            batches=self._stages.sizes.views if self._stages else (),
            canary=self._gates.canary is not None,
            free=self._free,
            engine_lag_p99_ms=engine_lag_p99_ms,
        )
        return self.bus.accumulator.freeze(live, self._clock.wall(), now)


def _child(rng: random.Random, component: str) -> random.Random:
    return random.Random(f"{rng.getrandbits(64)}:{component}")
