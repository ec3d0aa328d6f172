"""The budget: money is reserved before a request leaves and settled when its bill is known.

Law: spent never passes the maximum by more than what was in flight when it was reached.
"""


class Budget:
    """Amounts are in the price's currency; a maximum of None allows everything and still counts."""

    def __init__(self, max_cost: float | None, spent: float = 0.0) -> None:
        self._max_cost = max_cost
        self._spent = spent
        self._reserved: dict[int, float] = {}
        self._next_token = 0

    @property
    def max_cost(self) -> float | None:
        return self._max_cost

    @property
    def spent(self) -> float:
        return self._spent

    @property
    def reserved(self) -> float:
        """The most that the requests in flight are expected to cost."""
        return sum(self._reserved.values())

    def fits(self, estimate: float) -> bool:
        """Whether a request of at most `estimate` may leave now."""
        return self._max_cost is None or self._spent + self.reserved + estimate <= self._max_cost

    def reached(self, estimate: float) -> bool:
        """Whether it would not fit even if everything in flight came home for nothing: waiting cannot help."""
        return self._max_cost is not None and self._spent + estimate > self._max_cost

    def reserve(self, estimate: float) -> int:
        """Set `estimate` aside for one request; the token settles it."""
        self._next_token += 1
        self._reserved[self._next_token] = estimate
        return self._next_token

    def settle(self, token: int, actual: float) -> None:
        """The request came to `actual` (0 if it was not billed). Raises KeyError when settled twice."""
        del self._reserved[token]
        self._spent += actual

    def set_max(self, max_cost: float | None) -> None:
        """Raise, lower or lift the maximum; what is in flight is let home."""
        self._max_cost = max_cost
