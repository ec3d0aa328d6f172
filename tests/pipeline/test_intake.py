"""What is found out about a ticket before it is stored, and that none goes out which the model cannot read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity, EstimatedTicket, Origin, RefusedRow, Ticket
from forge_tui.pipeline.assembly import intake_for
from forge_tui.pipeline.estimator import tokens_of
from forge_tui.pipeline.intake import Intake
from forge_tui.provider.presets import resolve
from forge_tui.settings import Settings
from session_builders import in_a_world
from store_builders import all_rows

ORIGIN = Origin("tickets.csv", 17)


def taken(text, *, most_tokens=None, cuts=True):
    return Intake("fingerprint", most_tokens, cuts).take(Ticket(3, text, ORIGIN, "T-9"))


def test_a_ticket_that_fits_is_stored_as_it_is():
    found = taken("the screen stays black", most_tokens=6)
    assert (found.ticket.text, found.ticket.truncated) == ("the screen stays black", False)
    assert (found.complexity, found.words, found.tokens) == (Complexity.SIMPLE, 4, 6)


def test_a_ticket_over_the_models_context_loses_its_middle():
    found = taken("first " + "word " * 4000 + "last", most_tokens=100)
    assert found.ticket.truncated
    assert found.tokens <= 100
    assert found.ticket.text.startswith("first word")
    assert found.ticket.text.endswith("word last")


def test_where_nothing_may_be_cut_it_is_refused_with_both_numbers():
    found = taken("word " * 400, most_tokens=100, cuts=False)
    assert isinstance(found, RefusedRow)
    assert (found.position, found.code, found.external_id) == (3, Code.TOO_LONG, "T-9")
    expected = "tickets.csv:17: about 500 tokens, the model reads 100: set max_ticket_chars or split it"
    assert found.message == expected


@given(st.text(min_size=1, max_size=400), st.integers(10, 200))
def test_what_is_sent_always_fits(text, most_tokens):
    found = taken(text, most_tokens=most_tokens)
    assert isinstance(found, EstimatedTicket)
    assert tokens_of(found.ticket.text) <= most_tokens


@pytest.mark.parametrize(
    ("settings", "most_tokens"),
    [
        ({"provider": "sarvam"}, range(125_000, 128_000 - 2048)),
        ({"provider": "sarvam", "model": "sarvam-105b-conversations"}, range(29_000, 32_000 - 2048)),
        ({"provider": "sarvam", "context_tokens": 8000}, range(5_000, 8000 - 2048)),
        ({"provider": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "m"}, None),
        ({"provider": "local"}, None),
    ],
)
def test_the_room_is_the_models_context_without_prompt_and_answer(settings, most_tokens):
    chosen = Settings(**settings)
    found = intake_for(chosen, resolve(chosen, has_key=True)).most_tokens
    assert found is None if most_tokens is None else found in most_tokens


def test_a_ticket_that_the_model_cannot_read_is_never_paid_for():
    async def story(w):
        await w.run(["the screen stays black", "word " * 4000])
        _, failure = await all_rows(w.session.store, 1)
        return failure, w.snapshot, w.stats.requests

    failure, shot, requests = in_a_world(story, max_ticket_chars=0, context_tokens=3000)
    assert (shot.done, shot.failed, requests) == (1, 1, 1)
    assert failure.code is Code.TOO_LONG
    assert "tickets.txt:2: about 5,000 tokens, the model reads " in failure.message
