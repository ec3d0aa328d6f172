"""`python -m benchmarks [SECTION ...]`: sweep, concurrency, batches, faults, cached; every figure from this machine, now.

Absolute times depend on the machine: read the ratios, taken in one run. BENCHMARK_BATCH_SIZES and BENCHMARK_REPS
set what the sweep submits and how often.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks.runs import Run, measure, simulator, tickets

FAILURE_LIMIT = 0.05


def sweep() -> None:
    """Submissions of 1, 10 and 50 tickets: the best rate with failures under 5 % is marked."""
    sizes = [int(size) for size in os.environ.get("BENCHMARK_BATCH_SIZES", "1,10,50").split(",")]
    repetitions = int(os.environ.get("BENCHMARK_REPS", "3"))
    with simulator("latency=0.2") as url:
        runs = {size: [measure(tickets(size, seed), url) for seed in range(repetitions)] for size in sizes}
    rates = {size: median(run.per_s for run in runs[size]) for size in sizes}
    sound = [size for size in sizes if sum(run.failed for run in runs[size]) < FAILURE_LIMIT * size * repetitions]
    best = max(sound, key=rates.__getitem__)
    rows = [_sweep_row(size, runs[size], rates[size], best=size == best) for size in sizes]
    _table("sweep: one ticket per request, 10 slots, 200 ms", _RUN_HEAD, rows)
    reason = "more tickets at once keep more of the 10 slots busy" if best == max(sizes) else "larger ones gain nothing"
    print(f"best: {best} tickets at once, {rates[best] / rates[sizes[0]]:.1f} x the rate of {sizes[0]}: {reason}")


def concurrency() -> None:
    """Wall time over the ideal (N x latency / slots), beside a plain httpx gather on the same server."""
    rows = []
    with simulator("latency=0.2") as url:
        for slots, count in ((10, 300), (100, 3000)):
            ours = [measure(tickets(count, seed), url, concurrency=slots) for seed in range(3)]
            ideal_s = count * 0.2 / slots
            plain_s = asyncio.run(_plain_httpx(url, count, slots))
            wall = median(run.seconds for run in ours) / ideal_s
            cpu_ms = median(run.cpu_s for run in ours) / count * 1000
            rows.append([f"{slots}", f"{count}", f"{wall:.2f}", f"{cpu_ms:.2f}", f"{plain_s / ideal_s:.2f}"])
    _table("concurrency: 200 ms", ["slots", "tickets", "wall / ideal", "CPU ms a ticket", "plain httpx / ideal"], rows)


def batches() -> None:
    """Tickets an hour and tokens a ticket under a request limit: alone, and in adaptive batches."""
    per_min = 600.0
    runs: dict[str, Run] = {}
    with simulator("latency=0.5") as url:
        for name, size, count in (("alone", 1, 200), ("auto", "auto", 2000)):
            runs[name] = measure(tickets(count), url, batch_size=size, requests_per_min=per_min)
    rows = [
        [name, f"{run.requests}", f"{run.per_s * 3600:,.0f}", f"{run.tokens / run.tickets:.0f}"]
        for name, run in runs.items()
    ]
    title = f"batches: {per_min:.0f} requests a minute, 15 x a Starter plan"
    _table(title, ["size", "requests", "tickets/h", "tokens/ticket"], rows)
    alone, auto = runs["alone"], runs["auto"]
    share = (auto.tokens / auto.tickets) / (alone.tokens / alone.tickets)
    print(f"auto: {auto.per_s / alone.per_s:.1f} x the tickets an hour at {share:.2f} x the tokens")


def faults() -> None:
    """10 % HTTP 500 and 5 % 429, with and without a Retry-After of one second."""
    rows = []
    for name, wait in (("429 names no wait", ""), ("Retry-After 1", ",retry_after=1")):
        with simulator(f"latency=0.05,error_rate=0.1,rate_limit_rate=0.05,seed=3{wait}") as url:
            run = measure(tickets(500), url)
        rows.append([name, f"{500 - run.failed}", f"{run.requests}", f"{run.seconds:.1f}", f"{run.gate_shut_s:.1f}"])
    _table("faults: 500 tickets, 10 slots, 50 ms", ["429s", "classified", "requests", "wall s", "gate shut s"], rows)


def cached() -> None:
    """The same tickets again: no request, and what that costs beside the first time."""
    texts = tickets(5000)
    with TemporaryDirectory() as folder, simulator("latency=0.01") as url:
        db = Path(folder) / "forge.db"
        first = _timed(lambda: measure(texts, url, db, concurrency=50))
        second = _timed(lambda: measure(texts, url, db, concurrency=50))
    rows = [
        [name, f"{run.requests}", f"{seconds:.1f}"] for name, (run, seconds) in (("first", first), ("again", second))
    ]
    _table("cached: 5,000 tickets, reading and storing them included", ["run", "requests", "wall s"], rows)


SECTIONS: dict[str, Callable[[], None]] = {
    "sweep": sweep,
    "concurrency": concurrency,
    "batches": batches,
    "faults": faults,
    "cached": cached,
}
_RUN_HEAD = ["tickets", "seconds", "tickets/s", "tokens", "cost INR", "failed", ""]


def _sweep_row(size: int, runs: Sequence[Run], rate: float, *, best: bool) -> list[str]:
    failed = sum(run.failed for run in runs) / (size * len(runs))
    seconds, tokens = median(run.seconds for run in runs), median(run.tokens for run in runs)
    cost = median(run.cost for run in runs)
    return [f"{size}", f"{seconds:.2f}", f"{rate:.1f}", f"{tokens:.0f}", f"{cost:.3f}", f"{failed:.0%}", "best" * best]


async def _plain_httpx(url: str, count: int, slots: int) -> float:
    """What people write first: a semaphore, a gather and one client; answers the seconds it takes."""
    body = {"model": "sarvam-105b", "messages": [{"role": "user", "content": "Invoice charged twice"}]}
    gate = asyncio.Semaphore(slots)
    headers = {"Authorization": "Bearer sk_sim_ok"}
    async with httpx.AsyncClient(timeout=60, headers=headers) as client:

        async def one() -> None:
            async with gate:
                (await client.post(f"{url}/chat/completions", json=body)).raise_for_status()

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(one())
        return time.perf_counter() - started


def _timed(run: Callable[[], Run]) -> tuple[Run, float]:
    started = time.perf_counter()
    return run(), time.perf_counter() - started


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n### {title}\n")
    for line in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(line) + " |", flush=True)
    print()


if __name__ == "__main__":
    for wanted in sys.argv[1:] or SECTIONS:
        SECTIONS[wanted]()
