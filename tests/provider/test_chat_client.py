import asyncio
import json
import logging

import pytest

from client_builders import CANARY, a_client
from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid, Reply, Usage
from loopback_server import ONE_RESULT, completion, error, http, serving, silence
from ticket_builders import a_batch, a_ticket, tickets

ONE = a_batch([a_ticket()])
FORMAT_REFUSED = http(error("response_format is not supported", "invalid_request_error"), 400)


async def send_once(*answers, batch=ONE, **client):
    async with serving(*answers) as server, a_client(server.base_url, **client) as sender:
        return await sender.send(batch), server.seen[-1]


async def test_a_batch_comes_home_as_a_reply_with_its_cost_and_its_id():
    """D40: the real client talks to a real server."""
    reply, _ = await send_once(http(completion(), x_request_id="20261122_x"))
    assert isinstance(reply, Reply)
    assert (reply.content, reply.finish_reason, reply.http_status) == (ONE_RESULT, "stop", 200)
    assert (reply.usage, reply.request_id) == (Usage(412, 78), "20261122_x")
    assert 0 < reply.latency_s < 2


async def test_the_request_goes_to_chat_completions_below_the_base_url():
    _, seen = await send_once(http(completion()))
    assert seen.target == "/v1/chat/completions"
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.json["messages"][1]["content"])["tickets"][0]["id"] == "t1"


async def test_sarvam_receives_null_for_reasoning_and_both_headers():
    _, seen = await send_once(http(completion()), provider="sarvam", key=CANARY)
    assert b'"reasoning_effort": null' in seen.body or b'"reasoning_effort":null' in seen.body
    assert seen.headers["authorization"] == f"Bearer {CANARY}"
    assert seen.headers["api-subscription-key"] == CANARY


async def test_without_a_key_no_key_header_is_sent():
    _, seen = await send_once(http(completion()))
    assert not {"authorization", "api-subscription-key"} & set(seen.headers)


async def test_a_ticket_in_any_script_arrives_as_it_was():
    text = "मेरा बिल गलत है 😀 \ud800 \x00 </json>"
    _, seen = await send_once(http(completion()), batch=a_batch([a_ticket(text=text)]))
    sent = json.loads(seen.json["messages"][1]["content"])["tickets"][0]["text"]
    assert sent == text.replace("\ud800", "\ufffd")


async def test_missing_usage_is_estimated_and_says_so():
    reply, _ = await send_once(http(completion(usage=None)), batch=a_batch(tickets(3, tokens=50)))
    assert reply.usage.estimated
    assert reply.usage.prompt_tokens > 150
    assert reply.usage.completion_tokens == -(-len(ONE_RESULT) // 4)


async def test_tokens_of_an_unusable_answer_are_counted():
    """D25: the original lost them."""
    reply, _ = await send_once(http(completion("I am sorry", "stop")))
    assert reply.usage == Usage(412, 78)


async def test_a_starved_answer_keeps_its_finish_reason():
    """D32: the original never read it."""
    reply, _ = await send_once(http(completion(None, "length")))
    assert (reply.content, reply.finish_reason) == ("", "length")


async def test_limit_headers_ride_along_with_the_reply():
    reply, _ = await send_once(http(completion(), x_ratelimit_remaining_requests="7"))
    assert reply.hints.requests_remaining == 7


async def test_an_error_inside_a_200_is_a_fault():
    fault, _ = await send_once(http(error("Provider returned error", 502)))
    assert isinstance(fault, CallFault)
    assert (fault.code, fault.http_status, fault.paid) == (Code.SERVER, 200, Paid.UNKNOWN)


async def test_a_call_that_may_have_been_billed_carries_an_estimate():
    fault, _ = await send_once(http(error("gave up"), 504))
    assert fault.paid is Paid.UNKNOWN
    assert fault.usage.estimated
    assert fault.usage.total_tokens > 0


async def test_a_refusal_costs_nothing():
    fault, _ = await send_once(http(error("no", "invalid_api_key_error"), 403))
    assert (fault.code, fault.paid, fault.usage) == (Code.AUTH, Paid.UNPAID, Usage())


async def test_a_rate_limit_names_its_wait():
    fault, _ = await send_once(http(error("Rate limit exceeded", "rate_limit_exceeded_error"), 429, retry_after="3"))
    assert (fault.code, fault.retry_after_s, fault.unreadable) == (Code.RATE, 3.0, False)


async def test_a_refused_format_is_given_up_and_not_asked_for_again():
    async with serving(FORMAT_REFUSED, http(completion())) as server, a_client(server.base_url) as sender:
        first = await sender.send(ONE)
        second = await sender.send(ONE)
        await sender.send(ONE)
    assert first.adapted
    assert first.paid is Paid.UNPAID
    assert "json_object" in first.message
    assert isinstance(second, Reply)
    assert [seen.json["response_format"]["type"] for seen in server.seen] == [
        "json_schema",
        "json_object",
        "json_object",
    ]


async def test_requests_refused_together_give_up_one_rung_together():
    """Ten in flight are refused for the same field: one step down, not ten."""
    async with serving(*[FORMAT_REFUSED] * 5, http(completion())) as server, a_client(server.base_url) as sender:
        async with asyncio.TaskGroup() as group:
            refused = [group.create_task(sender.send(ONE)) for _ in range(5)]
        await sender.send(ONE)
    assert all(task.result().adapted for task in refused)
    assert server.seen[-1].json["response_format"]["type"] == "json_object"


async def test_a_refusal_with_nothing_left_to_give_up_halts():
    async with serving(FORMAT_REFUSED) as server, a_client(server.base_url) as sender:
        faults = [await sender.send(ONE) for _ in range(3)]
    assert [fault.adapted for fault in faults] == [True, True, False]
    assert faults[-1].code is Code.MODEL


async def test_a_key_that_the_server_repeats_is_shown_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    echo = http(error(f"Incorrect API key provided: {CANARY}", CANARY, request_id=CANARY), 401, x_request_id=CANARY)
    fault, _ = await send_once(echo, key=CANARY)
    assert fault.code is Code.AUTH
    assert "Incorrect API key provided: [key]" in fault.message
    assert CANARY not in repr(fault)
    assert CANARY not in caplog.text


async def test_the_client_shows_no_key_and_writes_no_request_into_the_log(caplog):
    caplog.set_level(logging.INFO)
    async with serving(http(completion())) as server, a_client(server.base_url, key=CANARY) as sender:
        await sender.send(ONE)
        assert CANARY not in repr(sender)
    assert [record for record in caplog.records if record.name.startswith("http")] == []


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    reply, _ = await send_once(http(completion()))
    assert isinstance(reply, Reply)


async def test_cancelling_a_send_is_felt_at_once_and_leaves_the_client_whole():
    async with serving(silence, http(completion())) as server, a_client(server.base_url, read_timeout_s=5) as sender:
        stuck = asyncio.create_task(sender.send(ONE))
        await server.asked.wait()
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        assert isinstance(await sender.send(ONE), Reply)
