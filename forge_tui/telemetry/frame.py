"""The one renderer of a snapshot in words and figures: console, headless progress and report read the same lines."""

from forge_tui.core.agreement import Agreement, Proportion
from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobRecord, JobState, job_label
from forge_tui.core.snapshot import BreakerView, Snapshot
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import figures, spending
from forge_tui.telemetry.bound import what_bound

WIDE = 100


def state_words(job: Snapshot) -> str:
    """The job's state as it is shown: `running`, `paused: budget`, `done, 3 failed`, `waiting for the API`."""
    match job.state:
        case JobState.READY:
            return "queued"
        case JobState.PAUSED:
            until = "" if job.limits.hold_until is None else f", until {figures.time_of_day(job.limits.hold_until)}Z"
            return f"paused: {_why(job)}{until}"
        case JobState.HALTED | JobState.REFUSED:
            return f"{job.state.value}: {_why(job)}"
        case JobState.FINISHED | JobState.FINISHED_WITH_FAILURES:
            return f"done, {figures.count(job.failed)} failed" if job.failed else "done"
        case JobState.RUNNING if job.breaker.enabled and job.breaker.state == BreakerState.OPEN:
            return "waiting for the API"
        case _:
            return job.state.value


def _why(job: Snapshot) -> str:
    return " ".join(part for part in (job.state_code, one_line(job.state_reason, 200)) if part) or "no reason given"


def title(job: Snapshot) -> str:
    """`J-0042 tickets_5k.csv   RUNNING 09:12`."""
    if not job.job_id:
        return "no job"
    words = state_words(job)
    shown = words.upper() if ":" not in words else words
    return f"{job_label(job.job_id)} {one_line(job.file, 80)}   {shown} {figures.clock(job.elapsed_s)}"


def finished_of_total(job: Snapshot, decimals: int = 0) -> str:
    """`2446/5003  49%`: done and failed, of all."""
    finished = job.done + job.failed
    return f"{finished}/{job.total}  {figures.percent(finished, job.total, decimals)}"


def eta_text(job: Snapshot, gap: str = "") -> str:
    """`ETA 04:30 ±20s`, or why there is none; empty once the job has ended."""
    if job.state in ENDED or not job.job_id:
        return ""
    if job.eta is None:
        waits = job.state in (JobState.PAUSED, JobState.HALTED)
        return f"ETA {figures.UNKNOWN}" if waits else f"ETA after {job.eta_after_tickets} finished"
    if job.eta.seconds <= 0:
        return "ETA 00:00"
    half_s = max(job.eta.high_s - job.eta.seconds, job.eta.seconds - job.eta.low_s)
    band = figures.band(half_s)
    return f"ETA {figures.countdown(job.eta.seconds)} ±{band[:-1]}{gap}{band[-1]}"


def progress_head(job: Snapshot, width: int) -> str:
    """The bar, finished of total, and the ETA."""
    wide = width >= WIDE
    figures_part = f"  {finished_of_total(job, int(wide))}"
    eta = eta_text(job, " " if wide else "")
    tail = f"{figures_part}   {eta}" if eta else figures_part
    room = min(64 if wide else 32, width - cell_width(tail))
    share = (job.done + job.failed) / job.total if job.total > 0 else 0.0
    return figures.share_bar(share, room) + tail if room >= 4 else tail.lstrip()


def counts_parts(job: Snapshot) -> list[str]:
    """Where the tickets are: the parts add up to the total."""
    finished = job.done + job.failed
    failed = f" ({figures.percent(job.failed, finished, 1)})" if job.failed else ""
    twins = f" + {job.twins} twins" if job.twins else ""
    parts = [
        f"done {job.done}",
        f"failed {job.failed}{failed}",
        f"retry {job.waiting}",
        f"in flight {job.in_flight}",
        f"waiting {job.queued}{twins}",
    ]
    return [*parts, f"cancelled {job.cancelled}"] if job.cancelled else parts


def cache_text(job: Snapshot) -> str:
    """`cache hits 280 (5.6%)`: of the look-ups."""
    share = f" ({figures.percent(job.from_cache, job.lookups, 1)})" if job.lookups > 0 else ""
    return f"cache hits {job.from_cache}{share}"


