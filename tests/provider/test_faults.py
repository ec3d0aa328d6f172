import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.failure import Code
from forge_tui.core.outcome import Paid
from forge_tui.provider.envelope import ErrorEnvelope, read_error, read_json
from forge_tui.provider.faults import HttpAnswer, fault_of

NOW = 1_795_377_600.0
CONTEXT = "prompt_tokens (200008) + max_tokens (8) = 200016 exceeds the model context window of 128000 tokens"
VLLM_CONTEXT = (
    "'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context length is 2048 tokens"
)


def fault(status, code=None, message="", *, headers=None, body=b"", **more):
    envelope = ErrorEnvelope(code=code or "", message=message, **more)
    return fault_of(HttpAnswer(status, headers or {}, body, 0.5, NOW), envelope)


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, "invalid_request_error", "body.model : Input 'nope' should be one of sarvam-105b", Code.MODEL),
        (400, "invalid_request_error", "Model 'sarvam-30b' has been deprecated.", Code.MODEL),
        (400, "invalid_request_error", "Invalid role 'developer'", Code.MODEL),
        (400, "invalid_request_error", "Input should be 'low', 'medium' or 'high'", Code.MODEL),
        (400, "invalid_request_error", "max_tokens 9000 exceeds the maximum output length of 8192", Code.MODEL),
        (400, "invalid_request_error", "temperature must not be negative", Code.MODEL),
        (400, "invalid_request_error", "String should have at most 5000 characters", Code.TOO_LONG),
        (400, "context_length_exceeded", "whatever", Code.TOO_LONG),
        (400, None, VLLM_CONTEXT, Code.TOO_LONG),
        (400, "invalid_request_error", "body.messages.1.user.content : Input should be a valid string", Code.REQUEST),
        (400, "content_filter", "The prompt was filtered", Code.FILTER),
        (400, "insufficient_quota", "", Code.QUOTA),
        (401, None, "", Code.AUTH),
        (402, None, "", Code.QUOTA),
        (403, "invalid_api_key_error", "Invalid or missing authentication credentials", Code.AUTH),
        (403, None, "Forbidden", Code.AUTH),
        (404, "not_found_error", "Not Found", Code.MODEL),
        (405, None, "", Code.MODEL),
        (408, None, "", Code.SERVER),
        (409, None, "", Code.SERVER),
        (413, None, "", Code.TOO_LONG),
        (418, None, "", Code.REQUEST),
        (422, "unprocessable_entity_error", CONTEXT, Code.TOO_LONG),
        (422, "unprocessable_entity_error", "no", Code.REQUEST),
        (429, "rate_limit_exceeded_error", "Rate limit exceeded", Code.RATE),
        (429, "insufficient_quota_error", "", Code.QUOTA),
        (429, "billing_hard_limit_reached", "", Code.QUOTA),
        (429, None, "", Code.RATE),
        (500, "internal_server_error", "", Code.SERVER),
        (500, "model_call_error", "", Code.SERVER),
        (502, None, "<html>", Code.SERVER),
        (503, "billing_service_unavailable_error", "", Code.SERVER),
        (503, "rate_limit_exceeded_error", "high load", Code.RATE),
        (503, None, "Loading model", Code.SERVER),
        (504, "gateway_timeout_error", "", Code.SERVER),
        (524, None, "", Code.SERVER),
        (529, None, "", Code.RATE),
        (302, None, "", Code.REDIRECT),
        (200, None, "went wrong", Code.SERVER),
        (200, "429", "slow down", Code.RATE),
        (200, "502", "upstream", Code.SERVER),
        (200, "insufficient_quota", "", Code.QUOTA),
    ],
)
def test_the_failure_table_of_the_wire(status, code, message, expected):
    """D10: 404, 408, 502 and 504 each have an ending, and none is a burst of tries."""
    assert fault(status, code, message).code is expected


def test_the_code_wins_over_the_type_and_the_type_over_the_status():
    assert fault(429, "insufficient_quota", type="rate_limit_error").code is Code.QUOTA
    assert fault(500, type="rate_limit_error").code is Code.RATE
    assert fault(429, "something_new", type="insufficient_quota").code is Code.QUOTA


def test_an_in_flight_budget_of_openrouter_is_a_wait_and_not_an_empty_account():
    assert fault(402, "402", limit_source="openrouter_in_flight_budget").code is Code.RATE
    assert fault(402, "402", limit_source="openrouter_credits").code is Code.QUOTA


def test_a_long_wait_pauses_the_job_and_a_short_one_does_not():
    assert fault(429, headers={"retry-after": "120"}).code is Code.RATE
    assert fault(429, headers={"retry-after": "121"}).code is Code.RATE_LONG
    assert fault(429, headers={"retry-after": "121"}).retry_after_s == 121


def test_a_503_keeps_its_retry_after_as_a_floor_for_the_breaker():
    """D9: the original ignored it there."""
    assert fault(503, headers={"retry-after": "300"}).code is Code.SERVER
    assert fault(503, headers={"retry-after": "300"}).retry_after_s == 300


def test_a_refusal_carries_no_wait():
    assert fault(403, headers={"retry-after": "3"}).retry_after_s is None


def test_only_a_429_that_names_no_known_reason_is_unreadable():
    assert fault(429).unreadable
    assert fault(429, "who_knows").unreadable
    assert not fault(429, "rate_limit_exceeded").unreadable
    assert not fault(529).unreadable


@pytest.mark.parametrize(
    ("status", "paid"),
    [
        (400, Paid.UNPAID),
        (429, Paid.UNPAID),
        (500, Paid.UNPAID),
        (408, Paid.UNKNOWN),
        (504, Paid.UNKNOWN),
        (200, Paid.UNKNOWN),
    ],
)
def test_what_somebody_gave_up_waiting_for_may_have_been_billed(status, paid):
    assert fault(status).paid is paid


def test_the_request_id_comes_from_the_header_or_the_error():
    assert fault(500, headers={"x-request-id": "20261122_a"}, request_id="b").request_id == "20261122_a"
    assert fault(500, request_id="20261122_b").request_id == "20261122_b"
    assert fault(500).request_id is None


def test_a_redirect_says_where_to_without_query_or_password():
    message = fault(301, headers={"location": "https://me:pw@new.example/v1?key=sk-secret#x"}).message
    assert "https://new.example/v1" in message
    assert "pw" not in message
    assert "sk-secret" not in message


def test_a_message_is_one_short_line_that_moves_no_cursor():
    message = fault(500, message="\x1b]0;owned\x07" + "line\n" * 500).message
    assert message.startswith("HTTP 500: ")
    assert len(message) <= 200
    assert not set("\x1b\x07\n") & set(message)


def test_a_body_that_is_no_json_is_quoted():
    assert "Bad Gateway" in fault(502, body=b"<html><h1>Bad Gateway</h1>").message
    assert fault(502).message == "HTTP 502: no explanation"


@given(
    st.integers(100, 599),
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(["retry-after", "location", "x-request-id", "x-ratelimit-reset"]), st.text(max_size=40)
    ),
)
def test_any_answer_at_all_becomes_a_fault(status, body, headers):
    error = read_error(read_json(body)) or ErrorEnvelope()
    found = fault_of(HttpAnswer(status, headers, body, 0.1, NOW), error)
    assert found.http_status == status
    assert len(found.message) <= 200
