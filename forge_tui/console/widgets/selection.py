"""Cursor and marks of a list as ids: they survive another order, a filter and fresh rows."""

from collections.abc import Sequence


class Selection:
    """Where the cursor stands among the ids shown, and which ids are marked, shown or not.

    `marks` may be another list's own: both have the same then.
    """

    def __init__(self) -> None:
        self.ids: Sequence[int] = ()
        self.index = 0
        self.marks: set[int] = set()
        self._last_mark: int | None = None
        self._known: frozenset[int] | None = None

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self.ids[self.index] if self.ids else None

    @property
    def hidden_marks(self) -> int:
        """How many marks are on ids that are not shown."""
        if not self.marks:
            return 0
        if self._known is None:
            self._known = frozenset(self.ids)
        return len(self.marks - self._known)

    def show(self, ids: Sequence[int]) -> None:
        """Other ids, or another order; the cursor stays on its id, or at its place where the id is gone."""
        before = self.current
        self.ids, self._known = ids, None
        self.index = min(self.index, max(0, len(ids) - 1))
        if before is not None and self.current != before and before in ids:
            self.index = ids.index(before)

    def nearest(self, index: int) -> int:
        """The place there is for `index`."""
        return max(0, min(index, len(self.ids) - 1))

    def toggle(self) -> None:
        """Mark the current id, or take its mark off."""
        if self.current is not None:
            self.marks ^= {self.current}
            self._last_mark = self.current

    def mark_range(self) -> None:
        """Mark all from the last mark to the cursor."""
        last = self._last_mark
        start = self.ids.index(last) if last is not None and last in self.ids else self.index
        low, high = sorted((start, self.index))
        self.marks |= set(self.ids[low : high + 1])

    def mark_all(self) -> None:
        """Mark every id shown."""
        self.marks |= set(self.ids)
