"""The JSON around an answer, read from bytes that may be anything: the completion of a 200, or the error instead."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forge_tui.core.outcome import Usage
from forge_tui.provider.prompt import well_formed

_MOST_TOKENS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ErrorEnvelope:
    """What an error body says, in lower case where it is a name; empty strings where it says nothing."""

    code: str = ""
    type: str = ""
    message: str = ""
    request_id: str = ""
    limit_source: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice of an answer; `usage` is None where the server does not count."""

    content: str
    finish_reason: str
    usage: Usage | None


def read_json(body: bytes) -> Any:
    """The document in `body`, or None where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def read_error(document: Any) -> ErrorEnvelope | None:
    """The error that `document` tells, in any of the shapes servers use; None where it tells none.

    Shapes: `{"error": {...}}`, `{"error": "text"}`, the fields without an envelope, `{"detail": ...}`, and an
    `error` inside the first choice.
    """
    match document:
        case {"error": Mapping() as error} | {"choices": [{"error": Mapping() as error}, *_]}:
            return _envelope(error)
        case {"error": str() as message} if message:
            return ErrorEnvelope(message=well_formed(message))
        case {"choices": _}:
            return None
        case {"message": str()}:
            return _envelope(document)
        case {"detail": detail}:
            return ErrorEnvelope(message=_word(detail))
        case _:
            return None


def _envelope(error: Mapping[str, Any]) -> ErrorEnvelope:
    metadata = error.get("metadata")
    return ErrorEnvelope(
        code=_word(error.get("code")).lower(),
        type=_word(error.get("type")).lower(),
        message=_word(error.get("message")),
        request_id=_word(error.get("request_id")),
        limit_source=_word(metadata.get("limit_source")).lower() if isinstance(metadata, Mapping) else "",
    )


def _word(value: object) -> str:
    if isinstance(value, str):
        return well_formed(value)
    return str(value) if isinstance(value, int) and abs(value) < _MOST_TOKENS else ""


def read_completion(document: Any) -> Completion | None:
    """The first choice with its text and its usage; None where `document` is no chat completion."""
    match document:
        case {"choices": [{"message": Mapping() as message} as choice, *_]}:
            content = _text(message.get("content"))
        case _:
            return None
    if content is None:
        return None
    finish_reason = _word(choice.get("finish_reason"))
    if not content and _word(message.get("refusal")):
        finish_reason = "content_filter"
    return Completion(content, finish_reason, read_usage(document.get("usage")))


def _text(content: object) -> str | None:
    """The reply's text: null is empty, a list is its text parts joined; None for anything else."""
    match content:
        case None:
            return ""
        case str():
            return well_formed(content)
        case list():
            texts = (part.get("text") for part in content if isinstance(part, Mapping))
            return well_formed("".join(text for text in texts if isinstance(text, str)))
        case _:
            return None


def read_usage(usage: object) -> Usage | None:
    """Tokens as the server counted them; None where the two counters that are paid for are missing."""
    if not isinstance(usage, Mapping):
        return None
    prompt_tokens = _count(usage.get("prompt_tokens"))
    completion_tokens = _count(usage.get("completion_tokens"))
    if prompt_tokens is None or completion_tokens is None:
        return None
    # Sarvam's /v1 stream has reasoning_tokens beside the counters, others below completion_tokens_details.
    reasoning_tokens = _detail(usage, "completion_tokens_details", "reasoning_tokens")
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        reasoning_tokens=_count(usage.get("reasoning_tokens")) or reasoning_tokens,
        cached_tokens=min(prompt_tokens, _detail(usage, "prompt_tokens_details", "cached_tokens")),
    )


def _detail(usage: Mapping[str, Any], group: str, name: str) -> int:
    details = usage.get(group)
    return (_count(details.get(name)) or 0) if isinstance(details, Mapping) else 0


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_TOKENS:
        return None
    return value
