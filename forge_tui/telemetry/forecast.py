"""Counts, measurements and the engine's limits brought together: the load, the work left, and where they lead."""

from forge_tui.core.breaker import BreakerState
from forge_tui.core.job import ENDED, JobState
from forge_tui.core.snapshot import Eta, Snapshot
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity
from forge_tui.telemetry.bound import Load
from forge_tui.telemetry.counts import Counts
from forge_tui.telemetry.eta import ClassWork, Pace, time_left
from forge_tui.telemetry.live import LiveViews
from forge_tui.telemetry.meters import Meters

WINDOW_S = 60.0
# A rate measured over less than this says nothing about what this computer can do.
_STEADY_AFTER_S = 10.0


def rate_window_s(running_s: float) -> float:
    """The seconds that a rate is taken over: a minute, or as long as the job runs."""
    return min(WINDOW_S, max(1.0, running_s))


def measured_load(meters: Meters, live: LiveViews, now: float, undisturbed_s: float, running_s: float) -> Load:
    """The last minute's rates; shorter where the job is younger or, for a steady figure, was disturbed."""
    steady = undisturbed_s >= _STEADY_AFTER_S
    window_s = rate_window_s(min(running_s, undisturbed_s) if steady else running_s)
    requests = {c: meters.classes[c].requests.per_s(now, window_s) for c in MOST_COMPLEX_FIRST}
    sent = sum(meters.classes[c].sent.per_s(now, window_s) for c in MOST_COMPLEX_FIRST)
    planned = sum(rate * live.batch_of(c).size for c, rate in requests.items())
    all_requests = sum(requests.values())
    weights = requests if all_requests else dict.fromkeys(MOST_COMPLEX_FIRST, 1.0)
    whole = sum(weights.values())
    return Load(
        tickets_per_min=60.0 * sum(part.finished.per_s(now, window_s) for part in meters.classes.values()),
        requests_per_min=60.0 * all_requests,
        tokens_per_min=60.0 * meters.tokens_settled.per_s(now, window_s),
        busy_slots=meters.busy.per_s(now, window_s),
        latency_s=sum(w * meters.latency_of(c).value for c, w in weights.items()) / whole,
        tokens_per_ticket=sum(w * meters.tokens_per_ticket(c) for c, w in weights.items()) / whole,
        planned_batch=sum(w * live.batch_of(c).size for c, w in weights.items()) / whole,
        fill=min(1.0, sent / planned) if planned else 1.0,
        steady=steady,
    )


def work_left(counts: Counts, meters: Meters, live: LiveViews) -> tuple[ClassWork, ...]:
    """What is still to be sent and to come home, per class."""
    return tuple(_class_left(counts, meters, live, complexity) for complexity in MOST_COMPLEX_FIRST)


def _class_left(counts: Counts, meters: Meters, live: LiveViews, complexity: Complexity) -> ClassWork:
    part, measured, latency = counts.classes[complexity], meters.classes[complexity], meters.latency_of(complexity)
    return ClassWork(
        complexity=complexity,
        tickets=max(0, part.queued + part.waiting),
        batch_size=live.batch_of(complexity).size,
        latency_s=latency.value,
        latency_deviation_s=latency.deviation,
        latency_error_s=latency.error,
        in_flight_requests=max(0, part.requests_in_flight),
        requests_sent=measured.requests_sent,
        tokens_per_ticket=meters.tokens_per_ticket(complexity),
        again_share=measured.again_share,
    )


def predicted_eta(
    job: Snapshot, work: tuple[ClassWork, ...], meters: Meters, *, eta_after: int, tickets_per_s: float | None
) -> Eta | None:
    """The ETA of a job that is under way; None where nothing is known of it yet, or only an operator lets it go on."""
    limits = job.limits
    if not job.total:
        return None
    held_s = _until(limits.hold_until_mono, job.at_mono)
    if job.state in ENDED or job.state is JobState.HALTED or (job.state is JobState.PAUSED and not held_s):
        return None
    probe_s = _until(job.breaker.retry_at_mono, job.at_mono) if job.breaker.state == BreakerState.OPEN else 0.0
    pace = Pace(
        slots=limits.slots_limit,
        requests_per_min=limits.requests_per_min,
        tokens_per_min=limits.tokens_per_min,
        tickets_per_s=tickets_per_s,
        first_send_in_s=_until(limits.next_send_at_mono, job.at_mono),
    )
    return time_left(
        work,
        pace,
        finished=meters.answered,
        eta_after=eta_after,
        delay_s=max(held_s, probe_s),
        last_due_in_s=max(0.0, meters.last_due_at - job.at) if job.waiting else 0.0,
    )


def projected_cost(counts: Counts, meters: Meters, eta_after: int) -> float | None:
    """What the job will have cost at its end; None until enough tickets were answered."""
    if meters.answered < eta_after:
        return None
    left = {c: max(0, part.queued + part.waiting + part.in_flight) for c, part in counts.classes.items()}
    return meters.cost + sum(number * meters.cost_per_ticket(complexity) for complexity, number in left.items())


def _until(instant_mono: float | None, now_mono: float) -> float:
    return 0.0 if instant_mono is None else max(0.0, instant_mono - now_mono)
