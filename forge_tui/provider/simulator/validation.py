"""The API's own checks of a chat request, in its order and with its texts: a ChatRequest or an ErrorAnswer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forge_tui.provider.simulator.faults import ErrorAnswer

CHARS_PER_TOKEN = 4
DEFAULT_MAX_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request the model can work on; `tickets` are (wire id, text), empty when it is no classification."""

    model: str
    prefix: str
    tickets: tuple[tuple[str, str], ...]
    max_tokens: int
    prompt_tokens: int
    reasons: bool


@dataclass(frozen=True, slots=True)
class _Model:
    context: int
    max_output: int
    reasons_by_default: bool = True


_V1 = {"sarvam-105b": _Model(128_000, 128_000), "sarvam-105b-conversations": _Model(32_000, 8_192)}
_V2 = {
    "sarvam-105b": _V1["sarvam-105b"],
    "glm5.3": _Model(1_048_576, 1_048_576),
    "glm5.3-flash": _Model(1_048_576, 1_048_576),
    "gemma4": _Model(131_072, 131_072, reasons_by_default=False),
}
V1_MODELS = tuple(_V1)
_DEPRECATED = frozenset({"sarvam-30b", "sarvam-m", "sarvam-30b-16k", "sarvam-105b-32k"})
_ROLES = ("assistant", "system", "tool", "user")
_EFFORTS = {"v1": ("low", "medium", "high"), "v2": ("none", "low", "high", "max")}
_KNOWN_FIELDS = frozenset(
    (
        *("model", "messages", "temperature", "top_p", "max_tokens", "reasoning_effort", "response_format"),
        *("seed", "stop", "n", "stream", "stream_options", "tools", "tool_choice"),
        *("frequency_penalty", "presence_penalty"),
    )
)


def parse(body: bytes) -> Mapping[str, Any] | ErrorAnswer:
    """The body as a JSON object."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return _invalid("body : JSON decode error")
    return payload if isinstance(payload, dict) else _invalid("body : Input should be a valid dictionary")


def check(payload: Mapping[str, Any], version: str) -> ChatRequest | ErrorAnswer:
    """The first thing wrong with a request to `v1` or `v2`, in the order the API checks."""
    return (
        _check_shape(payload, version)
        or _check_model(payload["model"], version)
        or _check_messages(payload["messages"])
        or _check_effort(payload, version)
        or _check_size(payload, version)
        or _accepted(payload, version)
    )


def _invalid(message: str, *, halts: bool = False) -> ErrorAnswer:
    return ErrorAnswer(400, "invalid_request_error", message, halts)


def _check_shape(payload: Mapping[str, Any], version: str) -> ErrorAnswer | None:
    for name in ("messages", "model"):
        if name not in payload:
            return _invalid(f"body.{name} : Field required")
    if not isinstance(payload["model"], str):
        return _invalid("body.model : Input should be a valid string")
    messages = payload["messages"]
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        return _invalid("body.messages : Input should be a valid list")
    for name, high in (("temperature", 2), ("top_p", 1)):
        value = payload.get(name, 0)
        if not isinstance(value, int | float) or not 0 <= value <= high:
            return _invalid(f"body.{name} : Input should be a number from 0 to {high}")
    limit = payload.get("max_tokens", 1)
    if not isinstance(limit, int) or limit < 1:
        return _invalid("body.max_tokens : Input should be greater than or equal to 1")
    unknown = sorted(set(payload) - _KNOWN_FIELDS) if version == "v2" else []
    return _invalid(f"body.{unknown[0]} : Extra inputs are not permitted") if unknown else None


def _check_model(model: str, version: str) -> ErrorAnswer | None:
    known = _models(version)
    if model in known:
        return None
    if version == "v2":
        return ErrorAnswer(404, "not_found_error", f"Model '{model}' not found", halts=True)
    names = ", ".join(known)
    if model in _DEPRECATED:
        return _invalid(
            f"Model '{model}' has been deprecated. Please use one of the available models instead: {names}",
            halts=True,
        )
    return _invalid(f"body.model : Input '{model}' should be one of {names}", halts=True)


def _check_messages(messages: list[dict[str, Any]]) -> ErrorAnswer | None:
    for message in messages:
        if (role := message.get("role")) not in _ROLES:
            return _invalid(f"Invalid role '{role}'. Allowed roles are {', '.join(_ROLES)}", halts=True)
    for index, message in enumerate(messages):
        if not isinstance(message.get("content"), str):
            return _invalid(f"body.messages.{index}.{message['role']}.content : Input should be a valid string")
    return None


def _check_effort(payload: Mapping[str, Any], version: str) -> ErrorAnswer | None:
    allowed = _EFFORTS[version]
    if payload.get("reasoning_effort") in (None, *allowed):
        return None
    *most, last = (f"'{effort}'" for effort in allowed)
    return _invalid(f"body.reasoning_effort : Input should be {', '.join(most)} or {last}", halts=True)


def _check_size(payload: Mapping[str, Any], version: str) -> ErrorAnswer | None:
    name = payload["model"]
    model, wanted, prompt = _models(version)[name], _max_tokens(payload), _prompt_tokens(payload)
    if wanted > model.max_output:
        return _invalid(
            f"max_tokens {wanted} exceeds the maximum output length of {model.max_output} tokens for {name}"
        )
    if prompt + wanted <= model.context:
        return None
    return ErrorAnswer(
        422,
        "unprocessable_entity_error",
        f"prompt_tokens ({prompt}) + max_tokens ({wanted}) = {prompt + wanted} "
        f"exceeds the model context window of {model.context} tokens for {name}",
    )


def _accepted(payload: Mapping[str, Any], version: str) -> ChatRequest:
    messages = payload["messages"]
    users = [message["content"] for message in messages if message["role"] == "user"]
    return ChatRequest(
        model=payload["model"],
        prefix="".join(message["content"] for message in messages if message["role"] == "system"),
        tickets=_tickets_in(users[-1] if users else ""),
        max_tokens=_max_tokens(payload),
        prompt_tokens=_prompt_tokens(payload),
        reasons=_reasons(payload, version),
    )


def _models(version: str) -> Mapping[str, _Model]:
    return _V1 if version == "v1" else _V2


def _max_tokens(payload: Mapping[str, Any]) -> int:
    return int(payload.get("max_tokens", DEFAULT_MAX_TOKENS))


def _prompt_tokens(payload: Mapping[str, Any]) -> int:
    return -(-sum(len(message["content"]) for message in payload["messages"]) // CHARS_PER_TOKEN)


def _reasons(payload: Mapping[str, Any], version: str) -> bool:
    """An explicit null or `none` switches reasoning off; leaving the field out leaves it on."""
    if "reasoning_effort" in payload:
        return payload["reasoning_effort"] not in (None, "none")
    return _models(version)[payload["model"]].reasons_by_default


def _tickets_in(content: str) -> tuple[tuple[str, str], ...]:
    try:
        rows = json.loads(content)["tickets"]
        return tuple((str(row["id"]), str(row["text"])) for row in rows)
    except (ValueError, RecursionError, TypeError, KeyError):
        return ()
