"""One snapshot in the middle of a run, with plausible figures that belong together."""

from dataclasses import replace
from typing import Any

from forge_tui.core.job import JobState
from forge_tui.core.snapshot import BoundView, BreakerView, ClassView, Eta, LimitsView, Percentiles, Snapshot
from forge_tui.core.ticket import Complexity

MID_RUN = Snapshot(
    seq=7,
    at=1_700_050_000.0,
    at_mono=100.0,
    job_id=42,
    file="tickets_5k.csv",
    state=JobState.RUNNING,
    provider="sarvam",
    model="sarvam-105b",
    started_at=1_700_049_448.0,
    elapsed_s=552.0,
    total=5003,
    done=2416,
    failed=30,
    queued=2458,
    in_flight=20,
    waiting=13,
    twins=66,
    from_model=2070,
    from_cache=280,
    from_twin=66,
    refused=3,
    lookups=5000,
    requests=306,
    tokens=620_000,
    tickets_per_s=6.3,
    tokens_per_s=1500,
    currency="INR",
    cost=24.0,
    cost_projected=41.4,
    max_cost=50.0,
    eta=Eta(269.2, 250.0, 289.2, Complexity.SIMPLE, 94, 154),
    classes=(
        ClassView(Complexity.COMPLEX, waiting=3, done=465, failed=12, batch_size=4, batch_cap=5),
        ClassView(Complexity.MEDIUM, 580, 20, 2, 10, 1125, 15, batch_size=10, batch_cap=10),
        ClassView(Complexity.SIMPLE, 1878, done=480, batch_size=20, batch_cap=20),
    ),
    breaker=BreakerView(failures_in_window=1, failure_share=0.05, failures_in_a_row=1),
    limits=LimitsView(slots_in_use=2, slots_limit=4, slots_cap=10, requests_last_min=35, requests_per_min=36),
    bound=BoundView("requests/min", 425, 448, 0.95, ("35/36 rpm", "98% full")),
    latency=Percentiles(3.2, 6.9, 8.3, 306),
)


def mid_run(**changes: Any) -> Snapshot:
    return replace(MID_RUN, **changes)
