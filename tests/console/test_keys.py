"""The key table: ids are unique, and a user's keymap is refused rather than half obeyed."""

from importlib import import_module
from pkgutil import walk_packages

import pytest

import forge_tui.console
from console_builders import settle
from console_lists import a_hub, shown
from forge_tui.console.app import ForgeApp
from forge_tui.console.keys import BY_ID, KEYS, Scope, bindings, checked_keymap
from forge_tui.console.screens import palette
from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.screens.breaker_menu import BreakerMenu
from forge_tui.console.screens.causes import CausesDialog
from forge_tui.console.screens.events import LogPane
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.jobs import JobsScreen
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.console.screens.launch_panes import PathInput
from forge_tui.console.screens.quit import QuitDialog
from forge_tui.console.screens.retry import RetryDialog
from forge_tui.console.widgets.virtual_list import VirtualList
from forge_tui.core.errors import SettingsRefused

BOUND = {
    scope: {binding.id for binding in widget.BINDINGS}
    for scope, widget in {
        Scope.APP: ForgeApp,
        Scope.HELD: ForgeApp,
        Scope.SCREEN: ConsoleScreen,
        Scope.LIST: VirtualList,
        Scope.FAILURES: FailureList,
        Scope.JOBS: JobsScreen,
        Scope.LOG: LogPane,
        Scope.LAUNCH: LaunchScreen,
        Scope.PATH: PathInput,
        Scope.RETRY: RetryDialog,
        Scope.CAUSES: CausesDialog,
        Scope.BREAKER: BreakerMenu,
        Scope.QUIT: QuitDialog,
    }.items()
}


def test_every_id_stands_once_and_says_what_it_does():
    assert len(BY_ID) == len(KEYS)
    assert all(key.does and key.shown for key in KEYS)


def test_the_table_itself_has_no_clash():
    assert checked_keymap({}) == {}


def test_a_free_key_may_take_over():
    assert checked_keymap({"job.pause": "P"}) == {"job.pause": "P"}


def test_an_unknown_id_is_refused_by_name():
    with pytest.raises(SettingsRefused, match=r"job\.dance"):
        checked_keymap({"job.dance": "z"})


def test_a_key_that_belongs_to_another_is_refused_with_both_names():
    with pytest.raises(SettingsRefused, match=r"job\.pause.*job\.new|job\.new.*job\.pause"):
        checked_keymap({"job.pause": "n"})


# These stay what they are on every terminal; a line that is typed in takes a user's own letter for escape.
FIXED = {"ctrl+c", "ctrl+q", "ctrl+p", "escape"}


def test_every_binding_of_ours_has_an_id_that_a_keymap_can_name():
    for name in [module.name for module in walk_packages(forge_tui.console.__path__, "forge_tui.console.")]:
        for widget in vars(import_module(name)).values():
            if isinstance(widget, type) and widget.__module__ == name:
                ours = [b for b in vars(widget).get("BINDINGS", []) if b.key not in FIXED]
                assert {b.id for b in ours} <= BY_ID.keys(), widget


@pytest.mark.parametrize("scope", Scope)
def test_every_key_is_bound_where_it_says(scope):
    """Each part of the console binds all keys of its scope, so that a keymap and help tell the truth."""
    bound = {binding.id for binding in bindings(scope)}
    assert bound == {key.id for key in KEYS if key.scope is scope}
    assert bound <= BOUND[scope]


@pytest.mark.parametrize("name", ["dashboard", "jobs", "failures", "results", "events"])
async def test_the_palette_finds_every_key_that_works_on_a_screen(name):
    async with shown(a_hub()) as pilot:
        await pilot.app.run_action(f"screen('{name}')")
        await settle(pilot)
        screen = pilot.app.screen
        works = {b.binding.id for b in screen.active_bindings.values() if b.enabled} & set(BY_ID)
        found = {command.help.split()[-1] for command in palette.commands(screen)}
        assert found == works
        assert {"job.pause", "pane.zoom", "app.quit"} <= found


async def test_a_key_of_the_list_is_found_and_done_by_the_palette():
    async with shown(a_hub(), "3", "colon", *"mark all in", "enter") as pilot:
        assert len(pilot.app.screen.query_one(VirtualList).marks) == 30


def test_two_ids_may_swap_their_keys():
    assert checked_keymap({"job.pause": "n", "job.new": "p"})
