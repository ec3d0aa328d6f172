"""The rows of a long list that are here: a few pages of many, old ones shown until their successors have come."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

PAGE = 200
KEPT = 8 * PAGE


class RowCache:
    """Rows by id; tells once for each page what is wanted of it."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, Any] = OrderedDict()
        self._old: set[int] = set()
        self._asked: set[int] = set()

    def get(self, row_id: int) -> Any | None:
        """The row, an old one too."""
        return self._rows.get(row_id)

    def wanted(self, index: int, ids: Sequence[int]) -> tuple[int, ...]:
        """The ids of the page around `index` if its row must be asked for; a page is asked for once."""
        row_id, page = ids[index], index // PAGE
        if (row_id in self._rows and row_id not in self._old) or page in self._asked:
            return ()
        self._asked.add(page)
        return tuple(ids[page * PAGE : (page + 1) * PAGE])

    def put(self, rows: Mapping[int, Any]) -> None:
        """Rows have come; the oldest of too many go."""
        for row_id, row in rows.items():
            self._rows[row_id] = row
            self._rows.move_to_end(row_id)
        self._old.difference_update(rows)
        if len(self._rows) > KEPT:
            while len(self._rows) > KEPT:
                self._old.discard(self._rows.popitem(last=False)[0])
            self._asked.clear()

    def expire(self) -> None:
        """All rows may have changed: each is asked for again, and shown as it was until then."""
        self._old = set(self._rows)
        self._asked.clear()

    def reorder(self) -> None:
        """The ids stand in another order: pages are other pages now."""
        self._asked.clear()

    def clear(self) -> None:
        """These rows are somebody else's."""
        self._rows.clear()
        self.expire()
