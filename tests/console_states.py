"""The frozen snapshots of every state that the console shows: one run of 5,003 tickets, seen at different moments."""

from dataclasses import replace
from math import sin
from typing import Any

from forge_tui.core.breaker import BreakerState
from forge_tui.core.event import BatchSettled, BreakerChanged, Event, LimitChanged, TicketFailed
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.core.snapshot import BoundView, BreakerChange, BreakerView, LatencyPoint, Percentiles, Snapshot
from forge_tui.core.ticket import Complexity
from snapshot_builders import MID_RUN

NOW, NOW_MONO = MID_RUN.at, MID_RUN.at_mono

RECENT = {
    Complexity.COMPLEX: (4.6, 4.1, 6.2, 7.9, 4.8, 4.2, 4.7, 3.1, 2.8, 3.0, 5.9, 4.4),
    Complexity.MEDIUM: (2.9, 3.9, 3.0, 2.8, 6.1, 3.7, 2.8, 3.8, 2.9, 2.7, 3.6, 2.9),
    Complexity.SIMPLE: (3.8, 3.1, 3.9, 5.1, 3.7, 3.9, 3.8, 4.5, 3.6, 3.9, 3.1, 3.7),
}
LATENCIES = {
    Complexity.COMPLEX: Percentiles(4.1, 7.9, 8.8, 105),
    Complexity.MEDIUM: Percentiles(2.9, 6.1, 7.1, 120),
    Complexity.SIMPLE: Percentiles(3.3, 5.2, 5.9, 81),
}
SERIES = tuple(
    LatencyPoint(age_s, 2.8 + 0.5 * sin(age_s / 19), 6.1 + 1.3 * sin(age_s / 11 + 1)) for age_s in range(115, 0, -5)
)


def _settled(ago_s: float, batch: str, complexity: Complexity, size: int, **changes: Any) -> BatchSettled:
    figures: dict[str, Any] = {"done": size, "waiting": 0, "requeued": 0, "failed": 0, "twins_done": 0} | changes
    return BatchSettled(
        NOW - ago_s, 42, batch, complexity, size, latency_ms=3050.0, wait_ms=5.0, tokens=900, cost=0.124, **figures
    )


EVENTS: tuple[Event, ...] = (
    LimitChanged(NOW - 9, 42, "complex", 3, 4, "5 clean"),
    _settled(6, "b-0317", Complexity.SIMPLE, 20),
    TicketFailed(NOW - 5, 42, 2966, Complexity.MEDIUM, Code.FILTER, "refused by the filter", "b-0318", 200, 1, 0),
    _settled(3, "b-0319", Complexity.MEDIUM, 10),
    _settled(
        1,
        "b-0320",
        Complexity.MEDIUM,
        10,
        done=0,
        waiting=10,
        usable=False,
        code=Code.SERVER,
        http_status=503,
        again_in_s=1.2,
    ),
)


def busy(**changes: Any) -> Snapshot:
    """In the middle of its work."""
    classes = tuple(
        replace(
            view,
            recent_latencies_s=RECENT[view.complexity],
            batch_reason="36 requests/min",
            latency=LATENCIES[view.complexity],
            tickets_per_s={Complexity.MEDIUM: 5.1, Complexity.SIMPLE: 1.2}.get(view.complexity, 0.0),
        )
        for view in MID_RUN.classes
    )
    limits = replace(MID_RUN.limits, next_send_at_mono=NOW_MONO + 0.4, tokens_last_min=90_000)
    job = replace(
        MID_RUN,
        classes=classes,
        limits=limits,
        latency_series=SERIES,
        events=EVENTS,
        events_seen=len(EVENTS),
        engine_lag_p99_ms=2.0,
        saved_tokens=130_000,
        saved_cost=4.1,
        batching_saved_tokens=420_000,
        batching_saved_cost=12.3,
        failures_version=30,
        results_version=300,
        jobs_version=3,
    )
    return replace(job, **changes)


def at_rest() -> Any:
    """Nothing waits for a slot or for leave to send."""
    return replace(busy().limits, slots_in_use=0, requests_last_min=0, tokens_last_min=0, next_send_at_mono=None)


def first_seconds() -> Snapshot:
    fresh = tuple(replace(view, waiting=0, done=0, failed=0, batch_size=1) for view in MID_RUN.classes)
    return busy(
        done=4,
        failed=0,
        from_model=4,
        from_cache=0,
        from_twin=0,
        eta=None,
        elapsed_s=3.0,
        canary=True,
        classes=fresh,
        latency=Percentiles(),
        latency_series=(),
        cost=0.04,
        cost_projected=None,
        tickets_per_s=1.3,
        bound=BoundView("requests/min"),
        events=(),
        refused=0,
        queued=4914,
        in_flight=5,
        waiting=0,
        twins=80,
    )


def without_failures() -> Snapshot:
    return busy(failed=0, refused=0, done=2446)