def bound_parts(job: Snapshot, *, wide: bool = False) -> list[str]:
    """What binds, the efficiency with its factors, the agreement an audit found, and the class that decides the ETA."""
    bound, eta = job.bound, job.eta
    used = f" {bound.factors[0].split()[0]}" if bound.factors and not wide else ""
    parts = [f"bound by: {bound.name}{used}"]
    if bound.efficiency is not None:
        factors = f" ({', '.join(bound.factors)})" if wide and bound.factors else ""
        parts.append(f"efficiency {bound.efficiency:.0%}{factors}")
    if job.agreement.checked:
        parts.append(f"agreement {_interval(job.agreement.worse)} of {job.agreement.answered}")
    if eta is not None and eta.requests_left:
        by = eta.decided_by.value
        long_form = f"ETA by {by}: {eta.requests_left} of {eta.requests_total} requests"
        parts.append(long_form if wide else f"{by} decides the ETA")
    return parts


def bound_text(job: JobRecord) -> str:
    """What bound an earlier job and how much of it was used, `requests/min, 97% used`; nothing where none is known."""
    bound = what_bound(job)
    if bound is None:
        return ""
    return bound.name if bound.share is None else f"{bound.name}, {figures.percent(bound.share, 1)} used"


def agreement_text(agreement: Agreement) -> str:
    """How far answers in company and alone agree, each label with its 95 % interval."""
    category, priority = agreement.category, agreement.priority
    labels = " ".join(
        f"{name} {label.share:.0%} ({_interval(label)})"
        for name, label in (("category", category), ("priority", priority))
    )
    return f"of {agreement.answered} asked again alone: {labels}"


def _interval(label: Proportion) -> str:
    return f"{label.low:.0%}".removesuffix("%") + f"–{label.high:.0%}"


def breaker_mark(breaker: BreakerView, now_mono: float) -> str:
    """`● CLOSED`, `◐ HALF_OPEN probing`, `✖ OPEN 00:18 left`: never by colour alone."""
    if not breaker.enabled:
        return "– OFF"
    if breaker.state == BreakerState.OPEN:
        left = "" if breaker.retry_at_mono is None else f" {figures.countdown(breaker.retry_at_mono - now_mono)} left"
        return f"✖ OPEN{left}"
    if breaker.state == BreakerState.HALF_OPEN:
        return "◐ HALF_OPEN probing"
    return "● CLOSED"


def breaker_parts(breaker: BreakerView) -> list[str]:
    """The figures its rules look at; while it is not closed, why, and that no ticket fails of it."""
    if not breaker.enabled:
        return []
    if breaker.state == BreakerState.OPEN:
        why = breaker.reason.partition(": next probe")[0]  # the countdown stands beside
        return [part for part in (one_line(why, 60), "tickets wait, none fails") if part]
    if breaker.state == BreakerState.HALF_OPEN:
        return ["one probe out" if breaker.probe_in_flight else "the next request is the probe"]
    parts = [f"{breaker.failures_in_window}/{breaker.failure_threshold} in {breaker.window_s:g} s"]
    if breaker.share_threshold > 0:
        parts.append(f"{breaker.failure_share:.0%} of last {breaker.share_of_last} <{breaker.share_threshold:.0%}")
    if breaker.in_a_row_threshold > 0:
        parts.append(f"in a row {breaker.failures_in_a_row}/{breaker.in_a_row_threshold}")
    return [*parts, "never opened" if not breaker.times_opened else f"opened {breaker.times_opened} ×"]


