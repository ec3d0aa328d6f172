"""A model that obeys instructions hidden in tickets: what a defence against injection has to survive."""

import re
from typing import Any

_ORDER = re.compile(r"(?is)\b(?:ignore|disregard|forget)\b.{0,40}\binstructions?\b(?P<order>.*)")
_PAYLOAD = re.compile(r"(?s)[{\[].*[}\]]")
_LABELS = re.compile(
    r"(?i)\b(?:mark|classify|label)\b.*?\bas\s+(?P<category>\w+)(?:\s*(?:,|and|/)\s*(?P<priority>\w+))?"
)
_SUMMARY = re.compile(r"(?is)\bsummary\s*:\s*(?P<summary>.+)")

Row = dict[str, Any]


def order_in(tickets: tuple[tuple[str, str], ...]) -> str | None:
    """The first hidden order among the tickets' texts: what follows "ignore your instructions"."""
    found = (_ORDER.search(text) for _, text in tickets)
    return next((match["order"] for match in found if match), None)


def verbatim_answer(order: str) -> str | None:
    """The JSON an order dictates, to be answered word for word instead of a classification."""
    match = _PAYLOAD.search(order)
    return match.group() if match else None


def obey(rows: list[Row], order: str) -> list[Row]:
    """Every row of the batch as ordered: the labels of `mark all as CATEGORY and PRIORITY`, the text of `summary: ...`."""
    changes: Row = {}
    if labels := _LABELS.search(order):
        changes |= {name: value for name, value in labels.groupdict().items() if value}
    if summary := _SUMMARY.search(order):
        changes["summary"] = summary["summary"]
    return [row | changes for row in rows]
