"""Failures, results, jobs, events and the ticket whole: what they show, and what each key in them does."""

import json
from dataclasses import replace

import pytest

import console_states as states
from console_builders import FAILURES, RecordingHub, console, settle
from console_lists import HOSTILE, a_hub, pressing, shown, ticket, words_of
from console_states import breaker_open, busy
from forge_tui.console.screens.causes import CausesDialog
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.failures import FailuresScreen
from forge_tui.console.screens.results import ResultList
from forge_tui.console.screens.retry import RetryDialog
from forge_tui.console.screens.row_list import FilterInput
from forge_tui.console.screens.ticket import TicketDialog
from forge_tui.console.view import Refused
from forge_tui.console.widgets.virtual_list import VirtualList
from forge_tui.core.command import Retry
from forge_tui.core.errors import OutputRefused
from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.snapshot import Snapshot
from forge_tui.storage.rows import FailureGroup

SCREENS = {
    "dashboard": ("j", "j", "j"),
    "failures": ("3", "j", "space", "space"),
    "results": ("4", "j"),
    "jobs": ("2", "j"),
    "events": ("5",),
    "ticket": ("3", "j", "j", "j", "enter"),
    "ticket_done": ("4", "enter"),
    "retry": ("3", "R"),
    "causes": ("3", "c", "j", "space"),
    "sort": ("3", "o", "j"),
    "export": ("4", "e"),
}
WIDE = ("dashboard", "failures", "results", "jobs", "events", "ticket", "causes")
LOOKS = [("80x24", (80, 24), name) for name in SCREENS] + [("140x40", (140, 40), name) for name in WIDE]
LOOKS += [("60x20", (60, 20), "failures"), ("60x20", (60, 20), "results"), ("100x30", (100, 30), "failures")]


@pytest.mark.parametrize(("size", "name"), [look[1:] for look in LOOKS], ids=[f"{at}-{name}" for at, _, name in LOOKS])
def test_a_screen_looks_as_it_did(snap_compare, name, size):
    assert snap_compare(console(a_hub()), terminal_size=size, run_before=pressing(*SCREENS[name]))


async def test_r_asks_the_marked_tickets_again_at_once():
    hub = a_hub()
    async with shown(hub, "3", "space", "space", "r"):
        pass
    assert [command.positions for command in hub.commands if isinstance(command, Retry)] == [(80, 118)]


async def test_r_without_marks_asks_the_current_one():
    hub = a_hub()
    async with shown(hub, "3", "j", "r"):
        pass
    assert [command.positions for command in hub.commands] == [(118,)]


async def test_marks_survive_a_filter_and_are_told_as_hidden():
    async with shown(a_hub(), "3", "space", "slash", (*"code:E-5XX", "enter")) as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert rows.list.marks == {80}
        assert list(rows.list.ids) == [118, 958]
        assert "1 selected, 1 hidden by filter" in rows.name_shown(2).plain


async def test_a_filter_that_is_not_understood_says_so_and_one_that_hides_all_says_how_to_clear_it():
    async with shown(a_hub(), "3", "slash", (*"code:E-5XX", "enter"), "slash", (*" colour:red", "enter")) as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert any(note.message.startswith("colour: is no filter") for note in pilot.app._notifications)
        assert (rows.typed, rows.list.ids) == ("code:E-5XX", [118, 958])
        assert isinstance(pilot.app.focused, FilterInput)
    async with shown(a_hub(), "3", "slash", (*"nowhere", "enter")) as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert "0 of 30 match. esc clears" in rows.name_shown(0).plain
        await pressing("escape")(pilot)
        assert len(rows.list.ids) == 30


async def test_a_retry_by_filter_leaves_the_hopeless_out_is_held_and_can_be_undone():
    hub = a_hub()
    hopeless = {row.position for row in FAILURES if RULES[row.code].retry_helps is RetryHelps.NO}
    async with shown(hub, "3", "R") as pilot:
        assert isinstance(pilot.app.screen, RetryDialog)
        await pressing("enter")(pilot)
        assert pilot.app.view.held.words == f"Retry {len(FAILURES) - len(hopeless)}"
        assert hub.commands == []
        await pressing("u")(pilot)
        assert pilot.app.view.held is None
        pilot.app.clock.pass_by(6)
        await settle(pilot)
        assert hub.commands == []
        await pressing("R", "enter")(pilot)
        pilot.app.clock.pass_by(6)
        await settle(pilot)
    (sent,) = hub.commands
    assert set(sent.positions) == {row.position for row in FAILURES} - hopeless


async def test_forced_the_hopeless_go_too_and_enter_gives_at_once():
    hub = a_hub()
    async with shown(hub, "3", "R", "f", "enter"):
        pass
    assert len(hub.commands[0].positions) == len(FAILURES)