def notes(job: Snapshot) -> list[str]:
    """What the operator should know of this moment beside the figures, the most pressing first."""
    said = []
    hold_s = (job.limits.hold_until_mono or 0.0) - job.at_mono
    if job.state is JobState.PAUSED and job.state_code == Code.BUDGET and job.max_cost is not None:
        said.append(f"{figures.money(job.max_cost, job.currency)} reached after {figures.count(job.done + job.failed)}")
    elif hold_s > 0 and job.limits.hold_code == Code.RATE_LONG and job.limits.hold_until is not None:
        said.append(f"daily limit, resumes {figures.time_of_day(job.limits.hold_until)[:5]}Z")
    elif hold_s > 0:
        said.append(f"Retry-After {figures.countdown(hold_s)}, resumes by itself")
    if job.state is JobState.HALTED:
        said.append("no ticket was lost")
    if job.canary and job.state is JobState.RUNNING:
        said.append("no valid answer yet: at most 5 in flight, one ticket each")
    if job.resumed and job.state not in ENDED:
        before, again = figures.count(job.done_before), figures.count(job.asked_again)
        said.append(f"{job_label(job.job_id)}: {before} done before, {again} asked again")
    return said + ([ending(job)] if job.state in (JobState.FINISHED, JobState.FINISHED_WITH_FAILURES) else [])


def ending(job: Snapshot) -> str:
    """`5,003 in 13:42, 31 failed`; from the cache alone `5,000 known, 3 refused of 5,003: 0 requests, ₹0.00`."""
    if not job.requests and job.from_cache:
        refused = f", {figures.count(job.refused)} refused of {figures.count(job.total)}" if job.refused else ""
        return f"{figures.count(job.done)} known{refused}: 0 requests, {spending.spent_text(job)}"
    failed = f", {figures.count(job.failed)} failed" if job.failed else ""
    return f"{figures.count(job.total)} in {figures.clock(job.elapsed_s)}{failed}"


def fit(parts: list[str], between: str, width: int) -> str:
    """As many whole parts as go into `width` cells; a first part that is too long is cut."""
    line = parts[0] if parts else ""
    used, gap = cell_width(line), cell_width(between)
    if used > width:
        return one_line(line, width)
    for part in parts[1:]:
        used += gap + cell_width(part)
        if used > width:
            break
        line += between + part
    return line


def render_frame(job: Snapshot, width: int, *, ascii_only: bool = False) -> list[str]:
    """The progress block in at most `width` cells: title, bar, counts, cost, what binds, breaker, notes."""
    wide = width >= WIDE
    rates = [f"{figures.rate(job.tickets_per_s)}{' tickets/s' if wide else '/s'}"]
    rates.append(f"{figures.short_count(job.tokens_per_s)} tokens/s")
    if wide:
        rates.append(f"{figures.short_count(job.tokens)} tokens")
    rates.append(spending.cost_text(job, wide=wide))
    if wide and (by_ticket := spending.ticket_cost_text(job)):
        rates.append(by_ticket)
    counts = counts_parts(job)
    breaker = [f"breaker {breaker_mark(job.breaker, job.at_mono)}", *breaker_parts(job.breaker)]
    rows: list[tuple[list[str], str]] = [
        ([title(job)], ""),
        ([progress_head(job, width)], ""),
        (counts if not wide else [*counts, cache_text(job)], "  "),
        (rates if wide else [cache_text(job), *rates], " · " if wide else "  "),
        (bound_parts(job, wide=wide), " · "),
        (breaker, " · "),
        *(([note], "") for note in notes(job)),
    ]
    spell = figures.plain if ascii_only else str
    return [fit([spell(part) for part in parts], spell(between), width) for parts, between in rows]


def progress_line(job: Snapshot, width: int, *, ascii_only: bool = False) -> str:
    """The same in one line: what headless keeps redrawing on a terminal, or prints every few seconds."""
    spell = figures.plain if ascii_only else str
    finished = job.done + job.failed
    share = finished / job.total if job.total > 0 else 0.0
    over = job.state in ENDED
    parts = [
        f"{figures.share_bar(share, 20)} " * (width >= 60) + finished_of_total(job),
        f"failed {job.failed}" if job.failed else "",
        "" if over and not job.tickets_per_s else f"{figures.rate(job.tickets_per_s)}/s",
        eta_text(job) if job.state is JobState.RUNNING else one_line(state_words(job), 60),
        spending.cost_text(job),
        f"breaker {breaker_mark(job.breaker, job.at_mono)}",
        "" if over else f"bound by {job.bound.name}",
    ]
    return fit([spell(part) for part in parts if part], "  ", width)
