"""The repair ladder: one reply of every shape, and no text that raises, hangs or writes another ticket's row."""

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forge_tui.provider.reply import MAX_CHARS, Rows, Unreadable, read_rows

ONE = {"id": "t1", "category": "billing", "priority": "low", "summary": "Charged twice."}
TWO = {"id": "t2", "category": "other", "priority": "high", "summary": "A } brace, a ] and a \" 'quote'."}
BOTH = {"results": [ONE, TWO]}
ANSWER = json.dumps(BOTH)
DRAFT = json.dumps({"results": [{**ONE, "category": "other", "summary": "A draft."}]})

READABLE = {
    "plain": ANSWER,
    "byte order mark and blanks": f"\ufeff\n {ANSWER} \n",
    "pretty-printed": json.dumps(BOTH, indent=2),
    "bare array": json.dumps([ONE, TWO]),
    "results as a JSON string": json.dumps({"results": json.dumps([ONE, TWO])}),
    "an object as a JSON string": json.dumps({"results": ANSWER}),
    "fence with a language": f"```json\n{ANSWER}\n```",
    "bare fence": f"```\n{ANSWER}\n```",
    "fence inside prose": f"Here you are:\n```JSON\n{ANSWER}\n```\nAnything else?",
    "prose around": f"Sure! {ANSWER} I hope this helps.",
    "reasoning before": f"<think>t1 is about money {DRAFT}</think>\n{ANSWER}",
    "reasoning in capitals": f"<THINKING>{DRAFT}</THINKING>{ANSWER}",
    "reasoning within reasoning": f"<think>a <think>b</think> {DRAFT} </think>{ANSWER}",
    "orphan end of reasoning": f"t1 is about money. {DRAFT}\n</think>\n{ANSWER}",
    "reasoning, then a fence": f"<think>hm</think>```json\n{ANSWER}\n```",
    "reasoning begun after the answer": f"{ANSWER}<think>was that right? {DRAFT}",
    "prose before the array": f"As an array: {json.dumps([ONE, TWO])}",
    "brace in prose before": f"Use {{ and }} as asked, or {{ alone: {ANSWER}",
    "quote in prose before": f'Five " of it { {"x"} } {ANSWER}',
    "answer inside a bad block": f"{{bad block {ANSWER} }}",
    "another name for the list": json.dumps({"items": [ONE, TWO]}),
    "one object a line": f"{json.dumps(ONE)}\n{json.dumps(TWO)}",
    "trailing commas": ANSWER.replace('"}', '",}').replace("}]", "},]"),
    "missing comma between objects": ANSWER.replace("}, {", "} {"),
    "missing end": ANSWER[:-2],
    "single quotes": str(BOTH),
    "extra keys and numbers": json.dumps({"results": [{**ONE, "confidence": 0.9}, {**TWO, "confidence": 1}]}),
    "items that are no objects": json.dumps({"results": [ONE, None, "t2", 5, TWO]}),
}


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE.keys())
def test_readable_shapes_give_both_rows(content):
    """D31: braces in strings, unbalanced braces and bad blocks around an answer do not hide it."""
    found = read_rows(content)
    assert isinstance(found, Rows)
    assert [{key: row[key] for key in ONE} for row in found.rows] == [ONE, TWO]


UNREADABLE = {
    "nothing": ("", False),
    "blanks": (" \n\ufeff", False),
    "prose": ("I cannot help with that.", False),
    "a number": ("42", False),
    "another object": ('{"error": "busy"}', False),
    "a results list of words": ('{"results": ["billing"]}', False),
    "no answer after the reasoning": (f"<think>{DRAFT}</think>", False),
    "only a draft before an orphan end": (f"{DRAFT}</think> Sorry.", False),
    "unclosed reasoning": ("<think>The first ticket", True),
    "a draft in unclosed reasoning": (f"<think>maybe {DRAFT} or rather", True),
    "cut in the first row": ('{"results":[{"id":"t1","categ', True),
    "cut in a fence": ('```json\n{"results":[{"id":"t1"', True),
}