async def test_one_of_each_cause_is_tried_the_hopeless_only_if_marked():
    for marking, tried in ((), {118, 407}), (("j", "j", "space"), {80}):
        hub = a_hub()
        hub.rows.groups = [
            FailureGroup(Code.SERVER, "500 model_call_error", 2, 118),
            FailureGroup(Code.SCHEMA, "category refunds", 2, 407),
            FailureGroup(Code.INPUT, "tickets_5k.csv:#: no text", 1, 80),
        ]
        async with shown(hub, "3", "c") as pilot:
            assert isinstance(pilot.app.screen, CausesDialog)
            assert "no text" in words_of(pilot)
            assert "tickets_5k.csv:#" not in words_of(pilot)
            await pressing(*marking, "t")(pilot)
        assert set(hub.commands[0].positions) == tried


async def test_a_refused_row_is_told_by_its_line():
    hub = a_hub()
    origin = hub.rows.failure_list[0].origin
    hub.rows.failure_list[0] = replace(hub.rows.failure_list[0], message=f"{origin}: no text in column")
    async with shown(hub, "3", size=(140, 40)) as pilot:
        assert f"line {origin.line}: no text in" in words_of(pilot)


async def test_the_ticket_goes_through_the_list_it_was_opened_from():
    async with shown(a_hub(), "3", "j", "enter", "j", "j", "k") as pilot:
        dialog = pilot.app.screen
        assert isinstance(dialog, TicketDialog)
        assert dialog._ids[dialog._index] == 231
        await pressing("escape")(pilot)
        assert not isinstance(pilot.app.screen, TicketDialog)


async def test_the_detail_of_a_screen_that_grew_is_of_the_ticket_under_the_cursor():
    async with shown(a_hub(), "3", size=(80, 24)) as pilot:
        assert "Detail T-" not in words_of(pilot)
        await pilot.resize_terminal(140, 40)
        await settle(pilot)
        assert "Detail T-000080" in words_of(pilot)


async def test_results_are_filtered_by_label():
    hub = a_hub()
    async with shown(hub, "4", "slash", (*"category:billing !priority:low late", "enter")) as pilot:
        assert len(pilot.app.screen.query_one(ResultList).list.ids) == 59
    (name, wanted) = hub.rows.asked[-1]
    assert name == "result_positions"
    assert (wanted["categories"], wanted["exclude_priorities"], wanted["words"]) == (["billing"], ["low"], "late")


async def test_a_job_is_opened_resumed_or_exported_from_the_list():
    hub = a_hub(states.finished())
    async with shown(hub, "2", "j", "enter") as pilot:
        assert hub.opened == [41]
        assert pilot.app.current_mode == "dashboard"
        await pressing("2", "j", "r")(pilot)
        assert hub.resumed == [40]
        await pressing("2", "e")(pilot)
        assert hub.exports == [(40, "./J-0040-results", None)]


async def test_while_a_job_is_under_way_another_is_not_opened_and_it_is_said_why():
    hub = a_hub()
    async with shown(hub, "2", "j", "enter", "j", "r") as pilot:
        assert (hub.opened, hub.resumed, pilot.app.current_mode) == ([], [], "jobs")
        told = [note.message for note in pilot.app._notifications]
        assert told[0] == "J-0042 is under way: J-0041 opens when it has ended; e exports it now"
        await pressing("k", "k", "enter")(pilot)
        assert (hub.opened, pilot.app.current_mode) == ([], "dashboard")


async def test_an_earlier_job_is_cancelled_by_its_name_and_only_when_nothing_runs():
    hub = a_hub(states.finished())
    async with shown(hub, "2", "j", "x") as pilot:
        assert "Cancel" not in words_of(pilot)  # J-0041 has ended
        await pressing("j", "x")(pilot)
        assert "Cancel J-0040 in 5 s" in words_of(pilot)
        await pressing("enter")(pilot)
    assert (hub.cancelled, hub.commands) == ([40], [])
    hub = a_hub()
    async with shown(hub, "2", "j", "j", "x", "enter"):
        pass
    assert (hub.cancelled, hub.commands) == ([], [])


async def test_the_job_on_screen_is_told_as_it_is_this_moment():
    hub = a_hub()
    async with shown(hub, "2") as pilot:
        hub.job = replace(hub.job, seq=hub.job.seq + 1, done=3000)
        await settle(pilot)
        assert "3030/5003" in words_of(pilot)


async def test_rows_of_the_filter_are_exported():
    hub = a_hub()
    async with shown(hub, "3", "slash", (*"code:E-5XX", "enter"), "e", "enter"):
        pass
    assert hub.exports == [(42, "./tickets_5k-failures-part", (118, 958))]


async def test_an_export_can_be_left_goes_where_it_is_told_and_its_refusal_is_shown():
    hub = a_hub()
    async with shown(hub, "4", "e", "escape", "e", ("end", *"-mine", "enter")) as pilot:
        assert [folder for _, folder, _ in hub.exports] == ["./tickets_5k-results-part-mine"]
        assert "59 rows as CSV and JSON lines in ./tickets_5k-results-part-mine" in told(pilot)

        def refused(*_):
            raise OutputRefused("there holds results already")

        hub.export = refused
        await pressing("e", "enter")(pilot)
        assert "there holds results already" in told(pilot)


