"""Counts and measurements written into a snapshot, part by part: pure, from what the accumulator holds."""

from dataclasses import dataclass, replace

from forge_tui.core.snapshot import ClassView, Snapshot
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity
from forge_tui.telemetry.bound import COMPUTER, obstacle, what_binds
from forge_tui.telemetry.counts import Counts
from forge_tui.telemetry.forecast import measured_load, predicted_eta, projected_cost, rate_window_s, work_left
from forge_tui.telemetry.live import LiveViews
from forge_tui.telemetry.meters import Meters


@dataclass(frozen=True, slots=True)
class Sources:
    """What a snapshot is made from; `undisturbed_s` is the time since a limit, the breaker or the state moved."""

    counts: Counts
    meters: Meters
    live: LiveViews
    undisturbed_s: float
    eta_after: int


def with_counts(job: Snapshot, counts: Counts) -> Snapshot:
    """Where the tickets are."""
    return replace(
        job,
        done_before=counts.done_before,
        asked_again=counts.asked_again,
        total=counts.total,
        done=counts.done,
        failed=counts.failed,
        cancelled=counts.cancelled,
        queued=counts.queued,
        in_flight=counts.in_flight,
        waiting=counts.waiting,
        twins=counts.twins,
        from_model=counts.from_model,
        from_cache=counts.from_cache,
        from_twin=counts.from_twin,
        refused=counts.refused,
        lookups=counts.lookups,
        failure_codes=counts.by_code(),
    )


def with_use(job: Snapshot, meters: Meters) -> Snapshot:
    """What was sent, used and saved, and how long requests took."""
    return replace(
        job,
        requests=meters.requests,
        requests_failed=meters.requests_failed,
        tokens=meters.tokens,
        cost=meters.cost,
        saved_tokens=meters.saved_tokens,
        saved_cost=meters.saved_cost,
        batching_saved_tokens=meters.batching_saved_tokens,
        batching_saved_cost=meters.batching_saved_cost,
        latency=meters.latency.percentiles(),
        latency_series=meters.chart.points(job.at),
        agreement=meters.agreement,
    )


def with_forecast(job: Snapshot, sources: Sources) -> Snapshot:
    """Rates, what binds them, and where that leads; `job` has its counts, breaker and limits already."""
    counts, meters, live = sources.counts, sources.meters, sources.live
    load = measured_load(meters, live, job.at, sources.undisturbed_s, job.elapsed_s)
    bound = what_binds(load, job.limits, obstacle(job))
    computer_per_s = load.tickets_per_min / 60.0 if bound.name == COMPUTER else None
    classes = tuple(_class_view(complexity, job, sources) for complexity in MOST_COMPLEX_FIRST)
    return replace(
        job,
        bound=bound,
        classes=classes,
        tickets_per_s=sum(view.tickets_per_s for view in classes),
        tokens_per_s=meters.tokens_settled.per_s(job.at, rate_window_s(job.elapsed_s)),
        cost_projected=projected_cost(counts, meters, sources.eta_after),
        eta=predicted_eta(
            job,
            work_left(counts, meters, live),
            meters,
            eta_after=sources.eta_after,
            tickets_per_s=computer_per_s,
        ),
    )


def _class_view(complexity: Complexity, job: Snapshot, sources: Sources) -> ClassView:
    part, measured = sources.counts.classes[complexity], sources.meters.classes[complexity]
    batch = sources.live.batch_of(complexity)
    return ClassView(
        complexity=complexity,
        queued=part.queued,
        in_flight=part.in_flight,
        requests_in_flight=part.requests_in_flight,
        waiting=part.waiting,
        done=part.done,
        failed=part.failed,
        batch_size=batch.size,
        batch_cap=batch.cap,
        batch_reason=batch.reason,
        latency=measured.latency.percentiles(),
        recent_latencies_s=tuple(measured.recent),
        ewma_s=measured.ewma.value if measured.ewma.seen else None,
        tickets_per_s=measured.finished.per_s(job.at, rate_window_s(job.elapsed_s)),
    )
