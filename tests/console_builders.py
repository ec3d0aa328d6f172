"""A hub that records, a clock that stands still, and the frozen snapshots of every state the console shows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from textual.worker import WorkerCancelled

from console_states import NOW, NOW_MONO, busy
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.hub import Launch, Preview
from forge_tui.console.view import EngineState, Live
from forge_tui.core.command import Command
from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState, Sending
from forge_tui.core.snapshot import CommandReply, Snapshot
from forge_tui.core.ticket import Complexity, Origin
from forge_tui.storage.rows import FailureRow


class StillClock:
    """Time that moves only when told."""

    def __init__(self, now: float = NOW_MONO, wall: float = NOW) -> None:
        self.now, self.at = now, wall

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.at

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("the screen sleeps by no clock")

    async def wait(self, event: Any, until: float | None) -> None:
        raise AssertionError("the screen waits by no clock")

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.at += seconds


class Rows:
    """A row source over lists; tests fill in what they need."""

    def __init__(self) -> None:
        self.job_list: list[JobRecord] = []
        self.failure_list: list[Any] = []
        self.result_list: list[Any] = []
        self.tickets: dict[int, Any] = {}
        self.attempt_lists: dict[int, list[Any]] = {}
        self.groups: list[Any] = []
        self.labels: Any = None
        self.figures: Any = None
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def jobs(self, limit: int = 200) -> list[JobRecord]:
        return self.job_list[:limit]

    def job(self, job_id: int) -> JobRecord:
        for record in self.job_list:
            if record.job_id == job_id:
                return record
        raise UnknownJob(f"no job {job_id}")

    def failure_positions(self, job_id: int, order: Any = None, limit: int = -1, **wanted: Any) -> list[int]:
        self.asked.append(("failure_positions", {"order": order} | wanted))
        return [row.position for row in self._failures(wanted)]

    def failures(self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Any) -> list[Any]:
        return [row for row in self._failures(wanted) if row.position > after][:limit]

    def _failures(self, wanted: dict[str, Any]) -> list[Any]:
        codes, without = wanted.get("codes") or (), wanted.get("exclude_codes") or ()
        positions, words = wanted.get("positions") or (), wanted.get("words", "").split()
        return [
            row
            for row in self.failure_list
            if (not codes or row.code in codes)
            and row.code not in without
            and (not positions or row.position in positions)
            and all(word.lower() in f"{row.text} {row.message}".lower() for word in words)
        ]

    def failure_codes(self, job_id: int, **wanted: Any) -> dict[Code, int]:
        return dict(Counter(row.code for row in self._failures(wanted)).most_common())

    def failure_groups(self, job_id: int, **wanted: Any) -> list[Any]:
        return self.groups

    def results(self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Any) -> list[Any]:
        return [row for row in self.result_list if row.position > after][:limit]

    def result_positions(self, job_id: int, order: Any = None, limit: int = -1, **wanted: Any) -> list[int]:
        self.asked.append(("result_positions", {"order": order} | wanted))
        return [row.position for row in self.result_list]

    def results_count(self, job_id: int, **wanted: Any) -> int:
        return len(self.result_list)

    def counts_by_label(self, job_id: int) -> Any:
        return self.labels

    def ticket(self, job_id: int, position: int) -> Any:
        return self.tickets[position]

    def attempts(self, job_id: int, position: int) -> list[Any]:
        return self.attempt_lists.get(position, [])

    def stats(self, job_id: int) -> Any:
        if self.figures is None:
            raise UnknownJob("no figures in this test")
        return self.figures


class RecordingHub:
    """A hub without an engine: keeps what was asked of it and shows the snapshot it was given."""

    def __init__(self, job: Snapshot | None = None, engine: EngineState | None = None) -> None:
        self.job = job or Snapshot.empty()
        self.engine: EngineState = engine or Live("provider sarvam, because a key is set")
        self.rows = Rows()
        self.commands: list[Command] = []
        self.launches: list[Launch] = []
        self.opened: list[int] = []
        self.resumed: list[int] = []
        self.cancelled: list[int] = []
        self.keys: list[str] = []
        self.exports: list[tuple[int, str, Sequence[int] | None]] = []
        self.previews: list[Preview] = []
        self.settings: dict[str, object] = {"keys": {}, "refresh_hz": 4.0}
        self.stopped: list[bool] = []
        self._ids = 0

    def start(self) -> None: ...

    def state(self) -> EngineState:
        return self.engine

    def snapshot(self) -> Snapshot:
        return self.job

    def next_command_id(self) -> int:
        self._ids += 1
        return self._ids

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def launch(self, launch: Launch) -> int:
        self.launches.append(launch)
        return self.next_command_id()

    def open_job(self, job_id: int) -> int:
        self.opened.append(job_id)
        return self.next_command_id()

    def cancel_job(self, job_id: int) -> int:
        self.cancelled.append(job_id)
        return self.next_command_id()

    def resume_job(self, job_id: int) -> int:
        self.resumed.append(job_id)
        return self.next_command_id()

    def use_key(self, key: str) -> int:
        self.keys.append(key)
        return self.next_command_id()

    def preview(self, launch: Launch) -> Iterator[Preview]:
        yield from self.previews

    def export(self, job_id: int, folder: str, positions: Sequence[int] | None = None) -> str:
        self.exports.append((job_id, folder, positions))
        return folder

    def setting(self, name: str) -> object:
        return self.settings.get(name)

    def stop(self, *, at_once: bool = False) -> None:
        self.stopped.append(at_once)

    def join(self, timeout_s: float | None = None) -> bool:
        return True

    def answer(self, message: str, *, accepted: bool = True) -> None:
        """Answer the last command as an engine would, in a later snapshot."""
        last = self.commands[-1]
        reply = CommandReply(last.command_id, type(last).__name__, accepted, message)
        self.job = replace(self.job, seq=self.job.seq + 1, replies=(*self.job.replies, reply))


def failure(
    position: int, complexity: Complexity | None, code: Code, tries: int, minutes: int, message: str
) -> FailureRow:
    """One row of the failures list."""
    return FailureRow(
        position=position,
        origin=Origin("tickets_5k.csv", position + 1),
        external_id=None,
        complexity=complexity,
        code=code,
        message=message,
        http_status=None,
        ticket_attempts=0 if code is Code.SERVER else tries,
        service_attempts=tries if code is Code.SERVER else 0,
        tokens=0,
        cost=0.0,
        leader=None,
        failed_at=NOW - 60 * minutes - 5,
        text=f"ticket {position}",
    )


_C, _M, _S = Complexity.COMPLEX, Complexity.MEDIUM, Complexity.SIMPLE
FAILURES = [
    failure(80, None, Code.INPUT, 0, 9, "line 81: no text"),
    failure(118, _C, Code.SERVER, 6, 8, "500 model_call_error"),
    failure(231, _M, Code.LENGTH, 2, 4, "answer cut at 2048"),
    failure(407, _C, Code.SCHEMA, 3, 8, 'category "refunds" is not one of the five'),
    failure(519, _M, Code.REQUEST, 1, 3, "400 body rejected"),
    failure(640, _M, Code.LENGTH, 2, 3, "answer cut at 2048"),
    failure(958, _C, Code.SERVER, 6, 7, "500 model_call_error"),
    failure(1211, _M, Code.SCHEMA, 3, 2, 'category "refunds" is not one of the five'),
    failure(1304, _C, Code.SCHEMA, 3, 7, 'category "refunds" is not one of the five'),
]
FAILURES += [failure(1400 + n, _M, Code.FILTER, 1, 1, "refused by the filter") for n in range(21)]


def job(job_id: int, file: str, state: JobState, done: int, total: int, **changes: Any) -> JobRecord:
    """One job of the store."""
    figures: dict[str, Any] = {
        "failed": 0,
        "took_s": 141.0,
        "cost": 0.0,
        "reason": "",
        "code": None,
        "requests": 0,
    } | changes
    failed = figures["failed"]
    settings = {"currency": "INR", "limits": {"slots": 4, "requests_per_min": 36}}
    spec = JobSpec((file,), "0" * 64, "body", "sarvam", "https://api.example/v1", "sarvam-105b", "v3", settings)
    counts = JobCounts(total=total, done=done, failed=failed, queued=total - done - failed)
    start = NOW - 86_400 + job_id
    return JobRecord(
        job_id=job_id,
        spec=spec,
        state=state,
        reason=figures["reason"],
        created_at=start,
        started_at=start,
        finished_at=start + figures["took_s"],
        hold_until=None,
        counts=counts,
        tokens=0,
        cost=figures["cost"],
        output=None,
        code=figures["code"],
        sending=Sending(figures["requests"], figures["took_s"] * bool(figures["requests"]), 3.0 * figures["requests"]),
    )


JOBS = [
    job(42, "tickets_5k.csv", JobState.RUNNING, 2416, 5003, failed=30, took_s=552, cost=24.0),
    job(41, "tickets_1k.csv", JobState.FINISHED_WITH_FAILURES, 998, 1000, failed=2, cost=8.02, requests=84),
    job(40, "backlog.jsonl", JobState.PAUSED, 612, 5100, reason="operator", cost=6.06),
    job(39, "emails.csv", JobState.HALTED, 38, 840, reason="key refused", code=Code.AUTH, cost=0.42),
    job(38, "demo.txt", JobState.FINISHED, 200, 200, took_s=9),
]


def console(hub: RecordingHub | None = None, *, clock: StillClock | None = None, **look: Any) -> ForgeApp:
    """A console that draws only when ticked."""
    return ForgeApp(hub or working_hub(), clock or StillClock(), Look(hz=0, **look))


def working_hub(snapshot: Snapshot | None = None, engine: EngineState | None = None) -> RecordingHub:
    """A hub with jobs and failures in its store."""
    hub = RecordingHub(busy() if snapshot is None else snapshot, engine)
    hub.rows.job_list = list(JOBS)
    hub.rows.failure_list = list(FAILURES)
    return hub


ROUNDS = 200


async def settle(pilot: Any) -> None:
    """Let workers come home and everything be drawn, until a round brings nothing new.

    Drawing a row asks for its page, a page moves the cursor, the cursor asks for the detail: how many rounds that
    takes depends on which of worker and message comes first.
    """
    quiet = 0
    for _ in range(ROUNDS):
        with suppress(WorkerCancelled):  # a newer question takes the place of an older one
            await pilot.app.workers.wait_for_complete()
        pilot.app.tick()
        await pilot.pause(0)  # every widget has handled its messages; a pause without 0 waits for an idle computer
        quiet = 0 if _at_work(pilot.app) else quiet + 1
        if quiet == 2:
            return
    raise AssertionError(f"the screen is still at work after {ROUNDS} rounds")


def _at_work(app: ForgeApp) -> bool:
    pumps = (app, app.screen, *app.screen.walk_children())
    return (
        any(not worker.is_finished for worker in app.workers)
        or bool(app.screen._dirty_widgets)
        or any(pump._message_queue.qsize() for pump in pumps)
    )
