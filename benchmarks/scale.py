"""A thousand to a million tickets through the local rules: time, and memory of a process of its own.

`python -m benchmarks.scale COUNT` runs one job, from file to exported results, and prints what it took as JSON.
"""

import asyncio
import io
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.peer_scripts.common import peak_rss_mb
from benchmarks.runs import LENGTHS, WORDS
from benchmarks.speed import Speed
from forge_tui.core.clock import SystemClock
from forge_tui.core.turns import take_short_turns
from forge_tui.headless.progress import Progress
from forge_tui.headless.runner import Ended, FromFiles, Output, Runner
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.settings import Settings

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
LINEAR_FROM, SLOPE_FROM = 10_000, 100_000
RSS_LIMIT_MB, SLOPE_LIMIT_BYTES, LINEAR_LIMIT = 200.0, 20.0, 1.1
_PER_MB = 1024**2
_ABOUT_SPEED = (
    "Speed: CPU milliseconds of 100,000 additions in Python, measured five times a second while the job ran. A shared "
    "machine changes its speed within minutes, so the linear bar compares the time of a ticket in such additions."
)


def scale(effort: Effort) -> Finding:
    """10^3 to 10^5 tickets through `local`, with --full 10^6: seconds, CPU and peak memory."""
    sizes = (*SIZES, MILLION) if effort.full else SIZES
    runs = {size: [_run(size) for _ in range(1 if size == MILLION else effort.repetitions)] for size in sizes}
    if effort.full:
        # A shared machine changes its speed within minutes: the yardstick is laid on again after the million.
        runs[LINEAR_FROM] += [_run(LINEAR_FROM) for _ in range(effort.repetitions)]
    per_ticket_us = {size: Spread.of(run["cpu_s"] / size * 1e6 for run in several) for size, several in runs.items()}
    seconds = {size: Spread.of(run["seconds"] for run in several) for size, several in runs.items()}
    rss_mb = {size: Spread.of(run["rss_mb"] for run in several) for size, several in runs.items()}
    speed_ms = {size: Spread.of(run["speed_ms"] for run in several) for size, several in runs.items()}
    in_additions = {
        size: Spread.of(run["seconds"] / size * 1e8 / run["speed_ms"] for run in several)
        for size, several in runs.items()
    }
    rows = [
        [
            *(f"{size:,}", seconds[size].text(1), f"{size / seconds[size].median:,.0f}"),
            *(per_ticket_us[size].text(0), rss_mb[size].text(0), speed_ms[size].text(1), in_additions[size].text(0)),
        ]
        for size in sizes
    ]
    plot = Plot(
        "scale",
        "Seconds over tickets, local rules, file to exported results",
        "tickets",
        "seconds",
        {"forge_tui": [(size, seconds[size].median) for size in sizes]},
        log_x=True,
        log_y=True,
    )
    head = ["tickets", "seconds", "tickets/s", "CPU us a ticket", "peak RSS MB", "speed, ms", "additions a ticket"]
    return Finding(
        tables=[Table("through the local rules, with export", head, rows)],
        bars=_bars(in_additions, rss_mb),
        plots=[plot],
        notes=[_ABOUT_SPEED],
    )


def _bars(in_additions: dict[int, Spread], rss_mb: dict[int, Spread]) -> list[Bar]:
    biggest = max(in_additions)
    work = f"{biggest:,} tickets through local"
    linear = Spread.of([in_additions[biggest].median / in_additions[LINEAR_FROM].median])
    bars = [
        Bar(work, "peak RSS, MB", rss_mb[biggest], RSS_LIMIT_MB, digits=0),
        Bar(work, f"time a ticket / that at {LINEAR_FROM:,}, in additions", linear, LINEAR_LIMIT),
    ]
    if biggest > SLOPE_FROM:
        grown = (rss_mb[biggest].median - rss_mb[SLOPE_FROM].median) * _PER_MB / (biggest - SLOPE_FROM)
        slope = f"bytes of RSS a ticket from {SLOPE_FROM:,}"
        bars.append(Bar(work, slope, Spread.of([grown]), SLOPE_LIMIT_BYTES, digits=1))
    return bars


def _run(count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", str(count)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


async def _job(folder: Path, path: Path) -> dict[str, float]:
    settings, clock, db = Settings.model_validate({"provider": "local"}), SystemClock(), folder / "forge.db"
    started, cpu, speed = time.perf_counter(), time.process_time(), Speed()
    session = await Session.open(settings, None, db=db, clock=clock, rng=random.Random(1))
    try:
        with speed, open_inputs([str(path)], settings) as inputs:
            progress = Progress(io.StringIO(), session.snapshot, clock, 1.0)
            ended = await Runner(session, FromFiles(inputs), db, Output(folder / "out"), progress, clock).run()
    finally:
        await session.close()
    assert isinstance(ended, Ended)
    assert ended.exported.failures == 0
    return {
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time() - cpu,
        "rss_mb": peak_rss_mb(),
        "speed_ms": speed.ms,
    }


def _write(path: Path, count: int) -> None:
    """As `runs.tickets`, without holding them: memory is what is measured here."""
    rng = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"ticket {n}: {' '.join(rng.choices(WORDS, k=LENGTHS[n % 5]))}\n" for n in range(count))


if __name__ == "__main__":
    with TemporaryDirectory() as where:
        tickets_file = Path(where) / "tickets.txt"
        _write(tickets_file, int(sys.argv[1]))
        take_short_turns()  # as `--batch` does
        print(json.dumps(asyncio.run(_job(Path(where), tickets_file))))
