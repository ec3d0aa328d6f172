"""A hub that records, a clock that stands still, and the frozen snapshots of every state the console shows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.hub import Launch, Preview
from forge_tui.console.view import EngineState, Live
from forge_tui.core.command import Command
from forge_tui.core.errors import UnknownJob
from forge_tui.core.job import JobRecord
from forge_tui.core.snapshot import CommandReply, Snapshot
from snapshot_builders import MID_RUN

NOW_MONO = MID_RUN.at_mono
NOW = MID_RUN.at


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
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def jobs(self, limit: int = 200) -> list[JobRecord]:
        return self.job_list[:limit]

    def job(self, job_id: int) -> JobRecord:
        for record in self.job_list:
            if record.job_id == job_id:
                return record
        raise UnknownJob(f"no job {job_id}")

    def failure_positions(self, job_id: int, **wanted: Any) -> list[int]:
        self.asked.append(("failure_positions", wanted))
        return [row.position for row in self._failures(wanted)]

    def failures(self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Any) -> list[Any]:
        return [row for row in self._failures(wanted) if row.position > after][:limit]

    def _failures(self, wanted: dict[str, Any]) -> list[Any]:
        codes, without = wanted.get("codes") or (), wanted.get("exclude_codes") or ()
        complexity, words = wanted.get("complexity"), wanted.get("words", "").split()
        return [
            row
            for row in self.failure_list
            if (not codes or row.code in codes)
            and row.code not in without
            and (complexity is None or row.complexity is complexity)
            and all(word.lower() in f"{row.text} {row.message}".lower() for word in words)
        ]

    def failure_groups(self, job_id: int) -> list[Any]:
        return self.groups

    def results(self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Any) -> list[Any]:
        return [row for row in self.result_list if row.position > after][:limit]

    def results_count(self, job_id: int, **wanted: Any) -> int:
        return len(self.result_list)

    def counts_by_label(self, job_id: int) -> Any:
        return self.labels

    def ticket(self, job_id: int, position: int) -> Any:
        return self.tickets[position]

    def attempts(self, job_id: int, position: int) -> list[Any]:
        return self.attempt_lists.get(position, [])

    def stats(self, job_id: int) -> Any:
        raise UnknownJob("no figures in this test")


class RecordingHub:
    """A hub without an engine: keeps what was asked of it and shows the snapshot it was given."""

    def __init__(self, job: Snapshot | None = None, engine: EngineState | None = None) -> None:
        self.job = job or Snapshot.empty()
        self.engine: EngineState = engine or Live("provider sarvam, because a key is set")
        self.rows = Rows()
        self.commands: list[Command] = []
        self.launches: list[Launch] = []
        self.resumed: list[int] = []
        self.keys: list[str] = []
        self.exports: list[tuple[int, str, Sequence[int] | None]] = []
        self.previews: list[Preview] = []
        self.settings: dict[str, object] = {}
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


def console(hub: RecordingHub | None = None, *, clock: StillClock | None = None, **look: Any) -> ForgeApp:
    """A console that draws only when ticked."""
    return ForgeApp(hub or RecordingHub(MID_RUN), clock or StillClock(), Look(hz=0, **look))
