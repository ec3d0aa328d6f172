"""The form of a request, and what of it is given up when a server refuses a field: each step once, and remembered.

format:       json_schema → json_object → none
output limit: max_tokens → max_completion_tokens;  as set → lowered to the number named
temperature:  sent → left out;  reasoning_effort "none": sent → left out

A refusal is an attempt like any other (it is in the ledger and under the rate limit): the client keeps the next
shape and answers with a fault marked `adapted`, and the same batch may go again at once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forge_tui.core.ticket import Batch
from forge_tui.provider.faults import is_too_long
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.prompt import FormatKind, max_tokens_for, response_format, system_message, user_content

_FORMAT = re.compile(r"response_format|json_schema|json_object|grammar|\bschema\b", re.IGNORECASE)
_LIMIT = re.compile(r"maximum output length|max_tokens|max_completion_tokens|max tokens", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])\d{2,7}(?![\w.]*\w)", re.ASCII)
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)", re.ASCII)
_LOWEST_LIMIT_TOKENS = 64
# Not escaped to ASCII: one Devanagari letter would become six characters to send.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class RequestShape:
    """Which fields go along; `output_cap` bounds the output tokens of any request, `output_cap_named` once a server did."""

    formats: tuple[FormatKind, ...]
    output_cap: int
    output_cap_named: bool = False
    limit_field: str = "max_tokens"
    temperature: float | None = 0.0
    reasoning: Mapping[str, object] | None = None


def first_shape(endpoint: Endpoint) -> RequestShape:
    """Everything the endpoint's preset would like to send."""
    return RequestShape(
        formats=endpoint.formats,
        output_cap=endpoint.max_output_tokens,
        temperature=endpoint.temperature,
        reasoning=endpoint.reasoning,
    )


class RequestForm:
    """Requests of one shape: what is the same in all of them is encoded once, 2 of their 2.1 KB."""

    def __init__(self, endpoint: Endpoint, shape: RequestShape) -> None:
        self.shape = shape
        system, user = _encode(system_message(endpoint.taxonomy)), _encode({"role": "user"})
        fixed = _encode(_fixed_fields(endpoint, shape))
        self._before = f'{{"messages":[{system},{user[:-1]},"content":'
        self._between = f"}}],{_encode(shape.limit_field)}:"
        self._after = f",{fixed[1:]}"

    def body(self, batch: Batch) -> bytes:
        """The JSON object to post."""
        content = _encode(user_content(batch))
        limit = output_limit(batch, self.shape)
        return f"{self._before}{content}{self._between}{limit}{self._after}".encode()


def _fixed_fields(endpoint: Endpoint, shape: RequestShape) -> dict[str, Any]:
    """All but messages and limit; a None in it is meant: Sarvam's /v1 reasons unless told null."""
    fields: dict[str, Any] = {"model": endpoint.model, **(shape.reasoning or {})}
    if shape.temperature is not None:
        fields["temperature"] = shape.temperature
    fields |= endpoint.extra_body
    asked = response_format(shape.formats[0], endpoint.taxonomy)
    if asked is not None:
        fields["response_format"] = asked
    return fields


def output_limit(batch: Batch, shape: RequestShape) -> int:
    """Output tokens this batch may take: by its size, or what a ticket was raised to after a cut answer."""
    raised = max((ticket.output_tokens or 0 for ticket in batch.tickets), default=0)
    return min(shape.output_cap, max(raised, max_tokens_for(len(batch.tickets), shape.output_cap)))


def adapted(shape: RequestShape, status: int, text: str, sent_limit: int) -> tuple[RequestShape, str] | None:
    """The shape to go on with after this refusal and what changed, or None when nothing is left to give up."""
    if status not in {400, 422} or is_too_long(text):
        return None
    if _LIMIT.search(text):
        return _other_limit(shape, text, sent_limit)
    if _FORMAT.search(text) and len(shape.formats) > 1:
        rest = shape.formats[1:]
        return replace(shape, formats=rest), f"reply format {shape.formats[0]} refused, now {rest[0]}"
    if "temperature" in text and shape.temperature is not None:
        return replace(shape, temperature=None), "temperature refused, left out"
    # Only "none" may go: leaving out an explicit null would switch reasoning on.
    if "reasoning_effort" in text and (shape.reasoning or {}).get("reasoning_effort") == "none":
        return replace(shape, reasoning=None), "reasoning_effort refused, left out: reasoning may be billed"
    return None


def _other_limit(shape: RequestShape, text: str, sent_limit: int) -> tuple[RequestShape, str] | None:
    if "max_completion_tokens" in text and shape.limit_field == "max_tokens" and "max_tokens" in text:
        return replace(shape, limit_field="max_completion_tokens"), "max_tokens refused, now max_completion_tokens"
    named = [int(number) for number in _NUMBER.findall(_THOUSANDS_COMMA.sub("", text))]
    cap = max((number for number in named if _LOWEST_LIMIT_TOKENS <= number < sent_limit), default=None)
    if cap is None or shape.output_cap_named:
        return None
    return replace(shape, output_cap=cap, output_cap_named=True), f"output limit lowered to {cap} tokens"
