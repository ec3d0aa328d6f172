"""Every key of the table, pressed where it works: each has an effect that can be named."""

import pytest
from textual.command import CommandPalette

import console_states as states
from console_builders import console, settle
from console_lists import a_hub, pressing
from forge_tui.console.farewell import Leave
from forge_tui.console.keys import BY_ID, Scope
from forge_tui.console.screens.api_key import KeyPrompt
from forge_tui.console.screens.ask import AskDialog
from forge_tui.console.screens.breaker_menu import BreakerMenu
from forge_tui.console.screens.causes import CausesDialog
from forge_tui.console.screens.debug import DebugDialog
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.help import HelpDialog
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.console.screens.limits_menu import LimitsMenu
from forge_tui.console.screens.quit import QuitDialog
from forge_tui.console.screens.retry import RetryDialog
from forge_tui.console.screens.row_list import FilterInput
from forge_tui.console.screens.sort import SortDialog
from forge_tui.console.screens.ticket import TicketDialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.command import BreakerOrder, Cancel, Drain, Pause, Retry, SetBreaker
from launch_builders import launch_hub

LAST = 1420  # the last failed ticket of the hub


def opens(screen):
    return lambda app: isinstance(app.screen, screen)


def goes_to(mode):
    return lambda app: app.current_mode == mode


def rows(app):
    return app.screen.query_one(FailureList).list


def stands_on(position):
    return lambda app: rows(app).current == position


def marks(*positions):
    return lambda app: rows(app).marks == set(positions)


def sends(*commands):
    return lambda app: [type(command) for command in app.hub.commands] == list(commands)


def holds(words):
    return lambda app: app.orders.held is not None and app.orders.held.words == words


def orders_breaker(order):
    return lambda app: [sent.order for sent in app.hub.commands if isinstance(sent, SetBreaker)] == [order]


def leaves(how):
    return lambda app: app.return_value is how


def launches(**settings):
    return lambda app: [launch.settings for launch in app.hub.launches] == [settings]


def chooses(**settings):
    return lambda app: settings.items() <= app.screen._settings.items()


# By id: the keys pressed before it, and what is so after it, and was not before.
EFFECTS = {
    "app.help": ((), opens(HelpDialog)),
    "app.command": ((), opens(CommandPalette)),
    "screen.dashboard": (("5",), goes_to("dashboard")),
    "screen.jobs": ((), goes_to("jobs")),
    "screen.failures": (("1",), goes_to("failures")),
    "screen.results": ((), goes_to("results")),
    "screen.events": ((), goes_to("events")),
    "pane.next": (("1",), lambda app: app.focused.id != "failure-rows"),
    "pane.jump": ((), lambda app: any(frame.letter for frame in app.screen.query(Frame))),
    "list.down": ((), stands_on(118)),
    "list.up": (("j",), stands_on(80)),
    "list.page_down": ((), lambda app: rows(app).current > 231),
    "list.page_up": (("G",), lambda app: rows(app).current < LAST),
    "list.top": (("G",), stands_on(80)),
    "list.bottom": ((), stands_on(LAST)),
    "list.open": ((), opens(TicketDialog)),
    "app.back": (("plus",), lambda app: app.screen.maximized is None),
    "mark.toggle": ((), marks(80)),
    "mark.range": (("space", "j"), marks(80, 118, 231)),
    "mark.all": ((), lambda app: len(rows(app).marks) == 30),
    "mark.none": (("a",), marks()),
    "failures.retry": ((), sends(Retry)),
    "failures.retry_filter": ((), opens(RetryDialog)),
    "failures.cluster": ((), opens(CausesDialog)),
    "jobs.resume": (("2", "j", "j"), lambda app: app.hub.resumed == [40]),
    "job.undo": (("x",), lambda app: app.orders.held is None and not app.hub.commands),
    "held.now": (("x",), sends(Cancel)),
    "job.key": ((), opens(KeyPrompt)),
    "job.new": ((), opens(LaunchScreen)),
    "job.pause": ((), sends(Pause)),
    "job.drain": ((), sends(Drain)),
    "job.cancel": ((), lambda app: app.orders.held is not None),
    "list.filter": ((), lambda app: isinstance(app.focused, FilterInput)),
    "list.sort": ((), opens(SortDialog)),
    "view.freeze": ((), lambda app: app.view.frozen),
    "breaker.menu": ((), opens(BreakerMenu)),
    "pane.zoom": ((), lambda app: app.screen.maximized is not None),
    "pane.unzoom": (("plus",), lambda app: app.screen.maximized is None),
    "copy.id": ((), lambda app: app.clipboard == "T-000080"),
    "copy.row": ((), lambda app: app.clipboard.startswith('{"ticket": "T-000080"')),
    "export.filter": ((), opens(AskDialog)),
    "limits.menu": ((), opens(LimitsMenu)),
    "screen.log": ((), goes_to("events")),
    "log.level": (("5",), lambda app: app.screen.query_one("#log").level == "warn"),
    "log.wrap": (("5",), lambda app: app.screen.query_one("#log").wraps),
    "launch.start": ((), launches()),
    "launch.sample": ((), launches(limit=20)),
    "launch.column": ((), chooses(text_column="id")),
    "launch.provider": ((), chooses(provider="sarvam-v2")),
    "launch.model": ((), opens(AskDialog)),
    "launch.batch": ((), chooses(batch_size=1)),
    "launch.limits": ((), opens(LimitsMenu)),
    "launch.complete": (("t", "i"), lambda app: app.screen.query_one("#path").value == "tickets_5k.csv"),
    "retry.give": (("R",), holds("Retry 8")),
    "retry.force": (("R",), holds("Retry 30")),
    "causes.try_each": (("c",), sends(Retry)),
    "breaker.trip": (("b", "t"), orders_breaker(BreakerOrder.TRIP)),
    "breaker.reset": (("b", "r"), orders_breaker(BreakerOrder.RESET)),
    "quit.drain": (("q",), leaves(Leave.DRAIN)),
    "quit.now": (("q",), leaves(Leave.NOW)),
    "app.theme": ((), lambda app: app.theme == "forge-light"),
    "app.shot": ((), lambda app: any("screenshot in" in note.message for note in app._notifications)),
    "app.debug": ((), opens(DebugDialog)),
    "app.quit": ((), opens(QuitDialog)),
}


def test_no_key_of_the_table_is_without_its_effect_here():
    assert EFFECTS.keys() == BY_ID.keys()


FIRST = {Scope.LAUNCH: (), Scope.PATH: ("n",)}


def hub_for(key):
    if key.scope in {Scope.LAUNCH, Scope.PATH}:
        return launch_hub()
    return a_hub(states.finished()) if key.scope is Scope.JOBS else a_hub()


@pytest.mark.parametrize(
    ("key_id", "press"), [(key.id, press) for key in BY_ID.values() for press in key.keys.split(",")]
)
async def test_a_key_does_what_the_table_says(key_id, press, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets_5k.csv").write_text("text\nhello\n")
    key, (before, so) = BY_ID[key_id], EFFECTS[key_id]
    app = console(hub_for(key))
    if key.scope is Scope.LAUNCH:
        app._offered = ("tickets_5k.csv",)
    async with app.run_test(size=(100, 30)) as pilot:
        await pressing(*FIRST.get(key.scope, ("3",)), *before)(pilot)
        assert not so(app)
        await pilot.press(press)
        await settle(pilot)
        assert so(app)
