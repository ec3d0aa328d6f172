"""What passes in and out of the fold beside events: the engine's views of the moment, and the original's five figures."""

from dataclasses import dataclass, field

from forge_tui.core.snapshot import BreakerView, LimitsView
from forge_tui.core.ticket import Complexity


@dataclass(frozen=True, slots=True)
class BatchView:
    """How many tickets of one class ride in a request now, at most, and why."""

    complexity: Complexity
    size: int = 1
    cap: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LiveViews:
    """What no event tells: the state of breaker, limits and batcher at the moment of a freeze.

    `free` says that the endpoint bills nothing. Breaker history, opening count and gate-shut seconds are the
    fold's own and need not be filled in.
    """

    breaker: BreakerView = field(default_factory=BreakerView)
    limits: LimitsView = field(default_factory=LimitsView)
    batches: tuple[BatchView, ...] = ()
    canary: bool = False
    free: bool = False
    engine_lag_p99_ms: float = 0.0

    def batch_of(self, complexity: Complexity) -> BatchView:
        """The batch figures of one class; one ticket per request while the engine names none."""
        return next((view for view in self.batches if view.complexity is complexity), BatchView(complexity))


@dataclass(frozen=True, slots=True)
class Progress:
    """The figures that the original streamed after every batch; `completed` includes the failed ones."""

    completed: int
    total: int
    cache_hits: int
    failed: int
    eta_seconds: float | None
