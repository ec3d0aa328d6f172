"""The budget: reserved before, settled after, and never passed by more than what was in flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.resilience.budget import Budget


def test_what_does_not_fit_is_not_sent():
    budget = Budget(10.0, spent=4.0)
    assert budget.fits(6.0)
    assert not budget.fits(6.1)


def test_what_is_in_flight_counts_until_it_is_settled():
    budget = Budget(10.0)
    token = budget.reserve(7.0)
    assert budget.reserved == 7.0
    assert not budget.fits(4.0)
    budget.settle(token, 2.0)
    assert (budget.reserved, budget.spent) == (0.0, 2.0)
    assert budget.fits(8.0)


def test_it_is_reached_only_when_waiting_for_bills_cannot_help():
    budget = Budget(10.0)
    token = budget.reserve(7.0)
    assert not budget.fits(4.0)
    assert not budget.reached(4.0)
    budget.settle(token, 7.0)
    assert budget.reached(4.0)


def test_a_request_that_was_not_billed_gives_everything_back():
    budget = Budget(1.0)
    budget.settle(budget.reserve(1.0), 0.0)
    assert budget.fits(1.0)


def test_nothing_is_settled_twice():
    budget = Budget(10.0)
    token = budget.reserve(1.0)
    budget.settle(token, 1.0)
    with pytest.raises(KeyError):
        budget.settle(token, 1.0)
    assert budget.spent == 1.0


def test_without_a_maximum_everything_fits_and_is_still_counted():
    budget = Budget(None)
    assert budget.fits(1e9)
    assert not budget.reached(1e9)
    budget.settle(budget.reserve(3.0), 3.0)
    assert budget.spent == 3.0


def test_raising_it_lets_the_job_go_on():
    budget = Budget(5.0, spent=5.0)
    assert budget.reached(0.1)
    budget.set_max(6.0)
    assert budget.max_cost == 6.0
    assert budget.fits(1.0)


@given(
    st.floats(0.1, 100),
    st.integers(1, 10),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 12), st.integers(0, 9)), max_size=80),
)
def test_spent_passes_the_budget_by_no_more_than_what_was_in_flight(max_cost, cap, requests):
    budget, in_flight = Budget(max_cost), []
    for estimate, actual, which in requests:
        if len(in_flight) < cap and budget.fits(estimate):
            in_flight.append((budget.reserve(estimate), actual))
        elif in_flight:
            budget.settle(*in_flight.pop(which % len(in_flight)))
        dearest = max(cost for _, cost, _ in requests)
        assert budget.spent <= max_cost + cap * dearest


@given(st.floats(1, 100), st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 1)), max_size=80))
def test_with_estimates_that_are_maxima_it_is_never_passed(max_cost, requests):
    budget = Budget(max_cost)
    in_flight = [(budget.reserve(estimate), estimate * share) for estimate, share in requests if budget.fits(estimate)]
    for token, actual in in_flight:
        budget.settle(token, actual)
    assert budget.spent <= max_cost + 1e-9
