"""The engine behind the hub: launches, refusals, resumes, previews and ends, with the real session."""

import json
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread

import pytest

from engine_thread_builders import PATIENCE_S, engine, tickets_file, until
from forge_tui.console.engine_orders import Wiring
from forge_tui.console.engine_thread import EngineThread
from forge_tui.console.hub import EngineGone, Launch
from forge_tui.console.view import Crashed, Live, Refused, Stopped
from forge_tui.core.clock import SystemClock
from forge_tui.core.command import Pause, Resume, Retry
from forge_tui.core.errors import InputRefused, SettingsRefused
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobState
from forge_tui.pipeline.session import Session
from forge_tui.settings import Settings


def ended(hub):
    return until(lambda: hub.snapshot().state in ENDED and hub.snapshot().exported_to and hub.snapshot())


def reply_to(hub, command_id):
    return until(lambda: next((reply for reply in hub.snapshot().replies if reply.command_id == command_id), None))


def test_a_launch_runs_to_its_end_and_leaves_results(tmp_path):
    with engine(tmp_path) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 30),)))
        job = ended(hub)
        assert (job.done, job.failed, job.total) == (30, 0, 30)
        assert len((tmp_path / "results" / "results.jsonl").read_text().splitlines()) == 30
        assert [record.job_id for record in hub.rows.jobs()] == [job.job_id]
    assert hub.state() == Stopped()


def test_whoever_asks_for_a_setting_before_the_engine_is_started_starts_it(tmp_path):
    """A key typed before the first frame opened the launch screen, which waited for an engine that nobody could start."""
    with engine(tmp_path, started=False, refresh_hz=3) as hub:
        asked = Future()
        Thread(target=lambda: asked.set_result(hub.setting("refresh_hz")), daemon=True).start()
        assert asked.result(PATIENCE_S) == 3


def test_two_launches_run_one_after_the_other(tmp_path):
    with engine(tmp_path) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 10, "a.txt"),)))
        hub.launch(Launch((tickets_file(tmp_path, 12, "b.txt"),)))
        until(lambda: [job.state in ENDED for job in hub.rows.jobs()] == [True, True])


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path):
    with engine(tmp_path) as hub:
        reply = reply_to(hub, hub.launch(Launch((str(tmp_path / "missing.csv"),))))
        assert not reply.accepted
        assert "missing.csv" in reply.message


def test_a_wrong_setting_is_refused_by_its_name(tmp_path):
    with engine(tmp_path) as hub:
        wrong = Launch((tickets_file(tmp_path, 3),), {"concurrency": 0})
        reply = reply_to(hub, hub.launch(wrong))
        assert not reply.accepted
        assert "concurrency" in reply.message
        with pytest.raises(SettingsRefused):
            list(hub.preview(wrong))


def test_other_settings_open_another_session(tmp_path):
    with engine(tmp_path) as hub:
        file = tickets_file(tmp_path, 10)
        hub.launch(Launch((file,), {"provider": "local"}))
        job = ended(hub)
        assert (job.provider, job.done) == ("local", 10)
        assert hub.setting("provider") == "local"


def test_pause_and_resume_are_answered_and_obeyed(tmp_path):
    with engine(tmp_path, "latency=0.05", concurrency=1) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 40),)))
        until(lambda: hub.snapshot().done)
        hub.send(Pause(hub.next_command_id()))
        until(lambda: hub.snapshot().state is JobState.PAUSED)
        hub.send(Resume(hub.next_command_id()))
        until(lambda: hub.snapshot().state is JobState.RUNNING)


def test_a_stop_in_the_middle_leaves_a_job_that_a_second_launch_goes_on_with(tmp_path):
    file = tickets_file(tmp_path, 200)
    with engine(tmp_path, "latency=0.02", concurrency=2) as hub:
        hub.launch(Launch((file,)))
        until(lambda: hub.snapshot().done > 3)
    stopped = hub.snapshot()
    assert stopped.state is JobState.READY
    assert stopped.in_flight == 0
    with engine(tmp_path) as hub:
        unfinished = list(hub.preview(Launch((file,))))[-1].unfinished
        assert unfinished.job_id == stopped.job_id
        hub.launch(Launch((file,)))
        job = ended(hub)
        assert (job.job_id, job.done, job.resumed) == (stopped.job_id, 200, True)


