"""A job without a screen: from its preview to its files, and what a signal leaves behind at every stage."""

import io
import json
import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from forge_tui.core.errors import OutputRefused
from forge_tui.core.event import BatchSettled, Event, JobExported, JobOpened, JobPlanned, JobStateChanged
from forge_tui.core.job import JobState
from forge_tui.headless.progress import Progress
from forge_tui.headless.runner import Ended, FromFiles, Interrupted, Output, Runner
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.storage.reader import Reader
from session_builders import World, in_a_world, texts


@dataclass
class Scene:
    """A run of `rows` in its own folder; `interrupt` looks at every event and may name a signal to send."""

    folder: Path
    rows: int = 40
    interrupt: Callable[[Event], signal.Signals | None] = lambda _event: None
    force: bool = False

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def play(self, **settings) -> tuple[Ended | Interrupted, list[Event]]:
        (self.folder / "tickets.txt").write_text("\n".join(texts(self.rows)))
        return in_a_world(self._story, db=self.folder / "forge.db", **settings)

    async def _story(self, world: World) -> tuple[Ended | Interrupted, list[Event]]:
        world.session.bus.subscribe(self._send_signal)
        progress = Progress(io.StringIO(), world.session.snapshot, world.clock, 0.25)
        with open_inputs([str(self.folder / "tickets.txt")], world.settings) as inputs:
            output = Output(self.out, self.force)
            runner = Runner(world.session, FromFiles(inputs), self.folder / "forge.db", output, progress, world.clock)
            return await runner.run(), world.events

    def _send_signal(self, event: Event) -> None:
        number = self.interrupt(event)
        if number is not None:
            os.kill(os.getpid(), number)


def at_the(count: int, kind: type[Event], number: signal.Signals) -> Callable[[Event], signal.Signals | None]:
    seen: list[Event] = []

    def interrupt(event: Event) -> signal.Signals | None:
        seen.extend([event] if isinstance(event, kind) else [])
        return number if len(seen) == count and event is seen[-1] else None

    return interrupt


def test_a_run_ends_with_its_files_written(tmp_path: Path):
    ended, _ = Scene(tmp_path).play()
    assert isinstance(ended, Ended)
    assert (ended.job.state, ended.job.counts.done) == (JobState.FINISHED, 40)
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 40
    assert ended.job.output == str(tmp_path / "out")


def test_the_preview_comes_before_anything_is_sent_and_the_files_last(tmp_path: Path):
    """D17: what the preview promised is an event like all others, and stays readable."""
    _, events = Scene(tmp_path).play()
    assert isinstance(events[1], JobPlanned)
    assert (events[1].job_id, events[1].total, events[1].unique) == (1, 40, 40)
    assert isinstance(events[2], JobOpened)
    assert events[-1] == JobExported(events[-1].at, 1, str(tmp_path / "out"), 40)


def test_the_report_keeps_what_the_preview_estimated(tmp_path: Path):
    _, events = Scene(tmp_path).play()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    (planned,) = (event for event in events if isinstance(event, JobPlanned))
    assert report["estimated_seconds"] == planned.estimated_seconds > 0
    assert report["stats"]["duration_seconds"] == pytest.approx(events[-1].at - events[0].at, abs=0.01)


def test_the_first_signal_drains_and_nothing_is_asked_again(tmp_path: Path):
    """D13: a stopped job goes on where it was."""
    stopped, before = Scene(tmp_path, interrupt=at_the(10, BatchSettled, signal.SIGTERM)).play()
    assert isinstance(stopped, Interrupted)
    assert (stopped.by, stopped.job.state) == (signal.SIGTERM, JobState.READY)
    assert not (tmp_path / "out").exists()
    ended, after = Scene(tmp_path).play()
    asked = sum(isinstance(event, BatchSettled) for event in (*before, *after))
    assert (ended.job.job_id, ended.job.counts.done, asked) == (stopped.job.job_id, 40, 40)


def test_the_second_signal_stops_at_once(tmp_path: Path):
    first = at_the(10, BatchSettled, signal.SIGINT)
    second = at_the(11, BatchSettled, signal.SIGINT)
    scene = Scene(tmp_path, interrupt=lambda event: first(event) or second(event))
    stopped, events = scene.play()
    settled = sum(isinstance(event, BatchSettled) and event.done for event in events)
    assert (stopped.job.state, stopped.job.counts.done) == (JobState.READY, settled)
    assert settled < 10 + 10


def test_a_signal_while_loading_leaves_a_job_that_can_be_loaded(tmp_path: Path):
    loading = Scene(tmp_path, interrupt=at_the(1, JobStateChanged, signal.SIGHUP))
    stopped, events = loading.play()
    assert isinstance(stopped, Interrupted)
    assert not any(isinstance(event, JobOpened) for event in events)
    ended, _ = Scene(tmp_path).play()
    assert (ended.job.state, ended.job.counts.total) == (JobState.FINISHED, 40)


@pytest.mark.parametrize("kind", [JobPlanned, JobOpened])
def test_a_signal_between_loading_and_the_first_request_is_not_lost(tmp_path: Path, kind: type[Event]):
    stopped, events = Scene(tmp_path, interrupt=at_the(1, kind, signal.SIGTERM)).play()
    assert isinstance(stopped, Interrupted)
    assert (stopped.by, stopped.job.counts.done) == (signal.SIGTERM, 0)
    assert [event for event in events if isinstance(event, BatchSettled)] == []
    ended, _ = Scene(tmp_path).play()
    assert (ended.job.state, ended.job.counts.done) == (JobState.FINISHED, 40)


def test_a_signal_while_rows_are_stored_leaves_a_job_that_the_same_files_go_on_with(tmp_path: Path):
    stopped, _ = Scene(tmp_path, interrupt=at_the(1, JobStateChanged, signal.SIGINT)).play()
    assert isinstance(stopped, Interrupted)
    ended, _ = Scene(tmp_path).play()
    assert (ended.job.job_id, ended.job.state, ended.job.counts.total) == (1, JobState.FINISHED, 40)


def test_another_jobs_folder_is_refused_before_anything_is_stored(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text('{"job_id": "J-0009", "created_at": 1.0}')
    with pytest.raises(OutputRefused, match="holds the results of J-0009"):
        Scene(tmp_path).play()
    with closing(Reader(tmp_path / "forge.db")) as reader:
        assert reader.jobs() == []
    forced, _ = Scene(tmp_path, force=True).play()
    assert isinstance(forced, Ended)


def test_a_halted_job_is_exported_as_far_as_it_came(tmp_path: Path):
    ended, _ = Scene(tmp_path).play(sim="script=6-:revoked")
    assert (ended.job.state, ended.job.counts.open > 0) == (JobState.HALTED, True)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["status"], report["incomplete_reason"]) == ("halted", "halted:E-AUTH")
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == ended.job.counts.done


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({"requests_per_min": 30, "sim": "latency=0.2"}, "requests/min"),
        ({"concurrency": 2, "requests_per_min": 0, "sim": "latency=0.5"}, "slots x latency"),
        ({"provider": "local"}, "this computer"),
    ],
)
def test_the_report_names_the_limit_that_bound_the_job_and_how_much_of_it_was_used(tmp_path: Path, settings, limit):
    Scene(tmp_path, rows=200).play(**settings)
    bound = json.loads((tmp_path / "out" / "report.json").read_text())["bound_by"]
    assert bound["limit"] == limit
    assert bound["used"] is None if limit == "this computer" else bound["used"] > 0.9
