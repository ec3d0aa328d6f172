"""Stage 7: a batch and its reply to one answer per ticket: closed enums, the batch's own ids, nothing guessed."""

import re

from forge_tui.core.failure import Code
from forge_tui.core.outcome import Answer, AnswerFault, Classification, Reply
from forge_tui.core.taxonomy import Taxonomy
from forge_tui.core.text import one_line
from forge_tui.core.ticket import Batch, wire_id
from forge_tui.provider.prompt import SUMMARY_MAX_WORDS
from forge_tui.provider.reply import Row, Rows, Unreadable, read_rows

SUMMARY_MAX_CHARS = 300
_SHOWN_CELLS = 40
_FILTERED = frozenset({"content_filter", "refusal"})
_GAPS = re.compile(r"[\s-]+")


def answers_for(batch: Batch, reply: Reply, taxonomy: Taxonomy) -> dict[int, Answer]:
    """One answer for each position of the batch and for no other; a fault tells why and may be asked again."""
    found = read_rows(reply.content)
    missing = _why_missing(found, reply)
    rows = _rows_by_id(batch, found.rows) if isinstance(found, Rows) else {}
    repaired = isinstance(found, Rows) and found.repaired
    return {
        ticket.position: _answer(rows.get(wire_id(index), []), missing, taxonomy, repaired=repaired)
        for index, ticket in enumerate(batch.tickets)
    }


def _why_missing(found: Rows | Unreadable, reply: Reply) -> AnswerFault:
    """What befell the tickets that the reply says nothing about."""
    if reply.finish_reason in _FILTERED:
        return AnswerFault(Code.FILTER, f"The provider's filter ended the answer ({reply.finish_reason}).")
    if reply.finish_reason == "length":
        return AnswerFault(Code.LENGTH, f"The answer was cut at the output limit{_reasoned(reply)}.")
    match found:
        case Unreadable(reason, cut=True):
            return AnswerFault(Code.LENGTH, f"Nothing to read: {reason}.")
        case Unreadable(reason):
            return AnswerFault(Code.JSON, f"Nothing to read: {reason}.")
        case Rows(cut=True):
            return AnswerFault(Code.LENGTH, "The answer was cut before this ticket.")
        case Rows():
            return AnswerFault(Code.SCHEMA, "The answer leaves this ticket out.")


def _reasoned(reply: Reply) -> str:
    spent = reply.usage.reasoning_tokens
    return f": {spent} of its {reply.usage.completion_tokens} tokens were reasoning" if spent else ""


def _rows_by_id(batch: Batch, rows: tuple[Row, ...]) -> dict[str, list[Row]]:
    """The rows each wire id has; ids of no ticket are never looked up."""
    if len(batch.tickets) == len(rows) == 1 and rows[0].get("id") is None:
        return {wire_id(0): list(rows)}
    found: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(name := row.get("id"), str):
            found.setdefault(name.strip(), []).append(row)
    return found


def _answer(rows: list[Row], missing: AnswerFault, taxonomy: Taxonomy, *, repaired: bool) -> Answer:
    match rows:
        case []:
            return missing
        case [row]:
            return _classification(row, taxonomy, repaired=repaired)
        case _:
            return AnswerFault(Code.SCHEMA, f"The answer names this ticket {len(rows)} times.")


def _classification(row: Row, taxonomy: Taxonomy, *, repaired: bool) -> Answer:
    category, priority = _label(row.get("category")), _label(row.get("priority"))
    if category not in taxonomy.category_names:
        return _not_allowed("category", row.get("category"))
    if priority not in taxonomy.priority_names:
        return _not_allowed("priority", row.get("priority"))
    words = _words(row.get("summary"))
    if not words:
        return AnswerFault(Code.SCHEMA, "The summary is missing.")
    summary = " ".join(words[:SUMMARY_MAX_WORDS])
    is_cut = len(words) > SUMMARY_MAX_WORDS or len(summary) > SUMMARY_MAX_CHARS
    flags = ("repaired",) * repaired + ("summary_cut",) * is_cut
    return Classification(category, priority, summary[:SUMMARY_MAX_CHARS].rstrip(), flags)


def _label(value: object) -> str:
    """The value as labels are written: `Hardware Issue` is `hardware_issue`; never mapped to another word."""
    return _GAPS.sub("_", value.strip().lower()) if isinstance(value, str) else ""


def _words(value: object) -> list[str]:
    # SQLite's length() and LIKE stop at a NUL.
    return value.replace("\0", "\ufffd").split() if isinstance(value, str) else []


def _not_allowed(key: str, value: object) -> AnswerFault:
    if not isinstance(value, str):
        return AnswerFault(Code.SCHEMA, f"The {key} is missing.")
    return AnswerFault(Code.SCHEMA, f"The {key} is “{one_line(value, _SHOWN_CELLS)}”, which is not allowed.")
