"""How much there is to read: classes by words, tokens by script."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.ticket import Complexity
from forge_tui.pipeline.estimator import complexity_of, tokens_of, words


@pytest.mark.parametrize(
    ("count", "complexity"),
    [
        (1, Complexity.SIMPLE),
        (14, Complexity.SIMPLE),
        (15, Complexity.MEDIUM),
        (60, Complexity.MEDIUM),
        (61, Complexity.COMPLEX),
    ],
)
def test_the_class_of_a_ticket_goes_by_its_words(count, complexity):
    assert complexity_of(words(" word\n" * count)) is complexity


def test_words_stand_between_any_white_space():
    assert words("  the\u00a0screen\tis\n\nblack ") == 4


def test_four_characters_of_english_are_a_token_and_a_rest_counts():
    assert [tokens_of("x" * n) for n in (0, 1, 4, 5, 400)] == [0, 1, 1, 2, 100]


@pytest.mark.parametrize("text", ["स्क्रीन काली है", "Принтер не работает", "打印机坏了请帮助我们", "الطابعة لا تعمل"])
def test_other_scripts_weigh_more_than_english(text):
    assert tokens_of(text) > 1.5 * tokens_of("x" * len(text))


@given(st.text(), st.text())
def test_joined_texts_cost_no_more_than_apart_and_no_less_than_each(one, other):
    assert max(tokens_of(one), tokens_of(other)) <= tokens_of(one + other) <= tokens_of(one) + tokens_of(other)


@pytest.mark.alone
def test_a_hundred_thousand_tickets_are_estimated_within_a_second():
    text = "the screen stays black after the update, what now? " * 4
    started = time.perf_counter()
    for _ in range(100_000):
        complexity_of(words(text))
        tokens_of(text)
    assert time.perf_counter() - started < 1
