"""The start page: in the dashboard's place until there is a job."""

import asyncio

import console_states as states
from console_builders import RecordingHub, console, settle, working_hub
from forge_tui.console.app import ForgeApp
from forge_tui.console.desk import Look
from forge_tui.console.view import Live, Refused, Starting
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused
from forge_tui.core.snapshot import Snapshot


async def test_the_dashboard_takes_its_place_with_the_first_job():
    hub = RecordingHub(Snapshot.empty())
    async with console(hub).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert pilot.app.current_mode == "start"
        hub.job = states.busy()
        await settle(pilot)
        assert pilot.app.current_mode == "dashboard"
        await pilot.press("3", "1")
        await settle(pilot)
        assert pilot.app.current_mode == "dashboard"


async def test_key_1_comes_back_to_it_while_there_is_no_job():
    async with console(RecordingHub(Snapshot.empty())).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("2")
        assert pilot.app.current_mode == "jobs"
        await pilot.press("1")
        assert pilot.app.current_mode == "start"


async def test_a_dialog_over_it_is_not_torn_away_by_a_job_that_begins():
    hub = RecordingHub(Snapshot.empty())
    async with console(hub).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        hub.job = states.busy()
        await settle(pilot)
        assert pilot.app.current_mode == "start"
        await pilot.press("escape")
        await settle(pilot)
        assert pilot.app.current_mode == "dashboard"


async def test_pace_and_keys_are_the_settings_once_they_are_known():
    hub = working_hub(Snapshot.empty(), Starting())
    hub.settings |= {"refresh_hz": 2.0, "keys": {"job.new": "N"}}
    app = ForgeApp(hub, SystemClock(), Look(hz=None))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.pace.wanted_hz == 4.0
        hub.engine = Live()
        await settle(pilot)
        assert app.pace.wanted_hz == 2.0
        await pilot.press("N")
        assert type(app.screen).__name__ == "LaunchScreen"


async def test_settings_that_are_refused_end_it():
    fault = SettingsRefused("--concurrency: a whole number")
    hub = RecordingHub(Snapshot.empty(), Refused(str(fault), fault.code, fault, final=True))
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
    assert app.return_value is not None


async def test_the_other_screens_are_laid_out_before_they_are_gone_to():
    app = ForgeApp(working_hub(Snapshot.empty()), SystemClock(), Look(hz=4))
    async with app.run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(20):
            while set(app._screen_stacks) != set(app.MODES):
                await pilot.pause(0.02)
        assert app.current_mode == "start"


async def test_on_the_way_out_no_screen_is_laid_out_and_no_frame_drawn():
    hub = RecordingHub(Snapshot.empty())
    async with console(hub).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
    app = pilot.app
    app._lay_out("jobs")
    hub.job = states.busy()
    app.tick()
    assert "jobs" not in app._screen_stacks
    assert app.view.job == Snapshot.empty()
