"""Would a retry help now: the failure table's word, or the wait before anything may be sent."""

from dataclasses import replace

import pytest

import console_states as states
from console_builders import FAILURES
from forge_tui.console.verdicts import retry_verdict, tries, wait_of
from forge_tui.core.failure import RULES, Code, RetryHelps


def words(code, job, later_s=0.0):
    return retry_verdict(code, wait_of(job, states.NOW_MONO + later_s)).words


@pytest.mark.parametrize("code", list(Code))
def test_while_requests_may_leave_it_is_the_word_of_the_table(code):
    assert words(code, states.busy()) == RULES[code].retry_helps


@pytest.mark.parametrize(
    ("job", "later_s", "told"),
    [
        (states.breaker_open(), 0.0, "in 00:18"),
        (states.breaker_open(), 10.2, "in 00:08"),
        (states.breaker_open(), 18.0, "now"),
        (states.half_open(), 0.0, "now"),
        (states.provider_hold(), 0.0, "in 00:42"),
        (states.long_hold(), 0.0, "in 6h"),
    ],
)
def test_behind_a_shut_gate_it_tells_how_long(job, later_s, told):
    assert words(Code.SERVER, job, later_s) == told
    assert words(Code.SCHEMA, job, later_s) == RetryHelps.UNLIKELY
    assert words(Code.FILTER, job, later_s) == RetryHelps.NO


def test_of_two_waits_the_longer_one_counts():
    both = replace(states.breaker_open(), limits=states.provider_hold().limits)
    assert wait_of(both, states.NOW_MONO).cause == "provider hold"
    assert words(Code.SERVER, both) == "in 00:42"


def test_a_breaker_that_is_switched_off_keeps_nothing_back():
    job = states.breaker_open()
    assert words(Code.SERVER, replace(job, breaker=replace(job.breaker, enabled=False))) == "now"


def test_tries_are_those_of_the_counter_that_decided():
    by_code = {row.code: tries(row) for row in FAILURES}
    assert (by_code[Code.SERVER], by_code[Code.SCHEMA], by_code[Code.INPUT]) == ("6/6", "3/3", "–")