def test_a_stored_job_is_resumed_by_its_number(tmp_path):
    with engine(tmp_path, "latency=0.02", concurrency=2) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 60),)))
        until(lambda: hub.snapshot().done > 3)
    with engine(tmp_path) as hub:
        hub.resume_job(1)
        assert ended(hub).done == 60


def test_a_job_of_another_day_is_opened_as_it_stands_and_its_failures_are_asked_again(tmp_path):
    with engine(tmp_path, "latency=0.001,script=1-4:garbage", max_attempts=1, canary_requests=0) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 4),)))
        before = ended(hub)
        assert before.failed == 4
    with engine(tmp_path, "latency=0.001", typed=("sim",), provider="local") as hub:
        reply = reply_to(hub, hub.open_job(1))
        assert reply.accepted
        shown = hub.snapshot()
        assert (shown.state, shown.total, shown.failed) == (JobState.FINISHED_WITH_FAILURES, 4, 4)
        assert (shown.provider, shown.free, shown.exported_to) == ("simulated", True, before.exported_to)
        assert shown.elapsed_s == pytest.approx(hub.rows.job(1).finished_at - hub.rows.job(1).started_at)
        hub.send(Retry(hub.next_command_id(), tuple(hub.rows.failure_positions(1))))
        job = until(lambda: hub.snapshot().state is JobState.FINISHED and hub.snapshot())
        # It goes on under its own settings, not under those of this console: that is another session.
        assert (job.done, job.failed, job.provider) == (4, 0, "simulated")
        assert job.failures_version > shown.failures_version
        assert job.results_version > shown.results_version
        assert job.jobs_version > shown.jobs_version


def test_a_job_that_is_gone_on_with_keeps_its_budget_unless_another_was_typed(tmp_path):
    with engine(tmp_path, "latency=0.02", concurrency=2, max_cost=40.0) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 60),)))
        until(lambda: hub.snapshot().done > 3)
    with engine(tmp_path, "latency=0.02") as hub:
        hub.resume_job(1)
        assert ended(hub).max_cost == 40.0
        assert hub.setting("concurrency") == 2


def test_settings_that_were_typed_now_win_over_those_of_the_job(tmp_path):
    with engine(tmp_path, "latency=0.02", concurrency=2, max_cost=40.0) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 60),)))
        until(lambda: hub.snapshot().done > 3)
    with engine(tmp_path, "latency=0.002", typed=("max_cost", "sim"), max_cost=70.0) as hub:
        hub.resume_job(1)
        assert ended(hub).max_cost == 70.0


def test_while_a_job_runs_no_other_is_opened_or_cancelled(tmp_path):
    with engine(tmp_path, "latency=0.05", concurrency=1) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 40),)))
        until(lambda: hub.snapshot().done)
        for ask in (hub.open_job, hub.cancel_job):
            reply = reply_to(hub, ask(7))
            assert not reply.accepted
            assert "J-0007 can be opened once no job runs" in reply.message


def test_a_stored_job_is_cancelled_and_one_that_is_not_there_refused(tmp_path):
    with engine(tmp_path, "latency=0.02", concurrency=2) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 60),)))
        until(lambda: hub.snapshot().done > 3)
    with engine(tmp_path) as hub:
        assert reply_to(hub, hub.cancel_job(1)).accepted
        assert hub.rows.job(1).state is JobState.CANCELLED
        assert not reply_to(hub, hub.cancel_job(1)).accepted
        assert not reply_to(hub, hub.open_job(9)).accepted


def test_a_launch_without_the_key_it_needs_waits_for_one(tmp_path):
    with engine(tmp_path, provider="local", sim="") as hub:
        file = tickets_file(tmp_path, 5)
        paid = {"provider": "sarvam", "base_url": "http://127.0.0.1:9/v1"}
        reply = reply_to(hub, hub.launch(Launch((file,), paid)))
        assert not reply.accepted
        state = until(lambda: isinstance(hub.state(), Refused) and hub.state())
        assert state.code is Code.AUTH
        hub.use_key("sk_sim_ok")
        until(lambda: hub.snapshot().provider == "sarvam" and hub.snapshot().total == 5)