def breaker_open() -> Snapshot:
    opened = BreakerView(
        state=BreakerState.OPEN,
        reason="5 in a row",
        failures_in_window=5,
        failure_share=0.6,
        failures_in_a_row=5,
        retry_at_mono=NOW_MONO + 18,
        changed_at=NOW - 12,
        times_opened=1,
        history=(BreakerChange(NOW - 12, BreakerState.OPEN, "5 in a row"),),
    )
    idle = tuple(replace(view, in_flight=0, requests_in_flight=0) for view in busy().classes)
    told = BreakerChanged(NOW - 12, 42, BreakerState.OPEN, "5 in a row", 30.0)
    return busy(
        breaker=opened,
        bound=BoundView("breaker open"),
        in_flight=0,
        queued=2478,
        limits=at_rest(),
        classes=idle,
        events=(*EVENTS, told),
        events_seen=len(EVENTS) + 1,
    )


def half_open() -> Snapshot:
    job = breaker_open()
    probing = replace(job.breaker, state=BreakerState.HALF_OPEN, probe_in_flight=True, retry_at_mono=None)
    return replace(job, breaker=probing)


def provider_hold() -> Snapshot:
    limits = replace(busy().limits, hold_until_mono=NOW_MONO + 42, hold_until=NOW + 42, hold_code=str(Code.RATE))
    return busy(limits=limits, bound=BoundView("provider hold"), eta=None)


def long_hold() -> Snapshot:
    until = NOW + 6 * 3600
    limits = replace(
        busy().limits, hold_until_mono=NOW_MONO + 6 * 3600, hold_until=until, hold_code=str(Code.RATE_LONG)
    )
    return busy(
        state=JobState.PAUSED,
        state_reason="daily limit",
        state_code=str(Code.RATE_LONG),
        limits=limits,
        bound=BoundView("provider hold"),
        eta=None,
        in_flight=0,
    )


def budget_reached() -> Snapshot:
    return busy(
        state=JobState.PAUSED,
        state_reason="budget",
        state_code=str(Code.BUDGET),
        cost=50.0,
        done=3841,
        queued=1033,
        in_flight=0,
        bound=BoundView("budget"),
        eta=None,
        cost_projected=None,
    )


def halted(code: Code = Code.AUTH, reason: str = "the key was refused") -> Snapshot:
    return busy(
        state=JobState.HALTED,
        state_reason=reason,
        state_code=str(code),
        in_flight=0,
        bound=BoundView("paused"),
        eta=None,
    )


def out_of_credit() -> Snapshot:
    return halted(Code.QUOTA, "the account is out of credit")


def paused() -> Snapshot:
    return busy(state=JobState.PAUSED, state_reason="by the operator", in_flight=0, bound=BoundView("paused"), eta=None)


def disk_full() -> Snapshot:
    return busy(
        state=JobState.PAUSED,
        state_reason="answers kept in memory, retry in 5 s",
        state_code=str(Code.DISK),
        bound=BoundView("paused"),
        eta=None,
    )


def canary_failed() -> Snapshot:
    return busy(
        state=JobState.PAUSED,
        state_reason="5 of 5 first answers unusable: no JSON in Sorry, I cannot",
        state_code=str(Code.JSON),
        done=0,
        failed=0,
        refused=0,
        in_flight=0,
        bound=BoundView("paused"),
        eta=None,
    )


def never_reached() -> Snapshot:
    return busy(
        state=JobState.HALTED,
        state_reason="no answer from api.example:443 for 60 s",
        state_code=str(Code.NETWORK),
        done=0,
        failed=0,
        eta=None,
        in_flight=0,
        refused=0,
        bound=BoundView("paused"),
    )


def finished() -> Snapshot:
    ended = tuple(replace(view, queued=0, in_flight=0, requests_in_flight=0, waiting=0) for view in busy().classes)
    return busy(
        state=JobState.FINISHED_WITH_FAILURES,
        done=4972,
        failed=31,
        queued=0,
        in_flight=0,
        waiting=0,
        twins=0,
        elapsed_s=822.0,
        eta=None,
        classes=ended,
        limits=at_rest(),
        latency_series=(),
        tickets_per_s=0.0,
        tokens_per_s=0.0,
        cost=41.4,
        bound=BoundView("queue empty"),
        exported_to="tickets_5k-results",
    )


def all_from_cache() -> Snapshot:
    return replace(
        finished(),
        done=5000,
        failed=3,
        refused=3,
        from_cache=5000,
        requests=0,
        cost=0.0,
        tokens=0,
        latency=Percentiles(),
        latency_series=(),
        events=(),
    )


def resumed() -> Snapshot:
    return busy(job_id=40, file="backlog.jsonl", resumed=True, done_before=612, asked_again=12)


def local_rules() -> Snapshot:
    limits = replace(busy().limits, requests_per_min=None, next_send_at_mono=None)
    return busy(provider="local", model="local-rules", free=True, currency="", limits=limits, max_cost=None)
