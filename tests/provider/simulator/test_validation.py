"""The API's checks and texts, in its order."""

import json

import pytest

from forge_tui.provider.simulator.account import NO_QUOTA_KEY
from simulator_builders import answer, chat, error, provider, raw, rows


def refusal(request):
    return error(answer(provider(), request))


def test_a_missing_or_unknown_key_is_403_before_anything_else_is_looked_at():
    for request in (raw(b"not json", key=""), raw(b"{}", key="sk_live_1")):
        assert refusal(request) == (
            403,
            "invalid_api_key_error",
            "Invalid or missing authentication credentials",
        )


def test_an_empty_object_tells_that_the_key_was_good():
    assert refusal(raw(b"{}")) == (400, "invalid_request_error", "body.messages : Field required")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_400(body):
    assert refusal(raw(body))[:2] == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"model": ...}, 400, "body.model : Field required"),
        (
            {"model": "nope"},
            400,
            "body.model : Input 'nope' should be one of sarvam-105b, sarvam-105b-conversations",
        ),
        (
            {"model": "sarvam-30b"},
            400,
            (
                "Model 'sarvam-30b' has been deprecated. Please use one of the available models instead: "
                "sarvam-105b, sarvam-105b-conversations"
            ),
        ),
        (
            {"reasoning_effort": "none"},
            400,
            "body.reasoning_effort : Input should be 'low', 'medium' or 'high'",
        ),
        (
            {"max_tokens": 128_001},
            400,
            "max_tokens 128001 exceeds the maximum output length of 128000 tokens for sarvam-105b",
        ),
        ({"max_tokens": 0}, 400, "body.max_tokens : Input should be greater than or equal to 1"),
        ({"temperature": 2.5}, 400, "body.temperature : Input should be a number from 0 to 2"),
        ({"messages": "hello"}, 400, "body.messages : Input should be a valid list"),
    ],
)
def test_a_wrong_field_is_refused_in_the_words_of_the_api(changes, status, message):
    assert refusal(chat("a", **changes))[::2] == (status, message)


def test_a_content_of_parts_is_refused_by_its_path():
    parts = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
    ]
    assert refusal(chat(messages=parts))[2] == "body.messages.1.user.content : Input should be a valid string"


def test_the_developer_role_is_refused_before_the_content_is_looked_at():
    messages = [{"role": "developer", "content": ["x"]}]
    assert refusal(chat(messages=messages))[2].startswith("Invalid role 'developer'")


def test_the_model_is_checked_before_the_role():
    messages = [{"role": "developer", "content": "x"}]
    assert "should be one of" in refusal(chat(messages=messages, model="nope"))[2]


def test_a_prompt_that_leaves_no_room_in_the_context_is_422_with_the_sum():
    status, code, message = refusal(chat(messages=[{"role": "user", "content": "x" * 800_032}], max_tokens=8))
    assert (status, code) == (422, "unprocessable_entity_error")
    assert message == (
        "prompt_tokens (200008) + max_tokens (8) = 200016 exceeds the model context window of 128000 tokens "
        "for sarvam-105b"
    )


def test_v1_ignores_unknown_fields_and_v2_names_them():
    assert rows(answer(provider(), chat("a", max_completion_tokens=5)))
    request = chat("a", path="/v2/chat/completions", reasoning_effort="none", shiny=1)
    assert refusal(request)[2] == "body.shiny : Extra inputs are not permitted"


def test_an_unknown_model_is_404_on_v2():
    request = chat("a", path="/v2/chat/completions", reasoning_effort="none", model="nope")
    assert refusal(request)[:2] == (404, "not_found_error")


def test_v2_takes_none_as_reasoning_effort():
    request = chat("a", path="/v2/chat/completions", reasoning_effort="none")
    assert rows(answer(provider(), request))


def test_an_account_without_credit_is_a_429_that_is_no_rate_limit():
    assert refusal(chat("a", key=NO_QUOTA_KEY))[:2] == (429, "insufficient_quota_error")


def test_an_unknown_route_is_404_and_no_chat_call():
    asked = provider()
    assert error(answer(asked, raw(b"{}", path="/v1/responses"))) == (404, "not_found_error", "Not Found")
    assert asked.stats.requests == 0


def test_the_models_are_listed_without_a_key():
    reply = answer(provider(), raw(b"", key="", path="/v1/models", method="GET"))
    listed = json.loads(reply.body)
    assert [model["id"] for model in listed["data"]] == ["sarvam-105b", "sarvam-105b-conversations"]
    assert listed["data"][0] == {"id": "sarvam-105b", "object": "model", "created": 0, "owned_by": "sarvam"}


def test_every_reply_carries_the_request_id_of_its_error_body():
    for request in (chat("a"), raw(b"{"), raw(b"{}", key="")):
        reply = answer(provider(), request)
        request_id = dict(reply.headers)["x-request-id"]
        assert request_id.startswith("20261122_")
        assert len(request_id) == 45
        body = json.loads(reply.body)
        assert body.get("error", {"request_id": request_id})["request_id"] == request_id
