"""What is sent: one prefix for all, ticket text as data, a schema and a limit that fit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.provider import prompt
from ticket_builders import a_batch, a_ticket


def user_message(batch):
    return json.loads(prompt.user_content(batch))


def test_system_prompt_takes_at_most_250_tokens():
    assert len(prompt.system_prompt(SUPPORT_TAXONOMY)) / prompt.CHARS_PER_TOKEN <= 250


def test_system_prompt_names_every_label_and_the_json_shape():
    text = prompt.system_prompt(SUPPORT_TAXONOMY)
    for label in (*SUPPORT_TAXONOMY.categories, *SUPPORT_TAXONOMY.priorities):
        assert f"- {label.name}: {label.meaning}\n" in text
    assert all(rule in text for rule in SUPPORT_TAXONOMY.rubric)
    assert "JSON" in text
    assert '{"results":[{"id":"t1","category":' in text


def test_user_message_is_one_json_object_of_ids_and_texts():
    batch = a_batch([a_ticket(7, text="fan dead"), a_ticket(3, text="पैसे कट गए")])
    assert prompt.user_content(batch) == ('{"tickets":[{"id":"t1","text":"fan dead"},{"id":"t2","text":"पैसे कट गए"}]}')


def test_repair_hint_is_the_first_key():
    message = user_message(a_batch([a_ticket(1), a_ticket(2, note=prompt.REPAIR_NOTE)]))
    assert list(message) == ["note", "tickets"]
    assert message["note"] == prompt.REPAIR_NOTE


@given(st.lists(st.text(st.characters(categories=None)), min_size=1, max_size=5))
def test_no_ticket_text_leaves_its_json_string(texts):
    """D33: ticket text travels as a JSON string; whatever it says, the batch's shape and ids stay ours."""
    batch = a_batch([a_ticket(n, text=text) for n, text in enumerate(texts, 1)])
    content = prompt.user_content(batch)
    content.encode()
    sent = json.loads(content)
    assert list(sent) == ["tickets"]
    assert [(row["id"], row["text"]) for row in sent["tickets"]] == [
        (f"t{n}", prompt.well_formed(text)) for n, text in enumerate(texts, 1)
    ]


def test_lone_surrogates_become_replacement_characters():
    assert prompt.well_formed("a\ud800b\udfffc") == "a\ufffdb\ufffdc"
    assert prompt.well_formed("सब ठीक 👍") == "सब ठीक 👍"


def test_json_schema_closes_both_enums_and_every_object():
    schema = prompt.response_format("json_schema", SUPPORT_TAXONOMY)["json_schema"]
    rows = schema["schema"]["properties"]["results"]
    assert schema["strict"] is True
    assert rows["items"]["properties"]["category"]["enum"] == list(SUPPORT_TAXONOMY.category_names)
    assert rows["items"]["properties"]["priority"]["enum"] == list(SUPPORT_TAXONOMY.priority_names)
    assert rows["items"]["required"] == ["id", "category", "priority", "summary"]
    assert schema["schema"]["additionalProperties"] is rows["items"]["additionalProperties"] is False


def test_lower_rungs_of_the_format_ladder_ask_for_less():
    assert prompt.response_format("json_object", SUPPORT_TAXONOMY) == {"type": "json_object"}
    assert prompt.response_format("none", SUPPORT_TAXONOMY) is None


@pytest.mark.parametrize(("size", "limit"), [(1, 220), (5, 700), (10, 1300), (20, 2048)])
def test_output_limit_is_twice_the_expected_answer_up_to_the_cap(size, limit):
    assert prompt.max_tokens_for(size, 2048) == limit


def test_overhead_covers_the_system_prompt():
    assert prompt.prompt_overhead_tokens() >= len(prompt.system_prompt(SUPPORT_TAXONOMY)) / prompt.CHARS_PER_TOKEN


@pytest.mark.parametrize(("cap", "limit"), [(1024, 220), (4096, 440), (16_384, 1760)])
def test_a_raised_cap_leaves_more_room_to_each_answer(cap, limit):
    assert prompt.max_tokens_for(1, cap) == limit
