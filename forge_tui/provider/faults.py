"""The failure table of the wire: status, headers and body of an answer that is none, to a CallFault; pure.

Decided by the error's code, then its type, then the status, then its text, first match wins. Where a vendor's
documentation and a live probe differ (Sarvam, 2026-09-26), the probe counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid
from forge_tui.core.text import one_line
from forge_tui.provider.envelope import ErrorEnvelope
from forge_tui.provider.retry_after import rate_hints, retry_after_s

LONGEST_SILENT_WAIT_S = 120.0
MESSAGE_CELLS = 200

_TEXT_BYTES = 4000
_ID_CELLS = 100

_BY_NAME = {
    "insufficient_quota_error": Code.QUOTA,
    "insufficient_quota": Code.QUOTA,
    "billing_hard_limit_reached": Code.QUOTA,
    "payment_required": Code.QUOTA,
    "openrouter_in_flight_budget": Code.RATE,
    "rate_limit_exceeded_error": Code.RATE,
    "rate_limit_exceeded": Code.RATE,
    "rate_limit_error": Code.RATE,
    "overloaded_error": Code.RATE,
    "invalid_api_key_error": Code.AUTH,
    "invalid_api_key": Code.AUTH,
    "authentication_error": Code.AUTH,
    "not_found_error": Code.MODEL,
    "model_not_found": Code.MODEL,
    "context_length_exceeded": Code.TOO_LONG,
    "content_filter": Code.FILTER,
    "content_policy_violation": Code.FILTER,
    "internal_server_error": Code.SERVER,
    "server_error": Code.SERVER,
    "model_call_error": Code.SERVER,
    "gateway_timeout_error": Code.SERVER,
    "billing_service_unavailable_error": Code.SERVER,
}
_BY_STATUS = {
    401: Code.AUTH,
    402: Code.QUOTA,
    403: Code.AUTH,
    404: Code.MODEL,
    405: Code.MODEL,
    407: Code.MODEL,
    408: Code.SERVER,
    409: Code.SERVER,
    410: Code.MODEL,
    413: Code.TOO_LONG,
    429: Code.RATE,
    529: Code.RATE,
}
# The model may have worked on it before somebody gave up waiting.
_PERHAPS_PAID = frozenset({200, 408, 504, 524})

_TOO_LONG = re.compile(
    r"context (?:length|window|size)|maximum context|prompt is too long|input is too long|string should have at most",
    re.IGNORECASE,
)
_REFUSED_SETTING = re.compile(
    r"should be one of|deprecated|invalid role|input should be '|maximum output length"
    r"|\b(?:temperature|reasoning_effort|max_tokens|max_completion_tokens|response_format)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer as it came: header names in lower case, `received_at` Unix seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency_s: float
    received_at: float


def fault_of(answer: HttpAnswer, error: ErrorEnvelope) -> CallFault:
    """The fault that `answer` stands for; `error` is what its body could be read to say."""
    text = text_of(answer, error)
    code = code_of(_status_of(answer, error), error, text)
    delay_s = None
    if code in {Code.RATE, Code.SERVER}:
        delay_s = retry_after_s(answer.headers, text, answer.received_at, with_limits=code is Code.RATE)
    if code is Code.RATE and delay_s is not None and delay_s > LONGEST_SILENT_WAIT_S:
        code = Code.RATE_LONG
    return CallFault(
        code=code,
        message=_message(answer, text),
        latency_s=answer.latency_s,
        http_status=answer.status,
        request_id=request_id_of(answer, error),
        retry_after_s=delay_s,
        paid=Paid.UNKNOWN if answer.status in _PERHAPS_PAID else Paid.UNPAID,
        unreadable=code is Code.RATE and _named(error) is None and answer.status == 429,
        hints=rate_hints(answer.headers, answer.received_at),
    )


def code_of(status: int, error: ErrorEnvelope, text: str) -> Code:
    """The row of the failure table for an error of this status, name and text."""
    named = _named(error)
    if named is not None:
        return named
    if 300 <= status < 400:
        return Code.REDIRECT
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if not 400 <= status < 500:
        return Code.SERVER
    # Before the settings: a context error may name max_tokens, which it adds to the prompt.
    if _TOO_LONG.search(text):
        return Code.TOO_LONG
    return Code.MODEL if _REFUSED_SETTING.search(text) else Code.REQUEST


def is_too_long(text: str) -> bool:
    """Whether an error's text complains of the request's length."""
    return _TOO_LONG.search(text) is not None


def _named(error: ErrorEnvelope) -> Code | None:
    for name in (error.limit_source, error.code, error.type):
        if name in _BY_NAME:
            return _BY_NAME[name]
    return None


def _status_of(answer: HttpAnswer, error: ErrorEnvelope) -> int:
    """The HTTP status, or the one that an error inside a 200 gives as its code (OpenRouter)."""
    if answer.status < 300 and re.fullmatch(r"[345]\d\d", error.code, re.ASCII):
        return int(error.code)
    return answer.status


def text_of(answer: HttpAnswer, error: ErrorEnvelope) -> str:
    """What the error says in words: its message, else the start of the body whatever it is."""
    return error.message or answer.body[:_TEXT_BYTES].decode("utf-8", "replace")


def _message(answer: HttpAnswer, text: str) -> str:
    if 300 <= answer.status < 400:
        text = f"redirects to {_without_query(answer.headers.get('location', 'nowhere'))}"
    return one_line(f"HTTP {answer.status}: {text.strip() or 'no explanation'}", MESSAGE_CELLS)


def _without_query(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def request_id_of(answer: HttpAnswer, error: ErrorEnvelope | None = None) -> str | None:
    """The provider's own name for the request, from the header or the error."""
    found = answer.headers.get("x-request-id") or (error.request_id if error else "")
    return one_line(found, _ID_CELLS) if found else None
