"""What the dashboard looks like, cell by cell, in every state and at every size it is drawn for."""

from dataclasses import replace

import pytest

import console_states as states
from console_builders import RecordingHub, console, settle, working_hub
from console_lists import a_hub, pressing
from forge_tui.console.view import Crashed, Live, Refused
from forge_tui.core.failure import Code
from forge_tui.core.snapshot import Snapshot

NARROW = (80, 24)
STATES = {
    "busy": states.busy,
    "first_seconds": states.first_seconds,
    "no_failures": states.without_failures,
    "breaker_open": states.breaker_open,
    "half_open": states.half_open,
    "provider_hold": states.provider_hold,
    "long_hold": states.long_hold,
    "budget_reached": states.budget_reached,
    "key_refused": states.halted,
    "no_credit": states.out_of_credit,
    "never_reached": states.never_reached,
    "canary_failed": states.canary_failed,
    "disk_full": states.disk_full,
    "paused": states.paused,
    "job_done": states.finished,
    "all_from_cache": states.all_from_cache,
    "resumed": states.resumed,
    "local_rules": states.local_rules,
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_job_has_its_picture(snap_compare, state):
    hub = working_hub(STATES[state]())
    if hub.job.failed == 0:
        hub.rows.failure_list = []
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


@pytest.mark.parametrize("size", [(140, 40), (100, 30), (100, 24), (80, 18), (60, 20), (48, 12)])
def test_every_size_has_its_layout(snap_compare, size):
    assert snap_compare(console(), terminal_size=size, run_before=settle)


def test_the_breaker_open_on_a_large_screen(snap_compare):
    assert snap_compare(console(a_hub(states.breaker_open())), terminal_size=(140, 40), run_before=pressing("j"))


@pytest.mark.parametrize("size", [NARROW, (140, 40)])
def test_before_the_first_job_it_says_what_to_press(snap_compare, size):
    assert snap_compare(console(RecordingHub(Snapshot.empty())), terminal_size=size, run_before=settle)


def test_with_earlier_jobs_and_none_running_it_shows_their_files(snap_compare):
    assert snap_compare(console(working_hub(Snapshot.empty())), terminal_size=NARROW, run_before=settle)


def test_without_colour_the_same_words_stand_there(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(console(working_hub(states.breaker_open())), terminal_size=NARROW, run_before=settle)


@pytest.mark.parametrize("size", [NARROW, (140, 40)])
def test_in_ascii_every_symbol_has_a_plain_one(snap_compare, size):
    assert snap_compare(console(ascii_only=True), terminal_size=size, run_before=settle)


def test_the_light_theme(snap_compare):
    assert snap_compare(console(theme="forge-light"), terminal_size=NARROW, run_before=settle)


def test_an_old_snapshot_is_called_stale_and_dimmed(snap_compare):
    hub = working_hub(states.busy(at_mono=states.NOW_MONO - 4))
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


def test_a_dead_engine_leaves_a_banner_and_the_way_to_it(snap_compare):
    text = 'Traceback (most recent call last):\n  File "engine.py", line 131, in _dispatch\nKeyError: 7\n'
    hub = working_hub(states.busy(), Crashed("KeyError: 7", text, "forge-tui.log"))
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


def test_a_database_in_use_names_its_owner(snap_compare):
    message = "forge.db is in use by process 123; name another with --db"
    hub = RecordingHub(Snapshot.empty(), Refused(message, Code.LOCKED))
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


def test_a_key_that_would_travel_in_clear_is_refused_and_how_to_go_on(snap_compare):
    message = "the key would go to llm.example in clear text: use https, or allow it with --allow-http"
    hub = RecordingHub(Snapshot.empty(), Refused(message, Code.AUTH))
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


def test_without_a_key_it_says_that_rules_answer_and_how_to_set_one(snap_compare):
    hub = RecordingHub(
        Snapshot.empty(), Live("provider local (keyword rules, no AI), because no key is set", local=True)
    )
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)


def test_without_a_clipboard_the_copy_is_in_a_file_that_is_named(snap_compare, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def copy(pilot):
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)

    assert snap_compare(console(clipboard=False), terminal_size=NARROW, run_before=copy)
    assert (tmp_path / "forge-clipboard.txt").read_text() == "T-000080"


def test_a_held_cancel_counts_down(snap_compare):
    async def cancel(pilot):
        await settle(pilot)
        await pilot.press("x")
        await settle(pilot)

    assert snap_compare(console(), terminal_size=NARROW, run_before=cancel)


def test_a_pause_on_its_way_shows_in_the_footer(snap_compare):
    async def pause(pilot):
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)

    assert snap_compare(console(), terminal_size=NARROW, run_before=pause)


def test_panes_show_their_letters_to_jump_to(snap_compare):
    async def jump(pilot):
        await settle(pilot)
        await pilot.press("ctrl+o")
        await pilot.pause()

    assert snap_compare(console(), terminal_size=NARROW, run_before=jump)


def test_a_zoomed_pane_has_the_screen_for_itself(snap_compare):
    async def zoom(pilot):
        await settle(pilot)
        await pilot.press("plus")
        await settle(pilot)

    assert snap_compare(console(), terminal_size=NARROW, run_before=zoom)


def test_hostile_names_stay_inside_their_cells(snap_compare):
    hostile = "\x1b]0;owned\x07[red]x[/b]\u202efile.csv"
    hub = working_hub(replace(states.busy(), file=hostile, model=hostile, state_reason=hostile))
    assert snap_compare(console(hub), terminal_size=NARROW, run_before=settle)
