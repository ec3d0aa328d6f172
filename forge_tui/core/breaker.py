"""The three states of the circuit breaker, as decided, shown and stored."""

from enum import StrEnum


class BreakerState(StrEnum):
    """Everything may leave, nothing, or one probe."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
