"""The ways a model spoils its own answer: faults of fields (rows to rows) and of text (JSON to anything)."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from forge_tui.provider.simulator.faults import Fault

Row = dict[str, Any]
RowFault = Callable[[list[Row], random.Random], list[Row]]

# ASCII only: lone surrogates have to reach the client as escapes, as real models send them.
_COMPACT = json.JSONEncoder(separators=(",", ":"))
THOUGHT = "The customer writes about {a thing}; let me see which category fits."


def rows_json(rows: list[Row]) -> str:
    """The wire form of an answer."""
    return _dumps({"results": rows})


def _dumps(value: Any) -> str:
    return _COMPACT.encode(value)


def _on_one(change: Callable[[Row], Row]) -> RowFault:
    def changed(rows: list[Row], rng: random.Random) -> list[Row]:
        if not rows:
            return rows
        unlucky = rng.randrange(len(rows))
        return [change(row) if index == unlucky else row for index, row in enumerate(rows)]

    return changed


def _on_all(change: Callable[[Row], Row]) -> RowFault:
    return lambda rows, _: [change(row) for row in rows]


def _without(rows: list[Row], rng: random.Random) -> list[Row]:
    unlucky = rng.randrange(len(rows)) if rows else 0
    return rows[:unlucky] + rows[unlucky + 1 :]


def _twice(rows: list[Row], rng: random.Random) -> list[Row]:
    return [*rows, rng.choice(rows) | {"priority": "low"}] if rows else rows


def _shuffled(rows: list[Row], rng: random.Random) -> list[Row]:
    return rng.sample(rows, len(rows))


def _swapped(rows: list[Row], _: random.Random) -> list[Row]:
    """Each ticket gets its neighbour's labels: valid to the schema, and harmless to a ticket that came alone."""
    labels = [{name: row[name] for name in ("category", "priority", "summary")} for row in rows]
    return [row | other for row, other in zip(rows, labels[1:] + labels[:1], strict=True)]


ROW_FAULTS: dict[Fault, RowFault] = {
    Fault.BAD_LABEL: _on_one(lambda row: row | {"category": "hardware failure (probably)"}),
    Fault.WRONG_CASE: _on_all(
        lambda row: (
            row | {"category": row["category"].replace("_", " ").title(), "priority": f" {row['priority'].upper()} "}
        )
    ),
    Fault.ID_MISSING: _without,
    Fault.ID_DUPLICATE: _twice,
    Fault.ID_FOREIGN: _on_one(lambda row: row | {"id": "t99"}),
    Fault.ID_REORDERED: _shuffled,
    Fault.SWAPPED: _swapped,
    Fault.SUMMARY_MISSING: _on_one(lambda row: {name: value for name, value in row.items() if name != "summary"}),
    Fault.SUMMARY_LONG: _on_all(lambda row: row | {"summary": " ".join(["and then"] * 30)}),
    Fault.CONFIDENCE: _on_all(lambda row: row | {"confidence": 0.97}),
    Fault.EMOJI: _on_all(lambda row: row | {"summary": f"🔥 ग्राहक परेशान है: {row['summary']}"}),
    Fault.CONTROL_CHARS: _on_all(lambda row: row | {"summary": f"\x00\ud800\x1b]0;owned\x07{row['summary']}\u202e"}),
}


def _first_object(text: str) -> str:
    rows = json.loads(text)["results"]
    return _dumps({"results": rows[0] if rows else {}})


TEXT_FAULTS: dict[Fault, Callable[[str], str]] = {
    Fault.EMPTY_CONTENT: lambda _: "",
    Fault.THINK: lambda text: f"<think>{THOUGHT}</think>\n{text}",
    Fault.ORPHAN_THINK: lambda text: f"{THOUGHT}</think>\n{text}",
    Fault.FENCE: lambda text: f"```json\n{text}\n```",
    Fault.PROSE: lambda text: (
        f"Sure! Here is the classification you asked for:\n\n{text}\n\nLet me know if I can help."
    ),
    Fault.GARBAGE: lambda _: "I am sorry, I cannot help with that request at the moment.",
    Fault.TRAILING_COMMA: lambda text: text.removesuffix("]}") + ",]}",
    Fault.SINGLE_QUOTES: lambda text: repr(json.loads(text)),
    Fault.SMART_QUOTES: lambda text: re.sub(r'"([^"]*)"', "“\\1”", text),
    Fault.RESULTS_STRING: lambda text: _dumps({"results": _dumps(json.loads(text)["results"])}),
    Fault.RESULTS_OBJECT: _first_object,
}

CUT_FAULTS: dict[Fault, Callable[[str], str]] = {
    Fault.UNCLOSED_THINK: lambda _: f"<think>{THOUGHT}",
    Fault.TRUNCATED: lambda text: text[: len(text) * 6 // 10],
}
"""Faults that end with `finish_reason: "length"`."""
