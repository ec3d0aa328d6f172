"""What an operator may ask of a running engine: small frozen values, each answered in a later snapshot."""

from dataclasses import dataclass
from enum import StrEnum


class BreakerOrder(StrEnum):
    """What an operator may do to the breaker by hand."""

    TRIP = "trip"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing new until Resume; what is in flight comes home."""

    command_id: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Send again: ends a pause and, once its cause is cured, a halt."""

    command_id: int


@dataclass(frozen=True, slots=True)
class Drain:
    """Let what is in flight come home, then stop; the job can be resumed."""

    command_id: int


@dataclass(frozen=True, slots=True)
class StopNow:
    """Drop what is in flight and stop; those tickets are paid for again on resume."""

    command_id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the job: all that is not done becomes cancelled."""

    command_id: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Queue these failed or cancelled tickets of the job again, counters at zero."""

    command_id: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Change limits while running; None leaves one as it is, `requests_per_min` 0 takes it off."""

    command_id: int
    concurrency: int | None = None
    requests_per_min: float | None = None
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class SetBreaker:
    """Trip or reset the breaker by hand."""

    command_id: int
    order: BreakerOrder


Command = Pause | Resume | Drain | StopNow | Cancel | Retry | SetLimits | SetBreaker
