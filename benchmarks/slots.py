"""One ticket a request over more and more slots: how near the wall time comes to N x latency / slots, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.lean_server import Behaviour, Running, lean_server
from benchmarks.runs import Run, measure, tickets

LATENCY_S = 0.2
SWEPT = (1, 10, 50, 100, 200, 500)
SWEEP_IDEAL_S = 3.0
BARS = ((500, 10, 1.05), (5_000, 100, 1.15))
BIG, BIG_SLOTS, BIG_LIMIT, BIG_AIM = 50_000, 500, 1.5, 1.25
CPU_MS_LIMIT, CPU_MS_AIM = 0.6, 0.45

HEAD = ["slots", "tickets", "latency ms", "ideal s", "wall s", "wall / ideal", "tickets/s", "CPU ms a ticket"]
_ABOUT_LATENCY = (
    "Latency: what the server itself took on average, from a request's last byte to its answer's first; the ideal counts "
    f"with the {LATENCY_S * 1000:.0f} ms that it was asked for."
)


@dataclass(frozen=True, slots=True)
class Arm:
    """Runs over so many slots, and the mean latency that the server had in them."""

    slots: int
    runs: Sequence[Run]
    latency_s: float

    @property
    def ideal_s(self) -> float:
        """The least that the slots allow."""
        return self.runs[0].tickets * LATENCY_S / self.slots

    @property
    def ratio(self) -> Spread:
        """Wall time over the ideal."""
        return Spread.of(run.seconds / self.ideal_s for run in self.runs)

    @property
    def work(self) -> str:
        """The work in words."""
        return f"{self.runs[0].tickets:,} tickets, one a request, {self.slots} slots, {LATENCY_S * 1000:.0f} ms"

    @property
    def row(self) -> list[str]:
        """Its row under HEAD."""
        return [
            *(f"{self.slots}", f"{self.runs[0].tickets:,}", f"{self.latency_s * 1000:.1f}", f"{self.ideal_s:.1f}"),
            *(Spread.of(run.seconds for run in self.runs).text(1), self.ratio.text()),
            *(Spread.of(run.per_s for run in self.runs).text(0), Spread.of(run.cpu_ms for run in self.runs).text()),
        ]


def concurrency(effort: Effort) -> Finding:
    """One ticket a request, 200 ms, 1 to 500 slots, against a server that costs next to nothing."""
    with lean_server(Behaviour(latency_s=LATENCY_S)) as server:
        swept = [_arm(server, round(SWEEP_IDEAL_S * slots / LATENCY_S), slots, 1) for slots in SWEPT]
        barred = [(limit, _arm(server, count, slots, effort.repetitions)) for count, slots, limit in BARS]
    table = Table(f"slots swept, {LATENCY_S * 1000:.0f} ms", HEAD, [arm.row for arm in swept])
    held = Table(
        f"the bars, {LATENCY_S * 1000:.0f} ms, slow start and canary included", HEAD, [arm.row for _, arm in barred]
    )
    ideal = {slots: slots / LATENCY_S for slots in SWEPT}
    plot = Plot(
        "concurrency",
        "Tickets a second over slots, one ticket a request, 200 ms",
        "slots",
        "tickets/s",
        {
            "ideal (slots / latency)": list(ideal.items()),
            "forge_tui": [(arm.slots, arm.runs[0].per_s) for arm in swept],
        },
        log_x=True,
        log_y=True,
    )
    return Finding(
        tables=[table, held],
        bars=[Bar(arm.work, "wall / ideal", arm.ratio, limit) for limit, arm in barred],
        plots=[plot],
        notes=[_ABOUT_LATENCY],
    )


def big(effort: Effort) -> Finding:
    """50,000 tickets, 500 slots, 200 ms, one ticket a request: wall over ideal, and CPU a ticket."""
    with lean_server(Behaviour(latency_s=LATENCY_S)) as server:
        arm = _arm(server, BIG, BIG_SLOTS, effort.repetitions if effort.full else 1)
        stats = server.stats()
    cpu = Spread.of(run.cpu_ms for run in arm.runs)
    return Finding(
        tables=[Table(arm.work, HEAD, [arm.row])],
        bars=[
            Bar(arm.work, "wall / ideal", arm.ratio, BIG_LIMIT, aim=BIG_AIM),
            Bar(arm.work, "CPU ms a ticket", cpu, CPU_MS_LIMIT, aim=CPU_MS_AIM),
        ],
        notes=[
            f"The server counted at most {stats.peak_in_flight} requests in flight on {stats.connections} connections.",
            _ABOUT_LATENCY,
        ],
    )


def _arm(server: Running, count: int, slots: int, repetitions: int) -> Arm:
    texts, before = tickets(count), server.stats()
    runs = [measure(texts, server.url, concurrency=slots, batch_size=1) for _ in range(repetitions)]
    assert not any(run.failed for run in runs)
    after = server.stats()
    return Arm(slots, runs, (after.served_s - before.served_s) / (after.requests - before.requests))
