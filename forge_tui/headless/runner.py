"""One job without a screen: plan, load, run, export; the first signal ends it in order, the second at once.

planning and loading ──signal──▶ left where it is;  running ──signal──▶ draining ──signal──▶ stopped now
running → finished | halted | paused → exported;  drained or stopped → not exported, resumable
"""

import asyncio
import signal
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from forge_tui.core.clock import Clock
from forge_tui.core.command import Drain, StopNow
from forge_tui.core.event import JobExported
from forge_tui.core.job import ENDED, JobRecord, JobSpec
from forge_tui.headless.progress import Progress
from forge_tui.headless.signals import Signals
from forge_tui.pipeline.export import Exported, export_job
from forge_tui.pipeline.ingest import Inputs
from forge_tui.pipeline.output_folder import check_folder
from forge_tui.pipeline.session import Session
from forge_tui.storage.reader import Reader


@dataclass(frozen=True, slots=True)
class Output:
    """Where the results of a run go, and how."""

    folder: Path
    force: bool = False
    csv_raw: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The run came to its own end, good or bad, and what there is was exported."""

    job: JobRecord
    exported: Exported


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A signal ended it; `job` is None when nothing had been stored yet."""

    job: JobRecord | None
    by: signal.Signals


@dataclass(frozen=True, slots=True)
class FromFiles:
    """Run these files: go on with the unfinished job of their content, unless `fresh`."""

    inputs: Inputs
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Go on with a job of the store; the failed tickets at `retry` are queued again first."""

    job_id: int
    retry: tuple[int, ...] = ()


Work = FromFiles | Stored


class Runner:
    """Takes `work` through `session`; `db` is the file that the session owns, read again for the export."""

    def __init__(
        self, session: Session, work: Work, db: Path, output: Output, progress: Progress, clock: Clock
    ) -> None:
        self._session = session
        self._work = work
        self._db = db
        self._output = output
        self._progress = progress
        self._clock = clock
        self._command_ids = count(1)
        self._job_id: int | None = None
        self._loading: asyncio.Task[int] | None = None

    async def run(self) -> Ended | Interrupted:
        """Raises OutputRefused before anything is stored or sent when the output folder is not this job's to write to."""
        with Signals(self._end, self._end_now) as signals:
            self._loading = asyncio.create_task(self._load(), name="load")
            try:
                job_id = await self._loading
            except asyncio.CancelledError:
                if signals.first is None:
                    raise
                return Interrupted(await self._job(), signals.first)
            self._loading = None
            store = self._session.store
            await self._watched(job_id, signals)
            if signals.first is not None:
                return Interrupted(await store.job(job_id), signals.first)
            exported = await self._export(job_id)
            return Ended(await store.job(job_id), exported)

    def _end(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        else:
            self._session.submit(Drain(next(self._command_ids)))

    def _end_now(self) -> None:
        if self._loading is None:
            self._session.submit(StopNow(next(self._command_ids)))

    async def _load(self) -> int:
        match self._work:
            case FromFiles(inputs=inputs, fresh=fresh):
                self._check_folder(self._session.spec(inputs))
                self._job_id = (await self._session.prepare(inputs, fresh=fresh)).job_id
            case Stored(job_id=job_id, retry=positions):
                self._job_id = job_id
                self._check_folder((await self._session.store.head(job_id)).spec)
                if positions:
                    await self._session.retry(job_id, positions)
        return self._job_id

    def _check_folder(self, spec: JobSpec) -> None:
        check_folder(self._output.folder, spec, force=self._output.force)

    async def _watched(self, job_id: int, signals: Signals) -> None:
        ended = (await self._session.store.head(job_id)).state in ENDED
        if ended or signals.first is not None:
            return
        drawing = asyncio.create_task(self._progress.run(), name="progress")
        try:
            await self._session.run(job_id)
        finally:
            drawing.cancel()
            self._progress.last()

    async def _job(self) -> JobRecord | None:
        return None if self._job_id is None else await self._session.store.job(self._job_id)

    async def _export(self, job_id: int) -> Exported:
        exported = await asyncio.to_thread(self._write, job_id)
        await self._session.store.set_output(job_id, str(self._output.folder.absolute()))
        self._session.bus.publish(
            JobExported(self._clock.wall(), job_id, str(self._output.folder), exported.results + exported.failures)
        )
        return exported

    def _write(self, job_id: int) -> Exported:
        reader = Reader(self._db)
        try:
            return export_job(
                reader,
                job_id,
                self._output.folder,
                closed_at=self._clock.wall,
                csv_raw=self._output.csv_raw,
            )
        finally:
            reader.close()
