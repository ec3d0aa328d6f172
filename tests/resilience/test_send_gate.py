"""The send gate: one instant for everybody, never moved forward, never open before it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from forge_tui.resilience.send_gate import SendGate

waits = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 120)), min_size=1, max_size=30)


def a_gate(seed=1):
    return SendGate(random.Random(seed))


def test_it_is_open_until_somebody_shuts_it():
    assert a_gate().is_open(0.0)
    assert a_gate().shut_total_s(100.0) == 0.0


@given(waits, st.integers(0, 99))
def test_nothing_leaves_before_any_of_the_instants(shuts, seed):
    """D9: a Retry-After is a floor for everybody."""
    gate, now, instants = a_gate(seed), 0.0, []
    for gap, for_s in shuts:
        now += gap
        gate.shut(now, for_s)
        instants.append(now + for_s)
        assert gate.opens_at >= max(instants)
        assert gate.is_open(now) == (gate.opens_at <= now)


@given(st.floats(0, 1e6), st.floats(0.001, 86_400), st.integers(0, 99))
def test_the_jitter_comes_after_the_instant_and_is_at_most_a_fifth(now, for_s, seed):
    gate = a_gate(seed)
    gate.shut(now, for_s)
    assert now + for_s <= gate.opens_at <= now + 1.2 * for_s + 1e-6


@given(waits, st.integers(0, 99))
def test_it_only_ever_moves_later(shuts, seed):
    gate, now, before = a_gate(seed), 0.0, float("-inf")
    for gap, for_s in shuts:
        now += gap
        gate.shut(now, for_s)
        assert gate.opens_at >= before
        before = gate.opens_at


def test_two_clients_do_not_return_together():
    opening = set()
    for seed in range(20):
        gate = a_gate(seed)
        gate.shut(0.0, 10.0)
        opening.add(gate.opens_at)
    assert len(opening) == 20


def test_the_time_it_was_shut_is_the_union_of_all_waits():
    gate = SendGate(random.Random(1), jitter=0.0)
    gate.shut(10.0, 5.0)
    gate.shut(12.0, 8.0)
    gate.shut(13.0, 1.0)
    assert [gate.shut_total_s(now) for now in (10.0, 15.0, 20.0, 99.0)] == [0.0, 5.0, 10.0, 10.0]
    gate.shut(100.0, 3.0)
    assert [gate.shut_total_s(now) for now in (101.0, 200.0)] == [11.0, 13.0]


@given(waits)
def test_it_was_never_shut_for_longer_than_time_has_passed(shuts):
    gate, now = a_gate(), 0.0
    for gap, for_s in shuts:
        now += gap
        gate.shut(now, for_s)
        assert 0.0 <= gate.shut_total_s(now) <= now + 1e-9
