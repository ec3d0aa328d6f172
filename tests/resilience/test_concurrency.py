"""The concurrency limit: doubling, cutting, remembering, and never out of its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.resilience.concurrency import Concurrency


def clean_round(slots, *, in_flight=None):
    """As many successes as the limit; answers the limit after it."""
    for _ in range(slots.limit):
        slots.on_success(slots.limit if in_flight is None else in_flight)
    return slots.limit


@pytest.mark.parametrize(("cap", "start"), [(1, 1), (4, 4), (10, 10), (500, 10)])
def test_it_starts_at_ten_or_at_a_smaller_cap(cap, start):
    assert Concurrency(cap).limit == start


def test_it_doubles_each_clean_round_until_the_cap():
    slots = Concurrency(100)
    assert [clean_round(slots) for _ in range(5)] == [20, 40, 80, 100, 100]
    assert slots.reason == "a clean round, no 429 yet: doubled"


def test_after_the_first_cut_it_grows_by_one_a_round():
    slots = Concurrency(100)
    slots.on_rate_limited(0.0, None)
    assert slots.limit == 7
    assert [clean_round(slots) for _ in range(3)] == [8, 9, 10]


def test_room_that_nobody_used_is_not_enlarged():
    slots = Concurrency(100)
    assert clean_round(slots, in_flight=7) == 10
    assert clean_round(slots, in_flight=8) == 20


def test_one_burst_of_429s_cuts_once():
    slots = Concurrency(100)
    for now in (0.0, 0.1, 0.5, 0.99):
        slots.on_rate_limited(now, None)
    assert slots.limit == 7
    slots.on_rate_limited(1.0, None)
    assert slots.limit == 4


def test_the_burst_lasts_as_long_as_its_retry_after():
    slots = Concurrency(100)
    slots.on_rate_limited(0.0, 30.0)
    slots.on_rate_limited(29.9, 30.0)
    assert slots.limit == 7
    slots.on_rate_limited(30.0, 30.0)
    assert slots.limit == 4


def test_a_429_spoils_its_round_also_when_it_does_not_cut():
    slots = Concurrency(100)
    slots.on_rate_limited(0.0, None)
    for _ in range(6):
        slots.on_success(7)
    slots.on_rate_limited(0.5, None)
    slots.on_success(7)
    assert slots.limit == 7


def test_a_service_fault_stops_growth_and_cuts_nothing():
    slots = Concurrency(100)
    slots.on_service_fault()
    assert clean_round(slots) == 10
    assert clean_round(slots) == 20


def test_after_an_outage_it_doubles_back_to_the_limit_held_before():
    slots = Concurrency(100)
    slots.on_rate_limited(0.0, None)
    for _ in range(5):
        clean_round(slots)
    assert slots.limit == 12
    slots.after_outage()
    assert slots.limit == 3
    assert slots.reason == "after an outage: from a quarter back to 12"
    assert [clean_round(slots) for _ in range(4)] == [6, 12, 13, 14]


def test_a_second_outage_during_recovery_does_not_forget_the_limit_held_before_the_first():
    slots = Concurrency(10)
    slots.after_outage()
    clean_round(slots)
    slots.after_outage()
    assert [slots.limit] + [clean_round(slots) for _ in range(4)] == [2, 4, 8, 10, 10]


def test_a_429_during_recovery_ends_it():
    slots = Concurrency(40)
    slots.after_outage()
    clean_round(slots)
    slots.on_rate_limited(0.0, None)
    assert [clean_round(slots) for _ in range(2)] == [3, 4]


def test_a_lower_cap_holds_at_once_and_a_higher_one_is_grown_into():
    slots = Concurrency(10)
    slots.set_cap(3)
    assert (slots.limit, slots.cap, slots.reason) == (3, 3, "the ceiling was lowered")
    slots.set_cap(8)
    assert slots.limit == 3
    assert [clean_round(slots) for _ in range(2)] == [6, 8]


def test_a_cap_lowered_during_recovery_is_all_that_it_recovers_to():
    slots = Concurrency(40)
    slots.on_rate_limited(0.0, None)
    for _ in range(5):
        clean_round(slots)
    slots.after_outage()
    slots.set_cap(6)
    assert clean_round(slots) == 6
    slots.set_cap(40)
    assert clean_round(slots) == 7


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("success"), st.integers(0, 300)),
        st.tuples(st.just("429"), st.none() | st.floats(0, 90)),
        st.tuples(st.just("fault"), st.none()),
        st.tuples(st.just("outage"), st.none()),
        st.tuples(st.just("cap"), st.integers(1, 300)),
    ),
    max_size=200,
)


@given(st.integers(1, 300), happenings)
def test_it_is_never_above_the_cap_nor_under_one(cap, history):
    slots, now = Concurrency(cap), 0.0
    for what, value in history:
        now += 0.7
        match what:
            case "success":
                for _ in range(5):
                    slots.on_success(value)
            case "429":
                slots.on_rate_limited(now, value)
            case "fault":
                slots.on_service_fault()
            case "outage":
                slots.after_outage()
            case _:
                slots.set_cap(value)
        assert 1 <= slots.limit <= slots.cap
        assert slots.reason


@given(st.integers(1, 200), st.integers(0, 30), st.integers(1, 6))
def test_from_anywhere_a_quiet_provider_gives_every_slot_back(cap, cuts, outages):
    slots = Concurrency(cap)
    for cut in range(cuts):
        slots.on_rate_limited(cut * 10.0, None)
    for _ in range(outages):
        slots.after_outage()
    for _ in range(cap + 20):
        clean_round(slots)
    assert slots.limit == cap
