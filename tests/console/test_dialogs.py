"""Dialogs: what they say, and what each key in them answers."""

import pytest
from textual.widgets import Input

from console_builders import RecordingHub, console
from console_states import breaker_open, busy
from forge_tui.console.screens.quit import QuitDialog
from forge_tui.core.command import BreakerOrder, SetBreaker, SetLimits


def opened(*keys):
    async def press(pilot):
        pilot.app.tick()
        await pilot.press(*keys)
        await pilot.pause()
        pilot.app.tick()
        await pilot.pause()

    return press


DIALOGS = {
    "quit": ("q",),
    "breaker": ("b",),
    "breaker_asked": ("b", "t"),
    "limits": ("l",),
    "api_key": ("K",),
    "help": ("question_mark",),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_looks_as_it_did(snap_compare, name):
    app = console(RecordingHub(breaker_open() if name.startswith("breaker") else busy()))
    assert snap_compare(app, terminal_size=(100, 30), run_before=opened(*DIALOGS[name]))


async def test_the_breaker_is_tripped_only_when_asked_twice():
    hub = RecordingHub(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await opened("b", "t")(pilot)
        assert hub.commands == []
        await opened("t")(pilot)
    assert [command.order for command in hub.commands if isinstance(command, SetBreaker)] == [BreakerOrder.TRIP]


async def test_limits_are_sent_as_typed():
    hub = RecordingHub(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await opened("l")(pilot)
        pilot.app.screen.query_one("#slots", Input).value = "7"
        pilot.app.screen.query_one("#rpm", Input).value = "30.5"
        pilot.app.screen.query_one("#budget", Input).value = ""
        await opened("enter")(pilot)
    (sent,) = [command for command in hub.commands if isinstance(command, SetLimits)]
    assert (sent.concurrency, sent.requests_per_min, sent.max_cost) == (7, 30.5, None)


@pytest.mark.parametrize(("field", "typed"), [("slots", "0"), ("slots", "2.5"), ("rpm", "many"), ("budget", "-1")])
async def test_a_wrong_limit_is_told_and_not_sent(field, typed):
    hub = RecordingHub(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await opened("l")(pilot)
        pilot.app.screen.query_one(f"#{field}", Input).value = typed
        await opened("enter")(pilot)
        assert pilot.app.screen.query_one("#limits-say").render().plain.startswith(field)
    assert hub.commands == []


async def test_a_key_goes_to_the_engine_and_is_never_drawn():
    hub = RecordingHub(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await opened("K")(pilot)
        await opened(*"sk-CANARY-1")(pilot)
        assert "CANARY" not in pilot.app.export_screenshot()
        await opened("enter")(pilot)
    assert hub.keys == ["sk-CANARY-1"]


async def test_escape_answers_nothing():
    hub = RecordingHub(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        for key in ("q", "b", "l", "K", "question_mark", "f12"):
            await opened(key, "escape")(pilot)
            assert not pilot.app.screen.is_modal
    assert (hub.commands, hub.keys) == ([], [])


async def test_quit_with_work_under_way_asks_and_stays_on_escape():
    async with console(RecordingHub(busy())).run_test(size=(100, 30)) as pilot:
        await opened("q")(pilot)
        assert isinstance(pilot.app.screen, QuitDialog)
        await opened("escape")(pilot)
        assert pilot.app.is_running
