"""What an operator filters and sorts a list by, as SQL; every value that comes from outside is a parameter."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import TypedDict

from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity

_LONGEST_WORD = 200  # LIKE refuses patterns of 50,000 bytes


class FailureFilter(TypedDict, total=False):
    """Which failures: of these codes and classes, not of those, with all of these words in text or message.

    `positions` names single tickets; as everywhere here, an empty collection leaves all.
    """

    positions: Collection[int]
    codes: Collection[Code]
    exclude_codes: Collection[Code]
    complexities: Collection[Complexity]
    exclude_complexities: Collection[Complexity]
    words: str


class ResultFilter(TypedDict, total=False):
    """Which results: with one of these labels, without those, with all of these words in text or summary."""

    positions: Collection[int]
    categories: Collection[str]
    exclude_categories: Collection[str]
    priorities: Collection[str]
    exclude_priorities: Collection[str]
    words: str


class Order(StrEnum):
    """What a list is sorted by; equals stand in input order."""

    TICKET = "ticket"
    CLASS = "class"
    CODE = "code"
    TRIES = "tries"
    AGE = "age"
    VERDICT = "retry?"
    MESSAGE = "message"
    CATEGORY = "category"
    PRIORITY = "priority"
    SOURCE = "from"


class Conditions:
    """A WHERE clause under construction: `sql` and its `parameters`, in step."""

    def __init__(self, sql: str, *parameters: object) -> None:
        self.sql = sql
        self.parameters: list[object] = list(parameters)

    def _and(self, condition: str, *parameters: object) -> None:
        self.sql += f" AND {condition}"
        self.parameters += parameters

    def among(self, column: str, values: Collection[object]) -> None:
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


def order_sql(order: Order) -> str:
    """The ORDER BY of an order."""
    return _ORDERS[order]


def failed_where(job_id: int, wanted: FailureFilter) -> Conditions:
    """The failed tickets of a job that the filter leaves."""
    where = Conditions("job_id = ? AND state = 'failed'", job_id)
    where.among("position", wanted.get("positions", ()))
    where.among("code", wanted.get("codes", ()))
    where.not_among("code", wanted.get("exclude_codes", ()))
    where.among("complexity", wanted.get("complexities", ()))
    where.not_among("complexity", wanted.get("exclude_complexities", ()))
    where.words(wanted.get("words", ""), "text", "message")
    return where


def done_where(job_id: int, wanted: ResultFilter) -> Conditions:
    """The done tickets of a job that the filter leaves."""
    where = Conditions("job_id = ? AND state = 'done'", job_id)
    where.among("position", wanted.get("positions", ()))
    where.among("category", wanted.get("categories", ()))
    where.not_among("category", wanted.get("exclude_categories", ()))
    where.among("priority", wanted.get("priorities", ()))
    where.not_among("priority", wanted.get("exclude_priorities", ()))
    where.words(wanted.get("words", ""), "text", "summary")
    return where


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rank(column: str, values: Sequence[str]) -> str:
    """The place of a value of ours in `values`; what is not among them comes last."""
    places = " ".join(f"WHEN '{value}' THEN {place}" for place, value in enumerate(values))
    return f"CASE {column} {places} ELSE {len(values)} END"


_MOST_HOPEFUL_FIRST = [code for helps in RetryHelps for code, rule in RULES.items() if rule.retry_helps is helps]
_ORDERS = {
    Order.TICKET: "position",
    Order.CLASS: f"{_rank('complexity', MOST_COMPLEX_FIRST)}, position",
    Order.CODE: "code, position",
    Order.TRIES: "max(ticket_attempts, service_attempts) DESC, position",
    Order.AGE: "settled_at DESC, position",
    Order.VERDICT: f"{_rank('code', _MOST_HOPEFUL_FIRST)}, position",
    Order.MESSAGE: "message, position",
    Order.CATEGORY: "category, position",
    Order.PRIORITY: f"{_rank('priority', SUPPORT_TAXONOMY.priority_names[::-1])}, position",
    Order.SOURCE: "source, batch, position",
}
