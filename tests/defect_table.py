"""docs/defects.md from the tests' own docstrings; `python tests/defect_table.py` writes it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "defects.md"

# What went wrong in the system that this one re-creates, reproduced by running it unmodified.
DEFECTS = {
    1: "one breaker trip loses the job",
    2: "five failures in 20 s open the breaker at any load",
    3: "a wrong key ends as `circuit_breaker_open`",
    4: "429, 400 and bad JSON count as failures of the service",
    5: "a late success closes the breaker while the probe is out",
    6: "half-open lets twenty waiters run one after another; the shown state stands still",
    7: "a batch waits for its slowest ticket",
    8: "a sleeping retry holds a slot",
    9: "Retry-After as a date ends the ticket; ignored on 503",
    10: "404, 408, 502, 504: three requests in 0.2 s",
    11: "tickets of equal priority leave in any order",
    12: "its own fan-out exhausts its store connections",
    13: "kill -9 or TERM: the job says processing for ever",
    14: "results are written only at the end",
    15: "results expire while the job is read",
    16: "an error at start leaves the job pending",
    17: "statistics exist only in the last event",
    18: "two jobs with the same tickets pay twice",
    19: "duplicate rows vanish; rows are not in order",
    20: "one more space makes a new ticket",
    21: "a changed model is answered with old labels",
    22: "any dictionary is accepted and cached",
    23: "a cached job reports its tokens and cost again",
    24: "cache misses are counted twice",
    25: "tokens of malformed replies are not counted",
    26: "failed tickets are missing from completed",
    27: "percentiles mix jobs; a setting does nothing",
    28: "the ETA is far off, and not 0 at the end",
    29: "the queue gauge shows the newest job only",
    30: "the failure panel divides each status by itself",
    31: "a brace in a string breaks the JSON extraction",
    32: "a draft inside the reasoning is taken as the answer",
    33: "ticket text goes raw into the prompt",
    34: "logs hold ticket text and a password, and no job",
    35: "health says ok with the store down",
    36: "two server processes double the cap",
    37: "misspelt settings pass silently",
    38: "one bad item rejects 499 good ones",
    39: "no upper bounds on dependencies",
    40: "its tests make no HTTP exchange and no restart",
}


def page() -> str:
    """The whole page."""
    answers: dict[int, list[str]] = {number: [] for number in DEFECTS}
    for number, test in _answers():
        answers[number].append(f"`{test}`")
    rows = [f"| D{n} | {what} | {'<br>'.join(answers[n]) or 'none yet'} |" for n, what in DEFECTS.items()]
    return "\n".join([_HEAD, *rows, ""])


_HEAD = """# Defects we do not have

Forty defects were reproduced in the system that this one re-creates. Each test named here says in its docstring which of them it
answers; `python tests/defect_table.py` makes this page, and a test compares it.

| | the defect | the tests that show we do not have it |
|---|---|---|"""


def _answers() -> Iterator[tuple[int, str]]:
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for number in re.findall(r"\bD([0-9]{1,2})\b", ast.get_docstring(node) or ""):
                    yield int(number), f"{path.relative_to(TESTS).as_posix()}::{node.name}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
