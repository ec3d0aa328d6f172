"""The look of lists, tickets and the dialogs over them, in every state that they can be in."""

from dataclasses import replace

import pytest

import console_states as states
from console_builders import FAILURES, console
from console_lists import ATTEMPTS, HOSTILE, a_hub, done, pressing, result, ticket
from forge_tui.console.screens.row_list import RowList
from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import RULES, RetryHelps
from forge_tui.core.snapshot import Snapshot


def no_failures():
    hub = a_hub(states.without_failures())
    hub.rows.failure_list = []
    return hub, ("3",)


def all_retried():
    hub, keys = no_failures()
    hub.job = replace(hub.job, waiting=30)
    return hub, keys


def no_results():
    hub = a_hub(states.busy(done=0, failed=0))
    hub.rows.result_list, hub.rows.failure_list = [], []
    return hub, ("4",)


def no_job():
    hub = a_hub(Snapshot.empty())
    hub.rows.failure_list = []
    return hub, ("3",)


def filtered_to_none():
    return a_hub(), ("3", "slash", (*"nowhere", "enter"))


def results_filtered_to_none():
    hub = a_hub()
    hub.rows.result_list = []
    return hub, ("4", "slash", (*"priority:low", "enter"))


def filter_being_typed():
    return a_hub(), ("3", "slash", (*"code:E-5",))


def marks_hidden():
    return a_hub(), ("3", "space", "space", "space", "slash", (*"code:E-5XX", "enter"))


def while_the_breaker_is_open():
    return a_hub(states.breaker_open()), ("3", "space", "R")


def provider_hold():
    return a_hub(states.provider_hold()), ("3", "j", "enter")


def retry_of_none():
    hub = a_hub()
    hopeless = [row for row in FAILURES if RULES[row.code].retry_helps is RetryHelps.NO]
    hub.rows.failure_list = hopeless
    return hub, ("3", "R")


def retry_held():
    return a_hub(), ("3", "R", "enter")


def hostile():
    hub = a_hub()
    hub.rows.failure_list = [replace(row, message=HOSTILE) for row in FAILURES]
    hub.rows.tickets[80] = ticket(80, text=HOSTILE, message=HOSTILE, external_id=HOSTILE)
    hub.rows.attempt_lists[80] = [replace(ATTEMPTS[-1], message=HOSTILE, answer=HOSTILE)]
    return hub, ("3", "enter")


def hostile_results():
    hub = a_hub()
    hub.rows.result_list = [replace(result(n, HOSTILE), text=HOSTILE) for n in range(1, 4)]
    return hub, ("4",)


def long_ticket():
    hub = a_hub()
    text = "Die App startet nach dem Update nicht mehr, \u8bf7\u5e2e\u5fd9. " * 40
    hub.rows.tickets[1] = done(
        1, text=text, truncated=True, twins=tuple(range(100, 112)), external_id="Z-77", words=320
    )
    return hub, ("4", "enter")


STATES = (
    no_failures,
    all_retried,
    no_results,
    no_job,
    filtered_to_none,
    results_filtered_to_none,
    filter_being_typed,
    marks_hidden,
    while_the_breaker_is_open,
    provider_hold,
    retry_of_none,
    retry_held,
    hostile,
    hostile_results,
    long_ticket,
)


@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
def test_a_list_in_this_state_has_its_picture(snap_compare, state):
    hub, keys = state()
    assert snap_compare(console(hub), terminal_size=(80, 24), run_before=pressing(*keys))


def test_while_rows_are_read_the_list_says_so(snap_compare, monkeypatch):
    monkeypatch.setattr(RowList, "_ask", lambda *_, **__: None)
    assert snap_compare(console(a_hub()), terminal_size=(80, 24), run_before=pressing("3"))


def test_a_wide_list_of_failures_waits_for_the_breaker(snap_compare):
    assert states.breaker_open().breaker.state == BreakerState.OPEN
    hub = a_hub(states.breaker_open())
    assert snap_compare(console(hub), terminal_size=(140, 40), run_before=pressing("3", "j"))


def test_without_colour_marks_cursor_and_verdicts_are_words_and_signs(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    hub = a_hub()
    assert snap_compare(console(hub, ascii_only=True), terminal_size=(80, 24), run_before=pressing("3", "j", "space"))
