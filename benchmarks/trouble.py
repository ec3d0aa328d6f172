"""A provider in trouble: 500s, 429s and unreadable answers, in one mix and swept."""

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.lean_server import Behaviour, Stats, lean_server
from benchmarks.runs import Run, measure, tickets

COUNT, SLOTS, LATENCY_S = 500, 10, 0.05
SEED = 3
ERRORS, LIMITED, MALFORMED = 0.10, 0.05, 0.05
SWEPT = (0.0, 0.05, 0.1, 0.2, 0.3)
WALL_LIMIT_S, REQUESTS_LIMIT = 8.0, 1.3

HEAD = ["replies", "classified", "requests", "requests / least", "wall s", "gate shut s"]
Trial = tuple[Run, Stats]


def faults(effort: Effort) -> Finding:
    """500 tickets, 10 slots, 50 ms: 10 % HTTP 500 + 5 % 429 + 5 % unreadable; then 0 to 30 % HTTP 500."""
    bare = [_trial(ERRORS, LIMITED, MALFORMED) for _ in range(effort.repetitions)]
    held = [_trial(ERRORS, LIMITED, MALFORMED, retry_after_s=1)]
    swept = {share: [_trial(share, 0.0, 0.0)] for share in SWEPT}
    good = 1 - ERRORS - LIMITED - MALFORMED
    work = f"{COUNT} tickets, {ERRORS:.0%} HTTP 500 + {LIMITED:.0%} 429 + {MALFORMED:.0%} malformed, seed {SEED}"
    done = Spread.of(COUNT - run.failed for run, _ in bare)
    requests = Spread.of(stats.requests / (COUNT / good) for _, stats in bare)
    rows = [
        _row("the mix, 429s without Retry-After", bare, good),
        _row("the mix, 429s with Retry-After: 1", held, good),
        *(_row(f"{share:.0%} HTTP 500", trials, 1 - share) for share, trials in swept.items()),
    ]
    plot = Plot(
        "faults",
        "Seconds for 500 tickets over the share of HTTP 500 (10 slots, 50 ms)",
        "% HTTP 500",
        "seconds",
        {
            "forge_tui": [(share * 100, trials[0][0].seconds) for share, trials in swept.items()],
            "least requests x latency / slots": [
                (share * 100, COUNT / (1 - share) * LATENCY_S / SLOTS) for share in SWEPT
            ],
        },
    )
    return Finding(
        tables=[Table("500 tickets, 10 slots, 50 ms", HEAD, rows)],
        bars=[
            Bar(work, "classified", done, COUNT, at_least=True, digits=0),
            Bar(work, "requests / (tickets / good share)", requests, REQUESTS_LIMIT),
            Bar(work, "seconds, 429s without a wait", Spread.of(run.seconds for run, _ in bare), WALL_LIMIT_S),
        ],
        plots=[plot],
        notes=[_gate_note(held[0][0])],
    )


def _trial(errors: float, limited: float, malformed: float, retry_after_s: int | None = None) -> Trial:
    behaviour = Behaviour(LATENCY_S, errors, limited, malformed, retry_after_s, SEED)
    with lean_server(behaviour) as server:
        run = measure(tickets(COUNT), server.url, concurrency=SLOTS, batch_size=1)
        return run, server.stats()


def _gate_note(run: Run) -> str:
    return (
        "With `Retry-After: 1` each 429 shuts the gate for everybody, by the provider's own word: the time it was"
        f" shut, {run.gate_shut_s:.1f} s of {run.seconds:.1f} s, has no bar."
    )


def _row(name: str, trials: list[Trial], good: float) -> list[str]:
    return [
        name,
        Spread.of(COUNT - run.failed for run, _ in trials).text(0),
        Spread.of(stats.requests for _, stats in trials).text(0),
        Spread.of(stats.requests / (COUNT / good) for _, stats in trials).text(),
        Spread.of(run.seconds for run, _ in trials).text(1),
        Spread.of(run.gate_shut_s for run, _ in trials).text(1),
    ]
