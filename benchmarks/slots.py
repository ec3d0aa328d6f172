"""One ticket a request over more and more slots: how near the wall time comes to N x latency / slots, and what it costs."""

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.lean_server import Behaviour, lean_server
from benchmarks.runs import Run, measure, tickets

LATENCY_S = 0.2
SWEPT = (1, 10, 50, 100, 200, 500)
SWEEP_IDEAL_S = 3.0
BARS = ((500, 10, 1.05), (5_000, 100, 1.15))
BIG, BIG_SLOTS, BIG_LIMIT, BIG_AIM = 50_000, 500, 1.5, 1.25
CPU_MS_LIMIT, CPU_MS_AIM = 0.6, 0.45

HEAD = ["slots", "tickets", "ideal s", "wall s", "wall / ideal", "tickets/s", "CPU ms a ticket"]


def concurrency(effort: Effort) -> Finding:
    """One ticket a request, 200 ms, 1 to 500 slots, against a server that costs next to nothing."""
    with lean_server(Behaviour(latency_s=LATENCY_S)) as server:
        swept = {slots: _runs(server.url, round(SWEEP_IDEAL_S * slots / LATENCY_S), slots, 1) for slots in SWEPT}
        barred = [(limit, slots, _runs(server.url, n, slots, effort.repetitions)) for n, slots, limit in BARS]
    table = Table(f"slots swept, {LATENCY_S * 1000:.0f} ms", HEAD, [_row(slots, runs) for slots, runs in swept.items()])
    held = Table(
        f"the bars, {LATENCY_S * 1000:.0f} ms, slow start and canary included",
        HEAD,
        [_row(slots, runs) for _, slots, runs in barred],
    )
    ideal = {slots: slots / LATENCY_S for slots in SWEPT}
    plot = Plot(
        "concurrency",
        "Tickets a second over slots, one ticket a request, 200 ms",
        "slots",
        "tickets/s",
        {
            "ideal (slots / latency)": list(ideal.items()),
            "forge_tui": [(slots, runs[0].per_s) for slots, runs in swept.items()],
        },
        log_x=True,
        log_y=True,
    )
    return Finding(
        tables=[table, held], bars=[_wall_bar(limit, slots, runs) for limit, slots, runs in barred], plots=[plot]
    )


def big(effort: Effort) -> Finding:
    """50,000 tickets, 500 slots, 200 ms, one ticket a request: wall over ideal, and CPU a ticket."""
    with lean_server(Behaviour(latency_s=LATENCY_S)) as server:
        runs = _runs(server.url, BIG, BIG_SLOTS, effort.repetitions if effort.full else 1)
        stats = server.stats()
    cpu = Spread.of(run.cpu_ms for run in runs)
    work = _work(BIG, BIG_SLOTS)
    return Finding(
        tables=[Table(work, HEAD, [_row(BIG_SLOTS, runs)])],
        bars=[
            Bar(work, "wall / ideal", _ratio(BIG_SLOTS, runs), BIG_LIMIT, aim=BIG_AIM),
            Bar(work, "CPU ms a ticket", cpu, CPU_MS_LIMIT, aim=CPU_MS_AIM),
        ],
        notes=[
            f"The server counted at most {stats.peak_in_flight} requests in flight on {stats.connections} connections."
        ],
    )


def _runs(url: str, count: int, slots: int, repetitions: int) -> list[Run]:
    texts = tickets(count)
    runs = [measure(texts, url, concurrency=slots, batch_size=1) for _ in range(repetitions)]
    assert not any(run.failed for run in runs)
    return runs


def _work(count: int, slots: int) -> str:
    return f"{count:,} tickets, one a request, {slots} slots, {LATENCY_S * 1000:.0f} ms"


def _ratio(slots: int, runs: list[Run]) -> Spread:
    return Spread.of(run.seconds / (run.tickets * LATENCY_S / slots) for run in runs)


def _wall_bar(limit: float, slots: int, runs: list[Run]) -> Bar:
    return Bar(_work(runs[0].tickets, slots), "wall / ideal", _ratio(slots, runs), limit)


def _row(slots: int, runs: list[Run]) -> list[str]:
    count = runs[0].tickets
    return [
        *(f"{slots}", f"{count:,}", f"{count * LATENCY_S / slots:.1f}"),
        *(Spread.of(run.seconds for run in runs).text(1), _ratio(slots, runs).text()),
        *(Spread.of(run.per_s for run in runs).text(0), Spread.of(run.cpu_ms for run in runs).text()),
    ]