def told(pilot):
    return [note.message for note in pilot.app._notifications]


async def test_y_copies_the_ticket_and_capital_y_the_whole_row():
    hub = a_hub()
    async with shown(hub, "3", "j", "y") as pilot:
        assert pilot.app.clipboard == "T-000118"
        await pressing("Y")(pilot)
        copied = json.loads(pilot.app.clipboard)
        assert (copied["ticket"], copied["code"], copied["class"]) == ("T-000118", "E-5XX", "complex")
        await pressing("enter", "j", "y")(pilot)
        assert pilot.app.clipboard == "T-000231"
        await pressing("Y")(pilot)
        assert json.loads(pilot.app.clipboard)["error"] == "answer cut at 2048"


async def test_without_a_clipboard_the_row_goes_to_a_file_that_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with console(a_hub(), clipboard=False).run_test(size=(80, 24)) as pilot:
        await pressing("4", "j", "y")(pilot)
        assert (tmp_path / "forge-clipboard.txt").read_text() == "T-000002"
        assert "copied to file forge-clipboard.txt" in told(pilot)


async def test_marks_go_on_and_off_by_range_all_and_none():
    async with shown(a_hub(), "3", "space", "j", "v") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert rows.list.marks == {80, 118, 231}
        await pressing("a")(pilot)
        assert "r Retry 30" in words_of(pilot)
        await pressing("asterisk")(pilot)
        assert rows.list.marks == set()


async def test_the_footer_counts_and_offers_only_what_would_do_something():
    async with shown(a_hub(), "3", size=(140, 40)) as pilot:
        assert "R Retry filter 8" in words_of(pilot)
        await pressing("slash", (*"code:E-SCHEMA", "enter"))(pilot)
        assert "R Retry filter 3" in words_of(pilot)
        await pressing("slash", (*" nowhere", "enter"), "r", "R", "c", "enter", "y")(pilot)
        assert isinstance(pilot.app.screen, FailuresScreen)
        assert not pilot.app.hub.commands
    async with shown(a_hub(), "4") as pilot:
        assert "e Export 59" in words_of(pilot)


async def test_escape_leaves_the_zoom_first_and_then_the_filter():
    async with shown(a_hub(), "3", "slash", (*"code:E-5XX", "enter"), "plus", "escape") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert (pilot.app.screen.maximized, rows.typed) == (None, "code:E-5XX")
        await pressing("escape")(pilot)
        assert (rows.typed, len(rows.list.ids)) == ("", 30)
        await pressing("escape", "slash", (*"abc", "escape"))(pilot)
        assert (rows.typed, pilot.app.focused) == ("", rows.list)


async def test_r_while_the_breaker_is_open_says_that_they_queue():
    async with shown(a_hub(breaker_open()), "3", "R") as pilot:
        assert "they queue: breaker open 00:18" in words_of(pilot)


async def test_the_log_stands_still_while_it_is_read():
    async with shown(a_hub(), "5", "k") as pilot:
        pane = pilot.app.screen.query_one("#log")
        pilot.app.hub.job = replace(pilot.app.hub.job, events_seen=pilot.app.hub.job.events_seen + 3)
        await settle(pilot)
        assert "3 new lines below" in pane._lines[-1].plain
        await pressing("G")(pilot)
        assert "new lines below" not in pane._lines[-1].plain


async def test_foreign_words_are_shown_as_they_are_and_harmless():
    hub = a_hub()
    hub.rows.tickets[80] = ticket(80, text=HOSTILE, message=HOSTILE)
    async with shown(hub, "4", "3", "enter") as pilot:
        drawn = words_of(pilot)
        assert "[/b] [@click=app.quit]x[/]" in drawn
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn


async def test_an_empty_store_says_what_to_do():
    async with shown(RecordingHub(replace(busy(), job_id=0, failed=0, done=0)), "2") as pilot:
        drawn = words_of(pilot)
        assert "No jobs yet" in drawn
        assert "n picks a file" in drawn


async def test_while_the_database_is_not_open_nobody_says_that_there_are_no_jobs():
    hub = RecordingHub(Snapshot.empty(), Refused("forge.db is in use by process 123", Code.LOCKED))
    async with shown(hub, "2") as pilot:
        drawn = words_of(pilot)
        assert "the database is not open" in drawn
        assert "No jobs yet" not in drawn


async def test_every_list_keeps_its_place_when_rows_come_anew():
    hub = a_hub()
    async with shown(hub, "3", "j", "j", "j") as pilot:
        rows = pilot.app.screen.query_one(VirtualList)
        before = rows.current
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1)
        pilot.app.clock.pass_by(2)
        await settle(pilot)
        assert rows.current == before
