"""What a list asks of the store, and the answer: two lists that ask the same have one between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forge_tui.console.screens.sort import AS_IN_THE_INPUT, Sorting


@dataclass(frozen=True, slots=True)
class Question:
    """What the rows on screen are an answer to; an answer to another question is dropped."""

    job_id: int = 0
    version: int = -1
    typed: str = ""
    sorting: Sorting = AS_IN_THE_INPUT


@dataclass(frozen=True, slots=True)
class Answer:
    """All positions that the filter leaves, in the order asked for, and what the list shows beside them."""

    asked: Question
    positions: Sequence[int]
    beside: Any
