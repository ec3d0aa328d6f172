"""The simulated model: labels of the local rules in the wire form, spoilt as the fault says, with its usage."""

import random
from dataclasses import dataclass, replace
from typing import Any

from forge_tui.provider.local_rules import classify
from forge_tui.provider.simulator import attacker
from forge_tui.provider.simulator.content import CUT_FAULTS, ROW_FAULTS, TEXT_FAULTS, THOUGHT, rows_json
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.validation import CHARS_PER_TOKEN, ChatRequest


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model says and what it counts; `completion_tokens` include the reasoning."""

    content: str | None
    finish_reason: str
    completion_tokens: int
    reasoning_tokens: int = 0
    reasoning: str | None = None
    tool_arguments: str | None = None

    def message(self) -> dict[str, Any]:
        call = {"id": "call_1", "type": "function", "function": {"name": "triage", "arguments": self.tool_arguments}}
        return {
            "role": "assistant",
            "content": self.content,
            "reasoning_content": self.reasoning,
            "refusal": None,
            "tool_calls": [call, call] if self.tool_arguments else None,
        }


def complete(request: ChatRequest, fault: Fault | None, rng: random.Random) -> Completion:
    """The model's answer; without tickets in the request it says OK."""
    reasoning_tokens = rng.randint(150, 600) if request.reasons else 0
    if reasoning_tokens >= request.max_tokens:
        return Completion(None, "length", request.max_tokens, request.max_tokens, "Let me…")
    said = _say(request, fault, rng)
    room = request.max_tokens - reasoning_tokens
    if said.content is not None and said.completion_tokens > room:
        said = replace(
            said, content=said.content[: room * CHARS_PER_TOKEN], finish_reason="length", completion_tokens=room
        )
    return replace(
        said,
        completion_tokens=min(request.max_tokens, said.completion_tokens + reasoning_tokens),
        reasoning_tokens=reasoning_tokens or said.reasoning_tokens,
        reasoning=THOUGHT if reasoning_tokens else said.reasoning,
    )


def _say(request: ChatRequest, fault: Fault | None, rng: random.Random) -> Completion:
    if not request.tickets:
        return Completion("OK", "stop", 1)
    if fault is Fault.NULL_LENGTH:
        return Completion(None, "length", request.max_tokens, request.max_tokens, "Let me…")
    if fault is Fault.FILTERED:
        return Completion("", "content_filter", 0)
    text = _answer(request, fault, rng)
    if fault is Fault.TOOL_CALLS:
        return Completion(None, "tool_calls", tokens_of(text), tool_arguments=text)
    if fault in CUT_FAULTS:
        cut = CUT_FAULTS[fault](text)
        return Completion(cut, "length", tokens_of(cut))
    if fault in TEXT_FAULTS:
        text = TEXT_FAULTS[fault](text)
    return Completion(text, "stop", tokens_of(text))


def _answer(request: ChatRequest, fault: Fault | None, rng: random.Random) -> str:
    rows = [{"id": wire_id, **_labels(text)} for wire_id, text in request.tickets]
    if fault in ROW_FAULTS:
        rows = ROW_FAULTS[fault](rows, rng)
    if fault is Fault.OBEYS and (order := attacker.order_in(request.tickets)) is not None:
        return attacker.verbatim_answer(order) or rows_json(attacker.obey(rows, order))
    return rows_json(rows)


def _labels(text: str) -> dict[str, str]:
    label = classify(text)
    return {"category": label.category, "priority": label.priority, "summary": label.summary}


def tokens_of(text: str) -> int:
    """Tokens by the rule of thumb that the simulator bills by: four characters each, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)
