"""The bodies and headers of the simulated provider's replies, in the API's own shapes."""

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from forge_tui.provider.simulator.faults import ErrorAnswer
from forge_tui.provider.simulator.model import Completion
from forge_tui.provider.simulator.rate_headers import ToldWait
from forge_tui.provider.simulator.validation import V1_MODELS, ChatRequest
from forge_tui.provider.simulator.wire import Delivery, SimReply

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
REDIRECT_TARGET = "https://api.invalid/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What marks every reply to one request: its id and when it came (Unix seconds)."""

    request_id: str
    wall: float


def new_request_id(rng: random.Random, wall: float) -> str:
    """`YYYYMMDD_<uuid4>`, as the API makes them."""
    return f"{datetime.fromtimestamp(wall, UTC):%Y%m%d}_{uuid.UUID(int=rng.getrandbits(128), version=4)}"


def error_reply(error: ErrorAnswer, stamp: Stamp, delay_s: float, told: ToldWait = ToldWait()) -> SimReply:  # noqa: B008 - frozen
    """An error in the API's envelope, or as HTML or nothing where the gateway answers."""
    headers = dict(told.headers)
    if error.status == 307:
        headers["location"] = REDIRECT_TARGET
    if error.code is None:
        body = error.message.encode()
        headers |= {"content-type": "text/html"} if body else {}
    else:
        headers["content-type"] = "application/json"
        body = _dump(
            {"error": {"message": error.message + told.text, "code": error.code, "request_id": stamp.request_id}}
        )
    return _reply(error.status, headers, body, stamp, delay_s, hold_s=told.hold_s, halts=error.halts)


def completion_reply(
    completion: Completion,
    request: ChatRequest,
    stamp: Stamp,
    *,
    cached_tokens: int,
    delay_s: float,
    delivery: Delivery,
) -> SimReply:
    """HTTP 200 with one choice and its usage."""
    choice = {
        "index": 0,
        "finish_reason": completion.finish_reason,
        "logprobs": None,
        "message": completion.message(),
    }
    body = {
        "id": stamp.request_id,
        "object": "chat.completion",
        "created": int(stamp.wall),
        "model": request.model,
        "choices": [choice],
        "usage": _usage(completion, request, cached_tokens),
    }
    headers = {"content-type": "application/json"}
    return _reply(200, headers, _dump(body), stamp, delay_s, delivery=delivery)


def models_reply(stamp: Stamp) -> SimReply:
    """`GET /v1/models`, which the API answers without a key."""
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "sarvam"} for name in V1_MODELS]
    return control_reply(200, {"object": "list", "data": data}, stamp)


def control_reply(status: int, payload: Mapping[str, Any], stamp: Stamp) -> SimReply:
    """An answer at once that is no chat call and counts nowhere."""
    headers = {"content-type": "application/json"}
    return _reply(status, headers, _dump(payload), stamp, 0.0, counted=False)


def _usage(completion: Completion, request: ChatRequest, cached_tokens: int) -> dict[str, Any]:
    reasoning = completion.reasoning_tokens
    return {
        "prompt_tokens": request.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "total_tokens": request.prompt_tokens + completion.completion_tokens,
        "completion_tokens_details": {"reasoning_tokens": reasoning} if reasoning else None,
        "prompt_tokens_details": {"cached_tokens": cached_tokens} if cached_tokens else None,
    }


def _dump(payload: Any) -> bytes:
    return _COMPACT.encode(payload).encode()


def _reply(status: int, headers: Mapping[str, str], body: bytes, stamp: Stamp, delay_s: float, **rest: Any) -> SimReply:
    leaves_at = formatdate(stamp.wall + delay_s, usegmt=True)
    marks = {"date": leaves_at, "x-request-id": stamp.request_id}
    return SimReply(delay_s, status, tuple((marks | dict(headers)).items()), body, **rest)
