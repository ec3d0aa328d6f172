"""A provider in trouble: 500s, 429s and unreadable answers, in one mix and swept, in simulated time and over real sockets."""

from collections.abc import Sequence

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.lean_server import Behaviour, lean_server
from benchmarks.runs import Run, measure, measure_simulated, tickets

COUNT, SLOTS, LATENCY_S = 500, 10, 0.05
ERRORS, LIMITED, MALFORMED = 0.10, 0.05, 0.05
GOOD = 1 - ERRORS - LIMITED - MALFORMED
SEED, SEEDS, SWEEP_SEEDS = 1, range(1, 31), range(1, 6)
SWEPT = (0.0, 0.05, 0.1, 0.2, 0.3)
WALL_LIMIT_S, REQUESTS_LIMIT = 8.0, 1.3
MIX = f"error_rate={ERRORS},rate_limit_rate={LIMITED},faults=garbage:{MALFORMED}"

HEAD = ["replies", "runs", "classified", "requests", "requests / least", "seconds", "gate shut s"]


def faults(_effort: Effort) -> Finding:
    """500 tickets, 10 slots, 50 ms: 10 % HTTP 500 + 5 % 429 + 5 % unreadable over 30 seeds; then 0 to 30 % HTTP 500."""
    runs = {seed: _simulated(MIX, seed) for seed in SEEDS}
    held = [_simulated(f"{MIX},retry_after=1", SEED)]
    swept = {share: [_simulated(f"error_rate={share}", seed) for seed in SWEEP_SEEDS] for share in SWEPT}
    rows = [
        _row(f"the mix, seed {SEED}", [runs[SEED]], GOOD),
        _row(f"the mix, seeds {SEEDS[0]} to {SEEDS[-1]}", list(runs.values()), GOOD),
        _row("the mix, over real sockets", [_real()], GOOD),
        _row("the mix, 429s with Retry-After: 1", held, GOOD),
        *(_row(f"{share:.0%} HTTP 500", several, 1 - share) for share, several in swept.items()),
    ]
    least = [(share * 100, COUNT / (1 - share) * LATENCY_S / SLOTS) for share in SWEPT]
    plot = Plot(
        "faults",
        "Seconds for 500 tickets over the share of HTTP 500 (10 slots, 50 ms)",
        "% HTTP 500",
        "seconds",
        {
            "least requests x latency / slots": least,
            "forge_tui": [(share * 100, Spread.of(run.seconds for run in swept[share]).median) for share in SWEPT],
        },
    )
    table = Table("500 tickets, 10 slots, 50 ms, simulated time", HEAD, rows)
    return Finding([table], _bars(runs[SEED]), [plot], _notes(list(runs.values()), held[0]))


def _bars(run: Run) -> list[Bar]:
    work = f"{COUNT} tickets, {ERRORS:.0%} HTTP 500 + {LIMITED:.0%} 429 + {MALFORMED:.0%} malformed, seed {SEED}"
    requests = run.requests / (COUNT / GOOD)
    return [
        Bar(work, "classified", Spread.of([COUNT - run.failed]), COUNT, at_least=True, digits=0),
        Bar(work, "requests / (tickets / good share)", Spread.of([requests]), REQUESTS_LIMIT),
        Bar(work, "seconds, 429s without Retry-After", Spread.of([run.seconds]), WALL_LIMIT_S),
    ]


def _notes(runs: Sequence[Run], held: Run) -> list[str]:
    within = sum(run.seconds <= WALL_LIMIT_S for run in runs)
    failed = sum(run.failed for run in runs)
    return [
        (
            f"{within} of {len(runs)} seeds end within {WALL_LIMIT_S:g} s: the last seconds are the backoff (1, 2, 4, 8 s)"
            " of the one ticket that met a fault three or four times in a row."
            f" {failed} of {len(runs) * COUNT:,} tickets failed, each after three unusable answers."
        ),
        (
            "With `Retry-After: 1` each 429 shuts the gate for everybody, by the provider's own word: the time it was"
            f" shut, {held.gate_shut_s:.1f} s of {held.seconds:.1f} s, has no bar."
        ),
        "From 20 % on, half of the last 20 requests fail now and then by chance: the breaker opens, which costs 30 s.",
    ]


def _simulated(sim: str, seed: int) -> Run:
    chosen = f"latency={LATENCY_S},{sim},seed={seed}"
    run, stats = measure_simulated(tickets(COUNT), chosen, concurrency=SLOTS, batch_size=1)
    assert run.requests == stats.requests
    return run


def _real() -> Run:
    with lean_server(Behaviour(LATENCY_S, ERRORS, LIMITED, MALFORMED, seed=SEED)) as server:
        return measure(tickets(COUNT), server.url, concurrency=SLOTS, batch_size=1)


def _row(name: str, runs: Sequence[Run], good: float) -> list[str]:
    return [
        *(name, f"{len(runs)}"),
        Spread.of(COUNT - run.failed for run in runs).text(0),
        Spread.of(run.requests for run in runs).text(0),
        Spread.of(run.requests / (COUNT / good) for run in runs).text(),
        Spread.of(run.seconds for run in runs).text(1),
        Spread.of(run.gate_shut_s for run in runs).text(1),
    ]
