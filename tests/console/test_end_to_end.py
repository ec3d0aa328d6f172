"""The real engine under the real console: what is launched, fails and is retried on screen is done on disk."""

import asyncio

from textual.widgets import Input

from engine_thread_builders import PATIENCE_S, engine, tickets_file
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.hub import Launch
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.core.clock import SystemClock
from forge_tui.core.job import JobState


async def shown(pilot, true):
    """Tick until it is so; the engine needs real time."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            pilot.app.tick()
            await pilot.pause(0.02)


async def test_launch_fail_retry_and_all_are_done(tmp_path):
    with engine(
        tmp_path, started=False, sim="latency=0.002,script=1-6:garbage", max_attempts=1, canary_requests=0
    ) as hub:
        app = ForgeApp(hub, SystemClock(), Look(hz=0))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("n")
            await shown(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.query("#path"))
            app.screen.query_one("#path", Input).value = tickets_file(tmp_path, 40)
            await pilot.press("enter")
            await shown(pilot, lambda: app.screen.preview is not None and app.screen.preview.complete)
            assert app.screen.preview.unique == 40
            await pilot.press("enter")
            await shown(pilot, lambda: app.view.job.state is JobState.FINISHED_WITH_FAILURES)
            assert len(hub.rows.failure_positions(app.view.job.job_id)) == app.view.job.failed == 6
            await shown(pilot, lambda: len(app.screen.query_one(FailureList).list.ids) == 6)
            await pilot.press("a", "r")
            await shown(pilot, lambda: app.view.job.state is JobState.FINISHED)
            assert (app.view.job.done, app.view.job.failed) == (40, 0)
            words = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            assert "done 40" in words
            assert "DONE" in words
        assert hub.rows.failure_positions(1) == []


async def test_the_console_over_a_job_that_another_run_left(tmp_path):
    file = tickets_file(tmp_path, 300)
    with engine(tmp_path, started=False, sim="latency=0.02", concurrency=2) as hub:
        app = ForgeApp(hub, SystemClock(), Look(hz=0), first=Launch((file,)))
        async with app.run_test(size=(140, 40)) as pilot:
            await shown(pilot, lambda: app.view.job.done > 5)
            await pilot.press("d")
            await shown(pilot, lambda: app.view.job.state is JobState.READY)
            await pilot.press("p")
            await shown(pilot, lambda: app.view.job.state is JobState.RUNNING)
            await shown(pilot, lambda: app.view.jobs)
            assert app.view.jobs[0].label == "J-0001"
