"""Requests to the simulated provider, and short ways to ask it in process."""

import json
from typing import Any

import httpx

from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.provider.simulator.wire import Exchange, SimReply, SimRequest
from virtual_time import VirtualClock

WALL = 1_795_377_600.0
TEXTS = ("Invoice charged twice in October", "GPU fan dead, the whole node is down", "How do I export my data?")


def payload(*texts: str, **changes: Any) -> dict[str, Any]:
    """A request body for these tickets, reasoning off; a change to `...` takes the field out."""
    tickets = [{"id": f"t{number}", "text": text} for number, text in enumerate(texts or TEXTS, 1)]
    body = {
        "model": "sarvam-105b",
        "messages": [
            {"role": "system", "content": "Classify each ticket."},
            {"role": "user", "content": json.dumps({"tickets": tickets})},
        ],
        "temperature": 0,
        "max_tokens": 2000,
        "reasoning_effort": None,
    } | changes
    return {name: value for name, value in body.items() if value is not ...}


def chat(*texts: str, key: str = GOOD_KEY, path: str = "/v1/chat/completions", **changes: Any) -> SimRequest:
    return raw(json.dumps(payload(*texts, **changes)).encode(), key=key, path=path)


def raw(body: bytes, *, key: str = GOOD_KEY, path: str = "/v1/chat/completions", method: str = "POST") -> SimRequest:
    return SimRequest(method, path, {"api-subscription-key": key}, body)


def provider(options: str = "") -> SimulatedProvider:
    return SimulatedProvider(parse_options(options))


def answer(asked: SimulatedProvider, request: SimRequest, now: float = 0.0) -> SimReply:
    """The reply to a request that is delivered at once."""
    exchange: Exchange = asked.accept(request, now, WALL + now)
    asked.ended(exchange, now, delivered=True)
    assert isinstance(exchange, SimReply), exchange
    return exchange


def choice(reply: SimReply) -> dict[str, Any]:
    """The one choice of a completion."""
    found: dict[str, Any] = json.loads(reply.body)["choices"][0]
    return found


def rows(reply: SimReply) -> list[dict[str, Any]]:
    """The classifications in a completion that is not spoilt."""
    found: list[dict[str, Any]] = json.loads(choice(reply)["message"]["content"])["results"]
    return found


def error(reply: SimReply) -> tuple[int, str, str]:
    """Status, code and message of an error in the API's envelope."""
    body = json.loads(reply.body)["error"]
    return reply.status, body["code"], body["message"]


def client(asked: SimulatedProvider, clock: VirtualClock, **timeouts: float | None) -> httpx.AsyncClient:
    """A real httpx client on the in-process door; timeouts not named are infinite."""
    limits = {"connect": None, "read": None, "write": None, "pool": None} | timeouts
    return httpx.AsyncClient(
        transport=SimulatorTransport(asked, clock),
        base_url="https://simulator.invalid",
        headers={"api-subscription-key": GOOD_KEY},
        timeout=httpx.Timeout(**limits),
    )