@pytest.mark.parametrize(("content", "cut"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_shapes_give_a_reason_and_never_a_draft(content, cut):
    """D32: a draft inside the reasoning is never the answer, and cut replies are told from foreign ones."""
    found = read_rows(content)
    assert isinstance(found, Unreadable)
    assert found.cut is cut
    assert found.reason


def test_empty_results_are_an_answer_without_rows():
    assert read_rows('{"results": []}') == read_rows("[]") == Rows(())


def test_single_object_is_one_row():
    assert read_rows(json.dumps(ONE)) == read_rows(json.dumps({"results": ONE})) == Rows((ONE,))


def test_cut_array_keeps_its_complete_rows():
    assert read_rows(ANSWER[:-30]) == Rows((ONE,), repaired=True, cut=True)


def test_exact_json_is_not_called_repaired():
    assert read_rows(f"<think>hm</think>```json\n{ANSWER}\n```") == Rows((ONE, TWO))


def test_smart_quotes_are_made_straight():
    row = "{“id”: “t1”, “category”: “billing”, “priority”: “low”, “summary”: “Charged twice.”}"
    assert read_rows(f"{{“results”: [{row}]}}") == Rows((ONE,), repaired=True)


def test_apostrophes_survive_single_quotes():
    row = "{'id': 't1', 'category': 'billing', 'priority': 'low', 'summary': 'It's \"Pro\", can\\'t pay'}"
    assert read_rows(f"[{row}]").rows[0]["summary"] == "It's \"Pro\", can't pay"


def test_raw_line_break_in_a_string_is_read():
    assert read_rows(json.dumps([ONE]).replace("twice", "\ntwice")).rows[0]["summary"] == "Charged \ntwice."


def test_reasoning_tags_inside_a_summary_are_text():
    row = {**ONE, "summary": "Page shows </think> and <think>."}
    assert read_rows(json.dumps([row])) == Rows((row,))


def test_keys_given_twice_are_dropped():
    found = read_rows('[{"id":"t1","category":"billing","category":"other","priority":"low","summary":"x"}]')
    assert found == Rows(({"id": "t1", "priority": "low", "summary": "x"},))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "0"])
def test_numbers_are_never_read(number):
    assert read_rows(f'[{{"id":"t1","category":{number}}}]') == Rows(({"id": "t1", "category": None},))


def test_lone_surrogates_and_nul_are_harmless():
    found = read_rows('[{"id":"t1\\ud800","summary":"a\\u0000b"}]')
    assert found == Rows(({"id": "t1\ufffd", "summary": "a\0b"},))


def test_answer_quoted_inside_a_row_is_not_read_as_rows():
    """D33: a summary that quotes an answer, badly escaped, does not write its neighbour's row."""
    evil = '{"results":[{"id":"t2","category":"billing","priority":"low","summary":"fine"}]}'
    content = f'{{"results":[{{"id":"t1","category":"other","priority":"low","summary":"says "{evil}" and"}}]}}'
    found = read_rows(content)
    assert not isinstance(found, Rows) or all(row.get("id") != "t2" for row in found.rows)


HOSTILE = {
    "braces": "{" * MAX_CHARS,
    "brackets and braces": "[{" * (MAX_CHARS // 2),
    "depth bomb": "[" * 100_000 + "]" * 100_000,
    "nested rows": '{"id":' * 170_000,
    "nested results": '{"results":' * 90_000,
    "nested arrays of rows": '[{"id":[' * 130_000,
    "unclosed strings": '[{"id":"' + '\\"' * 500_000,
    "quotes": '[{"id":' + '"' * 1_000_000,
    "single quotes": "{'id': " + "'a " * 340_000,
    "escaped quotes in single quotes": "{'id': " + '"\\' * 500_000,
    "reasoning tags": "<think>" * 149_000,
    "commas": "[{'id':" + ", " * 500_000,
    "blanks": "{" + " " * 1_000_000,
    "wide rows": '{"id":[][]' * 100_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_mebibyte_of_hostile_text_is_judged_in_linear_time(content):
    """Quadratic work on these would take minutes."""
    started = time.process_time()
    assert isinstance(read_rows(content), Unreadable)
    assert time.process_time() - started < 5


def test_longer_than_a_mebibyte_is_refused_unread():
    assert read_rows(" " * MAX_CHARS + ANSWER) == Unreadable("the answer is longer than 1048576 characters")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["results", *ONE]), inner),
    max_leaves=8,
)
fragments = st.lists(
    st.sampled_from(["{", "}", "[", "]", '"', "'", ",", ":", "\\", "<think>", "</think>", "```", "“", "\ud800"])
    | st.sampled_from(['{"results":[', '{"id":"t1",', ANSWER, str(BOTH), DRAFT, " "])
    | st.text(max_size=5),
    max_size=20,
).map("".join)


@settings(max_examples=1000, deadline=None)
@given(
    st.one_of(
        fragments, json_values.map(json.dumps), st.binary(max_size=50).map(lambda raw: raw.decode("utf-8", "replace"))
    )
)
@example("\ud83d")
def test_any_text_gives_rows_or_a_reason(content):
    match read_rows(content):
        case Rows(rows):
            texts = [text for row in rows for pair in row.items() for text in pair if isinstance(text, str)]
            assert all(text.encode() or text == "" for text in texts)
        case Unreadable(reason):
            assert reason


rows_as_sent = st.fixed_dictionaries({key: st.text() for key in ONE})


@settings(deadline=None)
@given(st.lists(rows_as_sent, min_size=1), st.booleans())
def test_what_was_written_exactly_is_read_exactly(rows, ascii_only):
    found = read_rows(json.dumps({"results": rows}, ensure_ascii=ascii_only))
    assert found == Rows(tuple(rows))
    assert read_rows(json.dumps(found.rows)) == found
