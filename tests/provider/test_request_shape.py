import json

import pytest

from forge_tui.core.ticket import Complexity
from forge_tui.provider.presets import Endpoint, resolve
from forge_tui.provider.request_shape import RequestForm, adapted, first_shape, output_limit
from forge_tui.settings import Settings
from ticket_builders import a_batch, a_ticket, tickets

FORMAT_REFUSED = "response_format is not supported by this model"


def endpoint(provider="sarvam", **settings):
    if provider == "openai":
        settings = {"base_url": "http://localhost:1234/v1", "model": "m"} | settings
    return resolve(Settings(provider=provider, **settings), has_key=True)


def sent_by(batch, where, shape):
    return json.loads(RequestForm(where, shape).body(batch))


def body(where: Endpoint, batch=None):
    return sent_by(batch or a_batch([a_ticket()]), where, first_shape(where))


def after(where, text, *, status=400, sent_limit=340, shape=None):
    step = adapted(shape or first_shape(where), status, text, sent_limit)
    return step[0] if step else None


def test_every_request_begins_with_the_same_bytes():
    """The provider's prefix cache reads them: only the tickets and the limit differ, and stand behind."""
    form = RequestForm(endpoint(), first_shape(endpoint()))
    one, other = form.body(a_batch(tickets(1))), form.body(a_batch([a_ticket(9, note="again", text="x")]))
    before = one.index(b'"content":"{')
    assert one[:before] == other[:before]
    assert [message["role"] for message in json.loads(one)["messages"]] == ["system", "user"]


def test_sarvam_is_sent_an_explicit_null_for_reasoning():
    sent = body(endpoint("sarvam"))
    assert "reasoning_effort" in sent
    assert sent["reasoning_effort"] is None


def test_other_routes_are_sent_their_own_word_or_nothing():
    assert body(endpoint("sarvam-v2"))["reasoning_effort"] == "none"
    assert "reasoning_effort" not in body(endpoint("openai"))


def test_a_request_names_model_temperature_format_and_output_limit():
    sent = body(endpoint("sarvam"), a_batch(tickets(2)))
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("sarvam-105b", 0.0, 340)
    assert sent["response_format"]["type"] == "json_schema"
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "max_completion_tokens" not in sent


def test_a_cut_answers_ticket_gets_its_raised_output_limit():
    shape = first_shape(endpoint())
    alone = a_batch([a_ticket(output_tokens=900, complexity=Complexity.COMPLEX)])
    assert output_limit(alone, shape) == 900
    assert output_limit(a_batch([a_ticket(output_tokens=90_000)]), shape) == 2048


def test_the_format_ladder_is_stepped_down_one_rung_at_a_time_and_ends():
    where = endpoint("openai")
    second = after(where, FORMAT_REFUSED)
    assert sent_by(a_batch([a_ticket()]), where, second)["response_format"] == {"type": "json_object"}
    third = after(where, FORMAT_REFUSED, shape=second)
    assert "response_format" not in sent_by(a_batch([a_ticket()]), where, third)
    assert after(where, FORMAT_REFUSED, shape=third) is None


@pytest.mark.parametrize(
    "text", ["json_schema unsupported", "failed to parse grammar", "invalid schema: x", "json_object?"]
)
def test_every_wording_of_a_refused_format_steps_down(text):
    assert after(endpoint("openai"), text, status=422).formats == ("json_object", "none")


def test_the_output_limit_is_lowered_once_to_the_number_named():
    where = endpoint()
    text = "max_tokens exceeds the maximum output length of 1,024 tokens for sarvam-105b"
    lowered = after(where, text, sent_limit=2048)
    assert lowered.output_cap == 1024
    assert sent_by(a_batch(tickets(20)), where, lowered)["max_tokens"] == 1024
    assert after(where, text, sent_limit=1024, shape=lowered) is None


def test_a_limit_above_what_was_sent_is_no_cure():
    assert after(endpoint(), "maximum output length of 128000 tokens for sarvam-105b", sent_limit=2048) is None


def test_a_server_that_wants_max_completion_tokens_gets_it():
    where = endpoint("openai")
    text = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    sent = sent_by(a_batch([a_ticket()]), where, after(where, text))
    assert "max_tokens" not in sent
    assert sent["max_completion_tokens"] == 220


def test_a_refused_temperature_is_left_out_once():
    where = endpoint("openai")
    text = "Unsupported value: 'temperature' does not support 0 with this model."
    second = after(where, text)
    assert "temperature" not in sent_by(a_batch([a_ticket()]), where, second)
    assert after(where, text, shape=second) is None


def test_a_refused_none_is_left_out_but_never_the_null_that_keeps_reasoning_off():
    text = "reasoning_effort : Input should be 'low', 'medium' or 'high'"
    assert "reasoning_effort" not in sent_by(
        a_batch([a_ticket()]), endpoint("sarvam-v2"), after(endpoint("sarvam-v2"), text)
    )
    assert after(endpoint("sarvam"), text) is None


def test_leaving_out_reasoning_warns_that_it_may_be_billed():
    text = "reasoning_effort : unknown value"
    assert "billed" in adapted(first_shape(endpoint("sarvam-v2")), 400, text, 340)[1]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_only_a_refused_request_changes_the_shape(status):
    assert after(endpoint(), FORMAT_REFUSED, status=status) is None


def test_a_request_that_is_too_long_is_not_a_refused_field():
    text = "'max_tokens' is too large: 3000. This model's maximum context length is 2048 tokens"
    assert after(endpoint(), text, sent_limit=3000) is None


def test_the_operators_own_fields_ride_along_and_a_null_stays_one():
    where = endpoint(
        "openai", extra_body={"reasoning_effort": None, "chat_template_kwargs": {"enable_thinking": False}}
    )
    sent = body(where)
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert ("reasoning_effort" in sent, sent["reasoning_effort"]) == (True, None)
