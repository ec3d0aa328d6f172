"""The client and the simulator were written apart, from the same facts: here they have to agree."""

import pytest

from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid, Reply
from forge_tui.provider.connect import connect
from forge_tui.provider.presets import resolve
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.faults import HTTP_FAULTS, Fault
from forge_tui.provider.simulator.options import LatencyModel, SimulatorOptions
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.settings import Settings
from ticket_builders import a_batch, tickets
from virtual_time import VirtualClock, run_virtual

CODES = {
    Fault.REFUSED: Code.NETWORK,
    Fault.BLACKHOLE: Code.NETWORK,
    Fault.HANG: Code.TIMEOUT,
    Fault.RESET: Code.NETWORK,
    Fault.RESET_MID_BODY: Code.NETWORK,
    Fault.SHORT_BODY: Code.NETWORK,
    Fault.DRIP: Code.TIMEOUT,
    Fault.RATE_LIMITED: Code.RATE,
    Fault.RATE_LIMITED_BARE: Code.RATE,
    Fault.INTERNAL_ERROR: Code.SERVER,
    Fault.MODEL_CALL_ERROR: Code.SERVER,
    Fault.BAD_GATEWAY: Code.SERVER,
    Fault.OVERLOADED: Code.RATE,
    Fault.BILLING_UNAVAILABLE: Code.SERVER,
    Fault.GATEWAY_TIMEOUT: Code.SERVER,
    Fault.REJECTED: Code.REQUEST,
    Fault.TOO_LARGE: Code.TOO_LONG,
    Fault.TOO_LONG: Code.TOO_LONG,
    Fault.REDIRECT: Code.REDIRECT,
    Fault.ERROR_IN_200: Code.SERVER,
    Fault.EMPTY_BODY: Code.JSON,
    Fault.NO_RESPONSE_FORMAT: Code.MODEL,
    Fault.NO_JSON_SCHEMA: Code.MODEL,
    Fault.REVOKED: Code.AUTH,
    Fault.NO_CREDIT: Code.QUOTA,
}


def exchange(*faults, key="sk_sim_ok", batch=None, calls=1, **settings):
    """Outcomes of `calls` sends to a simulator where every call has these faults, in virtual time."""
    options = SimulatorOptions(
        latency_model=LatencyModel.FIXED, latency_s=0.1, faults=tuple((fault, 1.0) for fault in faults)
    )

    async def world():
        clock = VirtualClock()
        given = Settings(provider="simulated", **settings)
        transport = SimulatorTransport(SimulatedProvider(options), clock)
        client = connect(given, resolve(given, has_key=True), Secret(key), clock=clock, transport=transport)
        outcomes = [await client.send(batch or a_batch(tickets(3))) for _ in range(calls)]
        await client.aclose()
        return outcomes

    return run_virtual(world(), limit_s=3600)


@pytest.mark.parametrize(("fault", "code"), CODES.items())
def test_every_fault_on_the_wire_has_its_code(fault, code):
    [outcome] = exchange(fault)
    assert isinstance(outcome, CallFault)
    assert outcome.code is code


def test_no_http_fault_of_the_simulator_is_left_out():
    assert set(HTTP_FAULTS) <= set(CODES)


def test_a_clean_call_is_a_reply_with_its_tokens():
    [reply] = exchange()
    assert isinstance(reply, Reply)
    assert '"t3"' in reply.content
    assert reply.usage.prompt_tokens > 0
    assert not reply.usage.estimated
    assert reply.latency_s == pytest.approx(0.1)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in CODES])
def test_a_strange_answer_is_still_a_reply_for_the_parser_to_read(fault):
    [reply] = exchange(fault)
    assert isinstance(reply, Reply)


def test_an_answer_starved_by_reasoning_says_length():
    [reply] = exchange(Fault.NULL_LENGTH)
    assert (reply.content, reply.finish_reason) == ("", "length")


def test_a_wrong_key_halts_and_is_not_repeated_in_the_message():
    """D3: the real cause, at the first call."""
    [fault] = exchange(key="sk-CANARY-wrong")
    assert fault.code is Code.AUTH
    assert "CANARY" not in repr(fault)


@pytest.mark.parametrize("model", ["sarvam-30b", "nope"])
def test_a_model_that_is_gone_or_unknown_halts(model):
    [fault] = exchange(model=model)
    assert fault.code is Code.MODEL


def test_a_hang_ends_at_the_read_timeout_of_the_preset_and_may_have_been_paid():
    [fault] = exchange(Fault.HANG)
    assert fault.latency_s == pytest.approx(60)
    assert fault.paid is Paid.UNKNOWN


def test_a_server_without_json_schema_is_asked_for_json_object():
    refused, answered = exchange(Fault.NO_JSON_SCHEMA, calls=2)
    assert refused.adapted
    assert isinstance(answered, Reply)


def test_a_server_without_any_format_is_asked_by_the_prompt_alone():
    first, second, third = exchange(Fault.NO_RESPONSE_FORMAT, calls=3)
    assert first.adapted
    assert second.adapted
    assert isinstance(third, Reply)
