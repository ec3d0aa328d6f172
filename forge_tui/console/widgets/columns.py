"""Columns of a long list: which fit into a width, how wide each is, and a row laid out in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list; `width` 0 takes what the others leave, lists narrower than `from_width` do without it."""

    title: str
    width: int
    right: bool = False
    from_width: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """One column that is shown: its place among a row's cells, and its cells of width."""

    place: int
    width: int
    right: bool


def fitted(columns: Sequence[Column], width: int, lead: int) -> tuple[Fitted, ...]:
    """The columns of a list of `width` cells of which `lead` are taken; the open one gets what is left."""
    shown = [(place, column) for place, column in enumerate(columns) if column.from_width <= width]
    taken = lead + sum(column.width for _, column in shown) + GAP * (len(shown) - 1)
    left = max(0, width - taken)
    return tuple(Fitted(place, column.width or left, column.right) for place, column in shown)


def laid_out(cells: Sequence[Content], columns: Sequence[Fitted]) -> Content:
    """The cells of a row, each cut or filled to its column."""
    parts: list[Content | str] = []
    for column in columns:
        if column.place >= len(cells):
            break
        shown = cells[column.place].truncate(column.width, ellipsis=True)
        blank = column.width - shown.cell_length
        parts += [shown.pad_left(blank) if column.right else shown.pad_right(blank), " " * GAP]
    return Content.assemble(*parts[:-1])
