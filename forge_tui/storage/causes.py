"""Failures grouped by what they have in common: the code, and the message without what differs from ticket to ticket."""

import re
from collections.abc import Iterable

from forge_tui.core.failure import Code
from forge_tui.storage.rows import FailureGroup

# An id (a long word with a digit in it: req_01hx3v9k2m, T-000118, a UUID), or a number or a time.
_VARIES = re.compile(r"\b(?=[a-z_-]*\d)[0-9a-z_-]{8,}\b|\d+(?:[.,:]\d+)*", re.IGNORECASE)


def cause(message: str) -> str:
    """`message` with `#` for each id and number."""
    return _VARIES.sub("#", message)


def by_cause(messages: Iterable[tuple[str, str, int, int]]) -> list[FailureGroup]:
    """Code, message, how many and the first of them, put together by cause, the most frequent first."""
    groups: dict[tuple[str, str], FailureGroup] = {}
    for code, message, tickets, first in messages:
        key = (code, cause(message))
        known = groups.get(key)
        groups[key] = (
            FailureGroup(Code(code), message, tickets, first)
            if known is None
            else FailureGroup(known.code, key[1], known.n + tickets, min(known.first, first))
        )
    return sorted(groups.values(), key=lambda group: (-group.n, group.code, group.message))
