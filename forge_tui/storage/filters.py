"""What an operator filters a list by, as SQL conditions; every value is a parameter."""

from collections.abc import Collection
from typing import TypedDict

from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity

_LONGEST_WORD = 200  # LIKE refuses patterns of 50,000 bytes


class FailureFilter(TypedDict, total=False):
    """Which failures: of these codes, not of those, of one class, with all of these words in text or message."""

    codes: Collection[Code]
    exclude_codes: Collection[Code]
    complexity: Complexity | None
    exclude_complexities: Collection[Complexity]
    words: str


class ResultFilter(TypedDict, total=False):
    """Which results: with this label, without those, with all of these words in text or summary."""

    category: str | None
    exclude_categories: Collection[str]
    priority: str | None
    exclude_priorities: Collection[str]
    words: str


class Conditions:
    """A WHERE clause under construction: `sql` and its `parameters`, in step."""

    def __init__(self, sql: str, *parameters: object) -> None:
        self.sql = sql
        self.parameters: list[object] = list(parameters)

    def _and(self, condition: str, *parameters: object) -> None:
        self.sql += f" AND {condition}"
        self.parameters += parameters

    def equal(self, column: str, value: str | None) -> None:
        if value is not None:
            self._and(f"{column} = ?", value)

    def among(self, column: str, values: Collection[str]) -> None:
        if values:
            self._and(f"{column} IN ({_marks(values)})", *values)

    def not_among(self, column: str, values: Collection[str]) -> None:
        if values:
            self._and(f"coalesce({column}, '') NOT IN ({_marks(values)})", *values)

    def words(self, words: str, *columns: str) -> None:
        """Each word somewhere in `columns`; letters of ASCII in either case."""
        for word in words.split():
            pattern = f"%{_literally(word[:_LONGEST_WORD])}%"
            either = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
            self._and(f"({either})", *[pattern] * len(columns))


def failed_where(job_id: int, wanted: FailureFilter) -> Conditions:
    """The failed tickets of a job that the filter leaves."""
    where = Conditions("job_id = ? AND state = 'failed'", job_id)
    where.among("code", wanted.get("codes", ()))
    where.not_among("code", wanted.get("exclude_codes", ()))
    where.equal("complexity", wanted.get("complexity"))
    where.not_among("complexity", wanted.get("exclude_complexities", ()))
    where.words(wanted.get("words", ""), "text", "message")
    return where


def done_where(job_id: int, wanted: ResultFilter) -> Conditions:
    """The done tickets of a job that the filter leaves."""
    where = Conditions("job_id = ? AND state = 'done'", job_id)
    where.equal("category", wanted.get("category"))
    where.not_among("category", wanted.get("exclude_categories", ()))
    where.equal("priority", wanted.get("priority"))
    where.not_among("priority", wanted.get("exclude_priorities", ()))
    where.words(wanted.get("words", ""), "text", "summary")
    return where


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
