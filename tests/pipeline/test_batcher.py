"""The batcher: how many tickets ride together, and why."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.ticket import Complexity
from forge_tui.pipeline.batcher import DISTURBED, Batcher, BatchRules, Scarcity, seated
from ticket_builders import a_ticket, tickets

SIMPLE, MEDIUM, COMPLEX = Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX
FREE = Scarcity(None, "requests are free")


def a_batcher(size="auto", **changes):
    rules = {
        "size": size,
        "caps": {SIMPLE: 20, MEDIUM: 10, COMPLEX: 5},
        "prompt_tokens": 6000,
        "output_tokens": 1500,
        "alone_over_tokens": 1500,
        "shared_tokens": 250,
    }
    return Batcher(BatchRules(**(rules | changes)))


def test_free_requests_carry_one_ticket_each():
    assert a_batcher().size(SIMPLE, 5000, FREE) == (1, "requests are free")


@pytest.mark.parametrize(("complexity", "cap"), [(SIMPLE, 20), (MEDIUM, 10), (COMPLEX, 5)])
def test_scarce_requests_carry_the_class_cap_at_once(complexity, cap):
    assert a_batcher().size(complexity, 5000, Scarcity(2.0, "requests/min"))[0] == cap


def test_a_small_backlog_is_spread_over_the_requests_that_may_leave():
    assert a_batcher().size(SIMPLE, 6, Scarcity(2.0, "requests/min"))[0] == 3


def test_a_fixed_size_is_kept_under_the_class_cap():
    batcher = a_batcher(size=8)
    assert [batcher.size(c, 100, FREE)[0] for c in (SIMPLE, MEDIUM, COMPLEX)] == [8, 8, 5]


def test_a_raised_cap_stays_inside_what_a_reply_may_hold():
    assert a_batcher(caps={SIMPLE: 100, MEDIUM: 10, COMPLEX: 5}).cap(SIMPLE) == 24


def test_long_tickets_ride_alone():
    line = [a_ticket(1, tokens=1600), a_ticket(2)]
    assert [t.position for t in a_batcher().form(line, 20)] == [1]
    assert [t.position for t in a_batcher().form(reversed(line), 20)] == [2]


def test_a_batch_stays_inside_the_prompt_budget():
    assert len(a_batcher().form(tickets(20, tokens=1000), 20)) == 5


def test_a_ticket_limits_the_company_it_rides_in():
    line = [a_ticket(1, company=2), a_ticket(2, company=2), a_ticket(3, company=2), a_ticket(4)]
    assert [t.position for t in a_batcher().form(line, 20)] == [1, 2]


def test_a_fresh_ticket_does_not_join_one_that_must_ride_alone():
    assert [t.position for t in a_batcher().form([a_ticket(1), a_ticket(2, company=1)], 20)] == [1]


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(1, 3000), st.sampled_from([None, 1, 2, 5])), min_size=1))
def test_a_batch_is_never_empty_never_over_its_size_and_always_the_head_of_the_line(size, shapes):
    line = [a_ticket(n, tokens=tokens, company=company) for n, (tokens, company) in enumerate(shapes, 1)]
    chosen = a_batcher().form(iter(line), size)
    assert 1 <= len(chosen) <= size
    assert list(chosen) == line[: len(chosen)]
    assert all(len(chosen) <= ticket.company for ticket in chosen if ticket.company)


def test_one_unusable_batch_does_not_shrink_its_class():
    batcher = a_batcher()
    assert batcher.learn(SIMPLE, usable=False) is None
    assert batcher.size(SIMPLE, 5000, Scarcity(1.0, ""))[0] == 20


def test_three_unusable_of_twenty_shrink_the_class_and_five_clean_grow_it():
    batcher = a_batcher()
    changes = [batcher.learn(SIMPLE, usable=False) for _ in range(3)]
    assert (changes[2].before, changes[2].after) == (20, 14)
    grown = [batcher.learn(SIMPLE, usable=True) for _ in range(5)]
    assert (grown[4].before, grown[4].after, grown[4].reason) == (14, 17, "5 clean")
    assert batcher.size(MEDIUM, 5000, Scarcity(1.0, ""))[0] == 10


def test_at_two_per_cent_unusable_replies_the_mean_size_stays_near_the_cap():
    rng = random.Random(7)
    batcher = a_batcher()
    sizes = []
    for _ in range(20_000):
        sizes.append(batcher.size(SIMPLE, 5000, Scarcity(1.0, ""))[0])
        batcher.learn(SIMPLE, usable=rng.random() >= 0.02)
    assert sum(sizes) / len(sizes) >= 0.8 * 20


def test_a_class_that_rides_alone_stays_alone_whatever_it_learns():
    batcher = a_batcher()
    change = batcher.ride_alone(SIMPLE, "agreement 70% to 85% of 40 asked again alone")
    assert (change.before, change.after) == (20, 1)
    assert batcher.ride_alone(SIMPLE, "again") is None
    assert [batcher.learn(SIMPLE, usable=True) for _ in range(20)] == [None] * 20
    scarce = Scarcity(2.0, "requests/min")
    assert batcher.size(SIMPLE, 5000, scarce) == (1, DISTURBED)
    assert batcher.size(MEDIUM, 5000, scarce)[0] == 10


def test_a_batch_that_is_asked_again_stands_in_another_order():
    first = tickets(10)
    again = tickets(10, company=10)
    assert seated(first, 7) == tuple(first)
    assert {seated(again, number)[0].position for number in range(40)} == set(range(1, 11))
    assert sorted(seated(again, 7), key=lambda ticket: ticket.position) == again
    assert seated(again, 7) == seated(again, 7)
