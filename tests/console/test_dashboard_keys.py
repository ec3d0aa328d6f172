"""Keys on the dashboard: each press reaches the engine as a command, or changes what is seen."""

import asyncio

import pytest

import console_states as states
from console_builders import RecordingHub, StillClock, console, settle, working_hub
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.farewell import Leave
from forge_tui.console.hub import EngineGone
from forge_tui.console.screens.api_key import KeyPrompt
from forge_tui.console.screens.breaker_menu import BreakerMenu
from forge_tui.console.screens.debug import DebugDialog
from forge_tui.console.screens.help import HelpDialog
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.console.screens.limits_menu import LimitsMenu
from forge_tui.console.screens.quit import QuitDialog
from forge_tui.console.view import Refused, Stopped
from forge_tui.console.widgets.progress import ProgressPane
from forge_tui.core.clock import SystemClock
from forge_tui.core.command import Cancel, Drain, Pause, Resume
from forge_tui.core.errors import KeyMissing
from forge_tui.core.failure import Code
from forge_tui.core.snapshot import Snapshot


def words_of(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def pressed(app, *keys):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
        await settle(pilot)
        return words_of(app)


@pytest.mark.parametrize(
    ("key", "job", "command"),
    [
        ("p", states.busy, Pause),
        ("p", states.paused, Resume),
        ("p", states.out_of_credit, Resume),
        ("d", states.busy, Drain),
    ],
)
async def test_a_key_sends_its_command(key, job, command):
    hub = working_hub(job())
    await pressed(console(hub), key)
    assert [type(sent) for sent in hub.commands] == [command]


MISSING = Refused("provider sarvam needs a key", Code.AUTH, KeyMissing("provider sarvam needs a key"))


@pytest.mark.parametrize(
    ("job", "engine", "why"),
    [
        (states.halted, None, "the key was refused; no ticket was lost"),
        (Snapshot.empty, MISSING, "provider sarvam needs a key"),
    ],
)
async def test_a_key_that_is_missing_or_refused_is_asked_for_once(job, engine, why):
    hub = working_hub(job(), engine)
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, KeyPrompt)
        assert why in words_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, KeyPrompt)


async def test_pausing_shows_until_the_engine_has_answered():
    hub = working_hub()
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "Pausing 2" in words_of(app)
        hub.answer("paused")
        await settle(pilot)
        assert "Pausing" not in words_of(app)


async def test_a_refused_command_says_why():
    hub = working_hub()
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        hub.answer("nothing is running", accepted=False)
        await settle(pilot)
        assert [note.message for note in app._notifications] == ["nothing is running"]


async def test_cancel_is_held_five_seconds_and_then_given():
    hub, clock = working_hub(), StillClock()
    app = console(hub, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("x")
        clock.pass_by(4.9)
        await settle(pilot)
        assert hub.commands == []
        assert "Cancel J-0042 in 1 s" in words_of(app)
        clock.pass_by(0.2)
        await settle(pilot)
        assert [type(sent) for sent in hub.commands] == [Cancel]


async def test_u_takes_a_held_cancel_back():
    hub, clock = working_hub(), StillClock()
    app = console(hub, clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("x", "u")
        clock.pass_by(10)
        await settle(pilot)
        assert hub.commands == []


async def test_enter_gives_a_held_cancel_at_once():
    hub = working_hub()
    await pressed(console(hub), "x", "enter")
    assert [type(sent) for sent in hub.commands] == [Cancel]


async def test_undo_with_nothing_held_does_nothing():
    hub = working_hub()
    await pressed(console(hub), "u")
    assert hub.commands == []


DIALOGS = {
    "question_mark": HelpDialog,
    "f1": HelpDialog,
    "n": LaunchScreen,
    "b": BreakerMenu,
    "l": LimitsMenu,
    "K": KeyPrompt,
    "f12": DebugDialog,
    "q": QuitDialog,
    "ctrl+q": QuitDialog,
    "ctrl+c": QuitDialog,
}


async def test_a_key_opens_its_dialog_and_escape_leaves_it():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key, dialog in DIALOGS.items():
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, dialog), key
            await pilot.press("escape")
            await pilot.pause()
            assert not isinstance(app.screen, dialog), key


async def test_freezing_holds_the_picture_while_the_engine_goes_on():
    hub = working_hub()
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        hub.job = states.busy(seq=99, done=3000)
        await settle(pilot)
        assert "done 2416" in words_of(app)
        assert "frozen" in words_of(app)
        await pilot.press("s")
        await settle(pilot)
        assert "done 3000" in words_of(app)


async def test_ctrl_c_twice_drains_and_quits():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+c", "ctrl+c")
        await pilot.pause()
    assert app.return_value is Leave.DRAIN


async def test_with_nothing_at_work_q_leaves_at_once():
    app = console(RecordingHub(Snapshot.empty()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("q")
        await pilot.pause()
    assert app.return_value is Leave.DRAIN


async def test_zoom_and_back():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("plus")
        await settle(pilot)
        assert "Progress" not in words_of(app)
        await pilot.press("underscore")
        await settle(pilot)
        assert "Progress" in words_of(app)


async def test_a_letter_jumps_to_its_pane():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+o", "a")
        await pilot.pause()
        assert isinstance(app.focused, ProgressPane)


async def test_tab_walks_the_panes():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        seen = set()
        for _ in range(6):
            await pilot.press("tab")
            seen.add(app.focused.id)
        assert {"progress", "queue", "breaker", "latency", "failure-rows"} <= seen


async def test_the_theme_turns_to_light_and_back():
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("T")
        assert app.theme == "forge-light"
        await pilot.press("T")
        assert app.theme == "forge-dark"


async def test_a_command_to_a_dead_engine_says_so():
    hub = working_hub(engine=Stopped())

    def gone(command):
        raise EngineGone

    hub.send = gone
    app = console(hub)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        assert [note.message for note in app._notifications] == ["engine has stopped"]


async def test_the_bell_rings_when_a_job_ends_and_nobody_looks(monkeypatch):
    hub = working_hub()
    app = console(hub)
    rung = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.app_focus = False
        hub.job = states.finished()
        await settle(pilot)
        assert rung == [True]
        assert [note.message for note in app._notifications] == ["5,003 in 13:42, 31 failed"]


async def test_a_keymap_moves_a_key_and_the_footer_names_it():
    hub = working_hub()
    words = await pressed(console(hub, keymap={"job.pause": "P"}), "P")
    assert [type(sent) for sent in hub.commands] == [Pause]
    assert "P Paus" in words


async def test_a_keymap_reaches_into_dialogs_and_help_and_they_name_the_key():
    hub = working_hub()
    async with console(hub, keymap={"quit.now": "X", "screen.jobs": "J"}).run_test(size=(100, 30)) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        assert "J      jobs and history" in words_of(pilot.app)
        await pilot.press("escape", "q")
        await settle(pilot)
        assert "[X] stop now" in words_of(pilot.app)
        await pilot.press("k")
        assert pilot.app.return_value is None
        await pilot.press("X")
        assert pilot.app.return_value is Leave.NOW


async def test_the_screen_keeps_drawing_when_a_refresh_goes_with_its_dialog(monkeypatch):
    hub = working_hub()
    app = ForgeApp(hub, SystemClock(), Look(hz=10))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(app, "call_after_refresh", lambda *_: False)
        for done in (3000, 3100, 3200):
            hub.job = states.busy(done=done, at_mono=SystemClock().monotonic())
            async with asyncio.timeout(5):
                while app.view.job.done != done:
                    await pilot.pause(0.02)
