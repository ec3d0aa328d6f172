"""The original's sweep: the same tickets in submissions of 1, 10 and 50, tickets over total time, and why the best is best.

On the simulator by default; with SARVAM_API_KEY set it offers the real API, at a price that has to be confirmed.
BENCHMARK_BATCH_SIZES and BENCHMARK_REPS set what is submitted and how often.
"""

import asyncio
import os
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Effort, Finding, Plot, Spread, Table
from benchmarks.runs import Run, measure_simulated, run_job, settings_for, simulator, tickets, write_tickets
from forge_tui.core.clock import SystemClock
from forge_tui.pipeline.assembly import intake_for, planner_for
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.plan import Plan
from forge_tui.pipeline.session import Session
from forge_tui.provider.presets import resolve
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.settings import Settings

FAILURES_UNDER = 0.05
NOISE = 0.05  # rates nearer than this are the same
PER_MIN = 40
HEAD = ["tickets a submission", "seconds", "tickets/s", "requests", "tokens", "cost", "failed", ""]


@dataclass(frozen=True, slots=True)
class Arm:
    """One submission size: what all its submissions came to together, once a repetition."""

    size: int
    runs: Sequence[Run]

    @property
    def rate(self) -> Spread:
        return Spread.of(run.per_s for run in self.runs)

    @property
    def requests(self) -> float:
        return Spread.of(run.requests for run in self.runs).median

    @property
    def failed(self) -> float:
        return sum(run.failed for run in self.runs) / sum(run.tickets for run in self.runs)


def sweep(effort: Effort) -> Finding:
    """The same tickets in submissions of 1, 10 and 50: duration, rate, tokens, cost, failures, and the best with reasons."""
    sizes = [int(size) for size in os.environ.get("BENCHMARK_BATCH_SIZES", "1,10,50").split(",")]
    repetitions = int(os.environ.get("BENCHMARK_REPS", effort.repetitions))
    texts = tickets(max(sizes))
    key = os.environ.get("SARVAM_API_KEY")
    if key is not None and _agreed(texts, sizes, repetitions):
        live = Settings.model_validate({"provider": "sarvam", "use_cache": False})
        return _finding("the real API", "INR", _arms(live, Secret(key), texts, sizes, repetitions))
    with simulator("latency=0.2") as url:
        settings = settings_for(url, use_cache=False)
        free = _arms(settings, Secret(GOOD_KEY), texts, sizes, repetitions)
    free_of_limits = _finding("the simulator, 200 ms, 10 slots, no request limit", "INR", free)
    limited = _finding(f"simulated time, 1 s, {PER_MIN} requests/min", "INR", _limited(texts, sizes))
    return replace(
        free_of_limits,
        tables=[*free_of_limits.tables, *limited.tables],
        notes=[*free_of_limits.notes, *limited.notes],
    )


def _agreed(texts: Sequence[str], sizes: Sequence[int], repetitions: int) -> bool:
    plan = _plan(texts)
    low, high = plan.cost_band or (0.0, 0.0)
    # One ticket a request is the dearest form: each pays the whole prompt.
    times = repetitions * len(sizes)
    print(
        f"The real API: {times} x {len(texts)} tickets, at most {times * len(texts)} requests,"
        f" {plan.currency} {low * times:.2f} to {high * times * max(1, len(texts) / plan.requests):.2f}."
    )
    if not sys.stdin.isatty():
        print("Nobody is here to agree: the simulator is measured instead.")
        return False
    return input("Spend it? [y/N] ").strip().lower() in {"y", "yes"}


def _plan(texts: Sequence[str]) -> Plan:
    settings = Settings.model_validate({"provider": "sarvam"})
    endpoint = resolve(settings, has_key=True)
    planner, intake = planner_for(settings, endpoint), intake_for(settings, endpoint)
    with (
        TemporaryDirectory() as folder,
        open_inputs([str(write_tickets(Path(folder) / "t.txt", texts))], settings) as file,
    ):
        planner.foresee(intake.take_all(file.rows()), ())
    return planner.plan()


