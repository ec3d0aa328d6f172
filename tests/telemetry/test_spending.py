"""What a job costs and what was saved, in words."""

from forge_tui.telemetry import spending
from snapshot_builders import mid_run


def test_what_cache_and_company_saved_is_told_in_money_or_in_tokens():
    job = mid_run(saved_tokens=130_000, saved_cost=4.1, batching_saved_tokens=420_000, batching_saved_cost=12.3)
    assert spending.saved_of(job) == "saved ₹4.10 by cache and twins, ₹12.30 by batching"
    assert spending.saved_of(mid_run(batching_saved_tokens=420_000, free=True)) == "saved 420k tokens by batching"
    assert spending.saved_of(mid_run()) == ""


def test_the_price_of_a_ticket_is_that_of_the_tickets_a_request_answered():
    assert spending.ticket_cost_text(mid_run(cost=24.0, from_model=2400)) == "₹0.0100 a ticket"
    assert spending.ticket_cost_text(mid_run(from_model=0)) == ""
    assert spending.ticket_cost_text(mid_run(free=True)) == ""


def test_what_costs_nothing_is_free_and_what_has_no_price_says_so():
    assert spending.cost_text(mid_run(free=True)) == "free"
    assert spending.cost_text(mid_run(currency="")) == "cost –"
