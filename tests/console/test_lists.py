"""Failures, results, jobs, events and the ticket whole: what they show, and what each key in them does."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from console_builders import FAILURES, RecordingHub, console, settle, working_hub
from console_states import busy
from forge_tui.console.screens.causes import CausesDialog
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.results import ResultList
from forge_tui.console.screens.retry import RetryDialog
from forge_tui.console.screens.ticket import TicketDialog
from forge_tui.console.widgets.virtual_list import VirtualList
from forge_tui.core.command import Retry
from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity, Origin, Source, TicketState
from forge_tui.storage.rows import AttemptRow, FailureGroup, LabelCounts, ResultRow, TicketRow

HOSTILE = "[/b] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07 \u202e tail"


def result(position, category="billing", priority="high", summary="Customer was charged twice"):
    return ResultRow(
        position=position,
        external_id=None,
        complexity=Complexity.MEDIUM,
        source=Source.MODEL,
        batch=31,
        category=category,
        priority=priority,
        summary=summary,
        flags=(),
        truncated=position == 3,
        text=f"ticket {position}",
    )


def ticket(position, text="I paid for the annual plan twice", **changes):
    fields = {
        "position": position,
        "state": TicketState.FAILED,
        "text": text,
        "origin": Origin("tickets_5k.csv", position + 1),
        "external_id": None,
        "columns": {},
        "truncated": False,
        "complexity": Complexity.COMPLEX,
        "words": 84,
        "leader": None,
        "source": None,
        "classification": None,
        "code": Code.SCHEMA,
        "message": 'category "refunds" is not one of the five',
        "http_status": 200,
        "request_id": None,
        "ticket_attempts": 3,
        "service_attempts": 0,
        "due": None,
        "batch": 28,
        "tokens": 300,
        "cost": 0.0099,
        "saved_tokens": 0,
        "saved_cost": 0.0,
        "settled_at": None,
        "twins": (114, 2210),
    }
    return TicketRow(**(fields | changes))


def attempt(number, code=Code.SCHEMA):
    return AttemptRow(17 + number, 5, 1, 1_795_377_600.0 + number, 4300.0, 0.0, 200, None, code, "batch halved")


def a_hub():
    hub = working_hub()
    for row in FAILURES:
        hub.rows.tickets[row.position] = ticket(row.position)
        hub.rows.attempt_lists[row.position] = [attempt(1), attempt(2)]
    hub.rows.result_list = [
        result(n, summary=HOSTILE if n == 2 else "Customer was charged twice") for n in range(1, 60)
    ]
    for n in range(1, 60):
        label = Classification("billing", "high", "Customer was charged twice")
        hub.rows.tickets.setdefault(n, ticket(n, code=None, message="", classification=label, state=TicketState.DONE))
    hub.rows.labels = LabelCounts(
        {"billing": 844, "software_issue": 682, "hardware_issue": 389, "model_quality": 144, "other": 357},
        {"low": 463, "medium": 1353, "high": 531, "critical": 69},
        {Source.MODEL: 2070, Source.CACHE: 280, Source.TWIN: 66},
    )
    hub.rows.groups = [
        FailureGroup(Code.SCHEMA, "category refunds", 9, 407),
        FailureGroup(Code.FILTER, "refused", 4, 1400),
    ]
    return hub


def pressing(*keys):
    async def press(pilot):
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            # A row on screen asks for its page, the page moves the cursor, the cursor asks for the detail.
            await settle(pilot)
            await settle(pilot)

    return press


SCREENS = {
    "dashboard": ("j", "j", "j"),
    "failures": ("3", "j", "space", "space"),
    "results": ("4",),
    "jobs": ("2", "j"),
    "events": ("5",),
    "ticket": ("3", "j", "enter"),
    "retry": ("3", "R"),
    "causes": ("3", "c"),
}


WIDE = ("dashboard", "failures", "results", "jobs", "events")
LOOKS = [("80x24", (80, 24), name) for name in SCREENS] + [("140x40", (140, 40), name) for name in WIDE]


@pytest.mark.parametrize(("size", "name"), [look[1:] for look in LOOKS], ids=[f"{at}-{name}" for at, _, name in LOOKS])
def test_a_screen_looks_as_it_did(snap_compare, name, size):
    assert snap_compare(console(a_hub()), terminal_size=size, run_before=pressing(*SCREENS[name]))


@asynccontextmanager
async def shown(hub, *keys, size=(100, 30)):
    """The app after these keys."""
    async with console(hub).run_test(size=size) as pilot:
        await pressing(*keys)(pilot)
        yield pilot


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
    async with shown(a_hub(), "3", "space", "slash", *"code:E-5XX", "enter") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert rows.list.marks == {80}
        assert list(rows.list.ids) == [118, 958]
        assert "1 selected, 1 hidden by filter" in rows.name_shown(2).plain


async def test_a_filter_that_is_not_understood_says_so_and_one_that_hides_all_says_how_to_clear_it():
    async with shown(a_hub(), "3", "slash", *"colour:red", "enter") as pilot:
        assert any(note.message.startswith("colour: is no filter") for note in pilot.app._notifications)
    async with shown(a_hub(), "3", "slash", *"nowhere", "enter") as pilot:
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


async def test_one_of_each_cause_is_tried():
    hub = a_hub()
    hub.rows.groups = [
        FailureGroup(Code.SERVER, "500 model_call_error", 2, 118),
        FailureGroup(Code.INPUT, "line 81: no text", 1, 80),
    ]
    async with shown(hub, "3", "c") as pilot:
        assert isinstance(pilot.app.screen, CausesDialog)
        await pressing("t")(pilot)
    assert set(hub.commands[0].positions) == {80, 118}


async def test_the_ticket_goes_through_the_list_it_was_opened_from():
    async with shown(a_hub(), "3", "j", "enter", "j", "j", "k") as pilot:
        dialog = pilot.app.screen
        assert isinstance(dialog, TicketDialog)
        assert dialog._ids[dialog._index] == 231
        await pressing("escape")(pilot)
        assert not isinstance(pilot.app.screen, TicketDialog)


async def test_results_are_filtered_by_label():
    hub = a_hub()
    async with shown(hub, "4", "slash", *"category:billing !priority:low late", "enter") as pilot:
        assert len(pilot.app.screen.query_one(ResultList).list.ids) == 59
    (name, wanted) = hub.rows.asked[-1]
    assert name == "result_positions"
    assert (wanted["categories"], wanted["exclude_priorities"], wanted["words"]) == (["billing"], ["low"], "late")


async def test_a_job_is_resumed_or_exported_from_the_list():
    hub = a_hub()
    async with shown(hub, "2", "j", "j", "e", "enter"):
        pass
    assert [job_id for job_id, _, _ in hub.exports] == [40]
    assert hub.resumed == [40]


async def test_rows_of_the_filter_are_exported():
    hub = a_hub()
    async with shown(hub, "3", "slash", *"code:E-5XX", "enter", "e", "enter"):
        pass
    assert hub.exports == [(42, "./tickets_5k-failures", (118, 958))]


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
        drawn = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        assert "[/b] [@click=app.quit]x[/]" in drawn
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn


async def test_an_empty_store_says_what_to_do():
    async with shown(RecordingHub(replace(busy(), job_id=0, failed=0, done=0)), "2") as pilot:
        drawn = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        assert "No jobs yet" in drawn
        assert "n picks a file" in drawn


async def test_every_list_keeps_its_place_when_rows_come_anew():
    hub = a_hub()
    async with shown(hub, "3", "j", "j", "j") as pilot:
        rows = pilot.app.screen.query_one(VirtualList)
        before = rows.current
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1)
        pilot.app.clock.pass_by(2)
        await settle(pilot)
        assert rows.current == before