def _submissions(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _arms(
    settings: Settings, secret: Secret, texts: Sequence[str], sizes: Sequence[int], repetitions: int
) -> list[Arm]:
    """All arms in turn, repetition by repetition, so that a slow minute of the network meets each of them."""
    runs: Mapping[int, list[Run]] = {size: [] for size in sizes}
    for _ in range(repetitions):
        for size in sizes:
            runs[size].append(asyncio.run(_submitted(settings, secret, _submissions(texts, size))))
    return [Arm(size, several) for size, several in runs.items()]


async def _submitted(settings: Settings, secret: Secret, submissions: Sequence[Sequence[str]]) -> Run:
    """One session, one job after another, after a warm-up of one ticket that is not counted."""
    clock = SystemClock()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.txt"
        session = await Session.open(settings, secret, db=Path(folder) / "forge.db", clock=clock, rng=random.Random(1))
        try:
            await run_job(session, settings, write_tickets(path, ["The warm-up: is anybody there?"]), clock)
            return _sum([await run_job(session, settings, write_tickets(path, some), clock) for some in submissions])
        finally:
            await session.close()


def _limited(texts: Sequence[str], sizes: Sequence[int]) -> list[Arm]:
    sim = f"latency=1,rpm={PER_MIN}"
    # A submission by itself spends the whole burst anew: the wait of one request between two of them is added.
    gap_s = 60 / PER_MIN
    arms = []
    for size in sizes:
        runs = [measure_simulated(some, sim, requests_per_min=PER_MIN)[0] for some in _submissions(texts, size)]
        whole = _sum(runs)
        waits_s = sum(max(0.0, gap_s - run.seconds) for run in runs[:-1])
        arms.append(Arm(size, [replace(whole, seconds=whole.seconds + waits_s)]))
    return arms


def _sum(runs: Sequence[Run]) -> Run:
    return Run(
        tickets=sum(run.tickets for run in runs),
        load_s=sum(run.load_s for run in runs),
        seconds=sum(run.load_s + run.seconds for run in runs),
        cpu_s=sum(run.cpu_s for run in runs),
        requests=sum(run.requests for run in runs),
        tokens=sum(run.tokens for run in runs),
        cost=sum(run.cost for run in runs),
        failed=sum(run.failed for run in runs),
        gate_shut_s=sum(run.gate_shut_s for run in runs),
    )


def _finding(where: str, currency: str, arms: Sequence[Arm]) -> Finding:
    sound = [arm for arm in arms if arm.failed < FAILURES_UNDER]
    best = max(sound, key=lambda arm: arm.rate.median, default=None)
    rows = [[*_cells(arm, currency), "★ best" if arm is best else ""] for arm in arms]
    plot = Plot(
        "sweep",
        "Tickets a second over the size of a submission, 200 ms, 10 slots",
        "tickets a submission",
        "tickets/s",
        {"forge_tui": [(arm.size, arm.rate.median) for arm in arms]},
        log_x=True,
    )
    return Finding(
        tables=[Table(f"sweep, {where}: {arms[0].runs[0].tickets} tickets in every arm", HEAD, rows)],
        plots=[plot],
        notes=[f"{where}: {_reason(arms, best)}"],
    )


def _cells(arm: Arm, currency: str) -> list[str]:
    runs = arm.runs
    return [
        *(f"{arm.size}", Spread.of(run.seconds for run in runs).text(), arm.rate.text()),
        *(f"{arm.requests:.0f}", Spread.of(run.tokens for run in runs).text(0)),
        *(f"{currency} {Spread.of(run.cost for run in runs).median:.3f}", f"{arm.failed:.0%}"),
    ]


def _reason(arms: Sequence[Arm], best: Arm | None) -> str:
    """Why the best arm is best, out of the figures alone."""
    if best is None:
        return f"no size keeps its failures under {FAILURES_UNDER:.0%}, so none is best."
    others = [arm for arm in arms if arm is not best]
    if not others:
        return f"only {best.size} was measured."
    least = min(others, key=lambda arm: arm.rate.median)
    gain = best.rate.median / least.rate.median
    said = [f"submissions of {best.size} are best, {gain:.1f} times the rate of {least.size}"]
    if gain < 1 + NOISE:
        return f"all sizes run at the same rate within {NOISE:.0%}: choose by convenience."
    if best.requests < (1 - NOISE) * least.requests:
        said.append(
            f"they need {best.requests:.0f} requests instead of {least.requests:.0f}, because tickets share one"
        )
    else:
        said.append("with as many requests, so the gain is slots kept busy: a small submission waits for its slowest")
    near = [f"{arm.size}" for arm in others if arm.rate.median > (1 - NOISE) * best.rate.median]
    if near:
        said.append(f"{' and '.join(near)} is as good within {NOISE:.0%}")
    low, high = best.rate.low, best.rate.high
    if any(arm.rate.high >= low and arm.rate.low <= high for arm in others if f"{arm.size}" not in near):
        said.append("the spreads of the repetitions overlap, so take the order with care")
    return "; ".join(said) + "."
