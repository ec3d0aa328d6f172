import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.outcome import Usage
from forge_tui.provider.envelope import ErrorEnvelope, read_completion, read_error, read_json, read_usage
from loopback_server import completion, error


def test_a_completion_is_read_with_its_usage():
    read = read_completion(completion("hello", "stop"))
    assert (read.content, read.finish_reason) == ("hello", "stop")
    assert read.usage == Usage(prompt_tokens=412, completion_tokens=78)


def test_a_null_content_is_empty_and_keeps_its_finish_reason():
    """The live form of an answer whose budget went into reasoning: no success, and no crash."""
    read = read_completion(completion(None, "length", reasoning_content="Let me…"))
    assert (read.content, read.finish_reason) == ("", "length")


def test_a_list_of_text_parts_is_joined():
    parts = [{"type": "text", "text": "one "}, {"type": "image"}, {"type": "text", "text": "two"}, "junk"]
    assert read_completion(completion(parts)).content == "one two"


def test_think_tags_are_left_to_the_reply_parser():
    assert read_completion(completion("<think>hm</think>{}")).content == "<think>hm</think>{}"


def test_a_refusal_without_content_reads_as_filtered():
    assert read_completion(completion(None, "stop", refusal="I cannot.")).finish_reason == "content_filter"


def test_a_lone_surrogate_does_not_reach_the_store():
    document = read_json(b'{"choices":[{"message":{"content":"a\\ud800b"}}]}')
    assert read_completion(document).content == "a\ufffdb"


@pytest.mark.parametrize(
    "document",
    [None, [], "text", 7, {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "text"}]}, completion(5)],
)
def test_what_is_no_completion_is_none(document):
    assert read_completion(document) is None


@pytest.mark.parametrize(
    "usage",
    [None, [], {}, {"prompt_tokens": 5}, {"prompt_tokens": -1, "completion_tokens": 1}]
    + [{"prompt_tokens": value, "completion_tokens": 1} for value in (True, "5", 1.5, 10**30, float("nan"))],
)
def test_usage_that_cannot_be_counted_on_is_none(usage):
    assert read_usage(usage) is None


def test_reasoning_tokens_are_found_in_both_places():
    counted = {"prompt_tokens": 10, "completion_tokens": 5}
    assert read_usage({**counted, "completion_tokens_details": {"reasoning_tokens": 3}}).reasoning_tokens == 3
    assert read_usage({**counted, "reasoning_tokens": 4, "completion_tokens_details": None}).reasoning_tokens == 4


def test_cached_tokens_never_exceed_the_prompt():
    counted = {"prompt_tokens": 10, "completion_tokens": 5}
    assert read_usage({**counted, "prompt_tokens_details": {"cached_tokens": 8}}).cached_tokens == 8
    assert read_usage({**counted, "prompt_tokens_details": {"cached_tokens": 80}}).cached_tokens == 10
    assert read_usage({**counted, "prompt_tokens_details": None}).cached_tokens == 0


def test_the_envelope_of_sarvam_is_read():
    read = read_error(error("Not Found", "not_found_error", request_id="20261122_x"))
    assert read == ErrorEnvelope(code="not_found_error", message="Not Found", request_id="20261122_x")


def test_other_servers_envelopes_are_read():
    assert read_error(error("slow down", None, type="Tokens")).type == "tokens"
    assert read_error({"error": "plain"}).message == "plain"
    assert read_error({"object": "error", "message": "too long", "code": 400}).code == "400"
    assert read_error({"detail": "Not authenticated"}).message == "Not authenticated"
    assert read_error({"choices": [{"error": {"code": 502, "message": "upstream"}}]}).code == "502"


@pytest.mark.parametrize(
    "document", [completion(), {"error": None, **completion()}, {"choices": [], "message": "x"}, None, []]
)
def test_what_tells_no_error_is_none(document):
    assert read_error(document) is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff\xfe\x00", b"[" * 100_000, b"9" * 5000, b'{"a":', json.dumps("x").encode()[:-1]]
)
def test_what_is_no_json_is_none(body):
    assert read_json(body) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "choices", "message", "content", "usage", "code", "detail"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_document_makes_the_readers_raise(document):
    read_error(document)
    read_completion(document)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(body):
    read_json(body)