def test_a_launch_that_needs_no_key_goes_on_where_one_is_missing(tmp_path):
    with engine(tmp_path, provider="sarvam", sim="") as hub:
        until(lambda: isinstance(hub.state(), Refused))
        file = tickets_file(tmp_path, 5)
        assert not reply_to(hub, hub.launch(Launch((file,)))).accepted
        hub.launch(Launch((file,), {"provider": "local"}))
        assert ended(hub).provider == "local"


def test_failed_tickets_are_retried_after_the_job_has_ended(tmp_path):
    with engine(tmp_path, "latency=0.001,script=1-4:garbage", max_attempts=1, canary_requests=0) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 4),)))
        assert ended(hub).failed == 4
        command = Retry(hub.next_command_id(), tuple(hub.rows.failure_positions(1)))
        hub.send(command)
        assert reply_to(hub, command.command_id).accepted
        until(lambda: hub.snapshot().state is JobState.FINISHED)
        assert (hub.snapshot().done, hub.snapshot().failed) == (4, 0)


def test_the_preview_counts_what_a_launch_would_take_and_stores_nothing(tmp_path):
    with engine(tmp_path) as hub:
        last = list(hub.preview(Launch((tickets_file(tmp_path, 25),))))[-1]
        assert (last.complete, last.total, last.unique) == (True, 25, 25)
        assert hub.rows.jobs() == []
        with pytest.raises(InputRefused):
            list(hub.preview(Launch((str(tmp_path / "missing.csv"),))))


def test_a_locked_database_is_a_state_the_screen_can_show(tmp_path):
    with engine(tmp_path) as first:
        until(lambda: isinstance(first.state(), Live))
        with engine(tmp_path) as second:
            state = until(lambda: isinstance(second.state(), Refused) and second.state())
            assert state.code is Code.LOCKED
            reply = reply_to(second, second.launch(Launch((tickets_file(tmp_path, 1),))))
            assert not reply.accepted


def test_a_filter_is_exported_alone(tmp_path):
    with engine(tmp_path) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 10),)))
        ended(hub)
        hub.export(1, str(tmp_path / "chosen"), [2, 5])
        rows = [json.loads(row) for row in (tmp_path / "chosen" / "results.jsonl").read_text().splitlines()]
        assert [row["position"] for row in rows] == [2, 5]


def test_results_of_another_job_are_not_overwritten(tmp_path):
    with engine(tmp_path) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 3, "a.txt"),)))
        first = ended(hub)
        hub.launch(Launch((tickets_file(tmp_path, 5, "b.txt"),)))
        second = until(lambda: hub.snapshot().job_id == 2 and hub.snapshot().exported_to and hub.snapshot())
        assert first.exported_to != second.exported_to
        assert len((tmp_path / "results" / "results.jsonl").read_text().splitlines()) == 3


def test_after_the_end_nothing_can_be_asked(tmp_path):
    with engine(tmp_path) as hub:
        until(lambda: isinstance(hub.state(), Live))
    with pytest.raises(EngineGone):
        hub.send(Pause(hub.next_command_id()))


def test_a_bug_in_the_engine_is_told_without_values(tmp_path, monkeypatch):
    hub = EngineThread(lambda: Wiring(Settings(provider="local"), None, tmp_path / "forge.db"), SystemClock())
    secret = "sk_do_not_show"

    async def broken(*_, **__):
        hidden = secret
        raise KeyError(len(hidden))

    monkeypatch.setattr(Session, "open", broken)
    hub.start()
    state = until(lambda: isinstance(hub.state(), Crashed) and hub.state())
    assert "KeyError" in state.summary
    assert "broken" in state.traceback
    assert secret not in state.traceback


def test_the_snapshot_is_never_changed_after_it_was_handed_out(tmp_path):
    with engine(tmp_path) as hub:
        hub.launch(Launch((tickets_file(tmp_path, 30),)))
        seen = until(lambda: hub.snapshot().done and hub.snapshot())
        before = replace(seen)
        ended(hub)
        assert seen == before
