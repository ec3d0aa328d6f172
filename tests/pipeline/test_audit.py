"""The audit: a fixed share is chosen, whoever asks and whenever; a class gives company up when it is proven wrong."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.agreement import Agreement
from forge_tui.core.outcome import Classification
from forge_tui.core.settlement import CheckedTicket, DoneTicket
from forge_tui.core.ticket import Batch, Complexity
from forge_tui.pipeline.audit import LEAST_ANSWERED, Audit
from ticket_builders import a_ticket

SIMPLE = Complexity.SIMPLE
BILLING = Classification("billing", "low", "An invoice is wrong.")


def checked(category="billing", priority="low", alone=True):
    answer = Classification(category, priority, "Said alone.") if alone else None
    return CheckedTicket(1, SIMPLE, BILLING, answer)


def done(*positions):
    return [DoneTicket(position, 0, BILLING, 10, 0.1, 1, 0) for position in positions]


def batch_of(*positions, **changes):
    return Batch(1, SIMPLE, tuple(a_ticket(position, **changes) for position in positions))


@pytest.mark.parametrize("share", [0.005, 0.1, 0.5])
def test_the_share_is_met_within_its_chance(share):
    chosen = sum(Audit(share, 7, {}).chosen(position) for position in range(1, 50_001))
    assert chosen == pytest.approx(50_000 * share, abs=4 * (50_000 * share) ** 0.5)


@given(st.integers(1, 10**7), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_chooses_what_a_smaller_one_did(position, one, other):
    small, large = sorted((one, other))
    assert Audit(large, 3, {}).chosen(position) or not Audit(small, 3, {}).chosen(position)


def test_all_and_none_are_all_and_none():
    assert all(Audit(1.0, 1, {}).chosen(position) for position in range(1, 1000))
    assert not any(Audit(0.0, 1, {}).chosen(position) for position in range(1, 1000))


def test_only_tickets_answered_in_company_are_asked_again_and_each_as_if_for_the_first_time():
    audit = Audit(1.0, 1, {})
    assert list(audit.picks(batch_of(1), done(1))) == []
    picked = list(audit.picks(batch_of(1, 2, 3, ticket_attempts=2, note="hint", twins=4), done(1, 3)))
    assert [ticket.position for ticket in picked] == [1, 3]
    first = picked[0]
    assert (first.company, first.ticket_attempts, first.note, first.check_of) == (1, 0, None, BILLING)


def test_a_class_rides_alone_once_the_upper_end_of_its_interval_is_under_nine_tenths():
    audit = Audit(0.1, 1, {})
    said = [audit.hear(SIMPLE, [checked("other")]) for _ in range(LEAST_ANSWERED)]
    assert said[:-1] == [None] * (LEAST_ANSWERED - 1)
    assert said[-1] is not None
    assert said[-1].endswith(f"of {LEAST_ANSWERED} asked again alone")
    assert audit.too_low(Complexity.MEDIUM) is None


def test_either_label_is_enough():
    audit = Audit(0.1, 1, {SIMPLE: Agreement(30, 30, 15)})
    assert audit.too_low(SIMPLE) is not None


def test_an_agreement_that_may_well_be_nine_tenths_changes_nothing():
    audit = Audit(0.1, 1, {})
    heard = [checked("other" if n % 8 == 0 else "billing") for n in range(200)]
    assert [audit.hear(SIMPLE, [one]) for one in heard] == [None] * 200


def test_what_got_no_answer_alone_never_makes_a_class_ride_alone():
    audit = Audit(0.1, 1, {})
    assert audit.hear(SIMPLE, [checked(alone=False)] * 500) is None


def test_a_proven_disagreement_is_not_taken_back_by_hearing_more_of_it():
    audit = Audit(0.1, 1, {})
    said = [audit.hear(SIMPLE, [checked("other")]) is not None for _ in range(60)]
    assert all(after or not before for before, after in pairwise(said))
