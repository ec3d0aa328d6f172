"""Keys that come together, from a script or over a slow line, do what they do one by one."""

from dataclasses import replace

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from console_builders import console, settle, working_hub
from console_lists import a_hub
from console_states import busy
from forge_tui.console import in_turn
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.core.command import SetLimits

NAMES = {"/": "slash", ".": "full_stop", "!": "exclamation_mark", ":": "colon", "-": "minus", "\n": "enter"}


def typed_at_once(app, keys):
    for character in keys:
        name = NAMES.get(character, character)
        app.post_message(Key(name, character if character.isprintable() else None))


async def after(pilot, *events):
    for event in events:
        if isinstance(event, str):
            typed_at_once(pilot.app, event)
        else:
            pilot.app.post_message(event)
    await pilot.pause()
    while pilot.app._typed or pilot.app._waits_for:
        await pilot.pause(0.01)
    await settle(pilot)
    await settle(pilot)


@pytest.mark.parametrize("events", [("ntickets/no.csv",), ("n", Paste("tickets/no.csv"))], ids=["typed", "pasted"])
async def test_a_path_that_comes_with_its_key_stands_in_the_launch_screen(events):
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await after(pilot, *events)
        assert isinstance(app.screen, LaunchScreen)
        assert app.screen.query_one("#path", Input).value == "tickets/no.csv"


async def test_an_api_key_that_comes_with_its_key_is_whole():
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await after(pilot, "Ksk-CANARY-1\n")
        assert app.hub.keys == ["sk-CANARY-1"]


async def test_limits_that_come_with_their_key_are_those_that_were_typed():
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await after(pilot, "l7\n")
        assert [sent.concurrency for sent in app.hub.commands if isinstance(sent, SetLimits)] == [7]


async def test_the_letters_of_a_filter_on_another_screen_are_no_keys_of_this_one():
    """`d` would drain the job, `b` open the breaker's menu."""
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await after(pilot, "3/!code:E-FILTER\n")
        assert app.hub.commands == []
        assert app.screen.query_one(FailureList).typed == "!code:E-FILTER"


async def test_the_letters_of_a_filter_over_an_empty_list_are_no_keys_either():
    app = console(working_hub(replace(busy(), failed=0)))
    app.hub.rows.failure_list = []
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.screen.query_one(FailureList).list.ids == []
        await after(pilot, "/!code:E-FILTER\n")
        assert app.hub.commands == []
        assert app.screen.query_one(FailureList).typed == "!code:E-FILTER"


async def test_a_key_whose_widget_has_gone_holds_the_next_no_longer_than_patience(monkeypatch):
    monkeypatch.setattr(in_turn, "PATIENCE_S", 0.01)
    monkeypatch.setattr(in_turn.InTurn, "on_followed", lambda _, event: event.stop())
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        typed_at_once(app, "jj")
        rows = app.screen.query_one(FailureList).list
        before = rows.ids.index(rows.current)
        while rows.ids.index(rows.current) < before + 2:
            await pilot.pause(0.01)


async def test_a_key_or_a_focus_that_comes_when_the_last_screen_has_gone_ends_nothing():
    app = console(a_hub())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        stack = app._screen_stacks[app.current_mode]
        gone = list(stack)
        stack.clear()
        await app.on_event(Key("j", "j"))
        await app._screen_hears()
        stack.extend(gone)
