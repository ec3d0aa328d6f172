"""How the simulated provider behaves: limits, latency, faults by chance, by call number and by time of day."""

from dataclasses import dataclass
from enum import StrEnum

from forge_tui.provider.simulator.faults import Fault


class LatencyModel(StrEnum):
    """How long an answer takes, around `latency_s`."""

    FIXED = "fixed"
    FLAT = "flat"
    BATCH = "batch"


class RateHeaders(StrEnum):
    """How a 429 tells how long to wait; `groq` adds the limit headers to every reply."""

    NONE = "none"
    SECONDS = "seconds"
    FLOAT = "float"
    MILLISECONDS = "ms"
    DATE = "date"
    TEXT = "text"
    GROQ = "groq"


@dataclass(frozen=True, slots=True)
class Phase:
    """A time of day: between two instants (seconds since the first call) a share of the calls has this fault."""

    from_s: float
    to_s: float
    fault: Fault
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """Calls `first` to `last` (from 1, both included; None: for ever) have this fault."""

    first: int
    last: int | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Everything that shapes the simulated provider; equal options and calls give equal answers.

    `latency_s` is the median of an answer (`fixed`, `flat`) or of its first token (`batch`), all of it times
    `speed`. `requests_per_min` None is no limit; `burst` None lets a whole minute's requests come at once.
    `cycle_s` starts the phases over. Each of `poison` is a word and what befalls every call with it in a ticket. A script
    wins over poison, poison over a phase, a phase over chance.
    """

    seed: int = 1
    latency_model: LatencyModel = LatencyModel.FLAT
    latency_s: float = 1.0
    speed: float = 1.0
    load: float = 0.0
    reject_s: float = 0.02
    requests_per_min: float | None = None
    burst: int | None = None
    failed_calls_count: bool = False
    rate_headers: RateHeaders = RateHeaders.NONE
    retry_after_s: float = 1.0
    reports_cached_tokens: bool = False
    faults: tuple[tuple[Fault, float], ...] = ()
    phases: tuple[Phase, ...] = ()
    cycle_s: float | None = None
    script: tuple[ScriptLine, ...] = ()
    poison: tuple[tuple[str, Fault], ...] = ()

    def phase_at(self, since_start_s: float) -> Phase | None:
        """The first phase that holds at this instant."""
        at = since_start_s % self.cycle_s if self.cycle_s else since_start_s
        return next((phase for phase in self.phases if phase.from_s <= at < phase.to_s), None)
