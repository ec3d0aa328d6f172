"""What a run is made of and how it ends: the values that the session hands to the engine and gets back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forge_tui.core.failure import Code
from forge_tui.core.job import JobState, PauseReason
from forge_tui.core.ticket import QueuedTicket
from forge_tui.pipeline.alarms import Alarms
from forge_tui.pipeline.audit import Audit
from forge_tui.pipeline.flight import Caller
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.queue import TicketQueue
from forge_tui.pipeline.recorder import Recorder
from forge_tui.pipeline.settle import Settler
from forge_tui.pipeline.sizes import Sizes
from forge_tui.pipeline.window import Window


@dataclass(frozen=True, slots=True)
class Ending:
    """Why this run stops sending; what is in flight still comes home."""

    state: JobState
    reason: str = ""
    code: Code | None = None
    why: PauseReason | None = None


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages a run is made of, handed in by the session."""

    queue: TicketQueue
    window: Window
    sizes: Sizes
    gates: Gates
    caller: Caller
    settler: Settler
    recorder: Recorder
    alarms: Alarms
    audit: Audit


@dataclass(frozen=True, slots=True)
class RunRules:
    """What a run reads of the settings; `most_it_costs` answers tokens and money that a batch can come to."""

    most_it_costs: Callable[[Sequence[QueuedTicket]], tuple[int, float]]
    max_outage_s: float | None
    grace_s: float
