"""One job measured: the real session over the loopback simulator in a process of its own."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from forge_tui.core.clock import SystemClock
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings

WORDS = [
    "screen",
    "printer",
    "cable",
    "invoice",
    "charge",
    "update",
    "login",
    "model",
    "answer",
    "battery",
    "refund",
    "contract",
    "scanner",
    "password",
]


@dataclass(frozen=True, slots=True)
class Run:
    """What one job came to; seconds are from the first request to the last recorded answer."""

    tickets: int
    seconds: float
    cpu_s: float
    requests: int
    tokens: int
    cost: float
    failed: int
    gate_shut_s: float

    @property
    def per_s(self) -> float:
        return self.tickets / self.seconds


@contextmanager
def simulator(sim: str) -> Iterator[str]:
    """The base URL of a simulated provider in its own process."""
    command = [sys.executable, "-m", "forge_tui", "simulate", "--port", "0", "--sim", sim]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        yield next(word for word in server.stdout.readline().split() if word.startswith("http"))
        server.terminate()


def tickets(count: int, seed: int = 1) -> list[str]:
    """`count` different texts: 40 % simple, 40 % medium, 20 % complex."""
    rng = random.Random(seed)
    lengths = (8, 8, 30, 30, 90)
    return [f"ticket {n}: " + " ".join(rng.choices(WORDS, k=lengths[n % 5])) for n in range(count)]


def measure(texts: list[str], url: str, db: Path | None = None, **settings: object) -> Run:
    """Run `texts` as one job against the simulator at `url`."""
    return asyncio.run(_measure(texts, url, db, settings))


async def _measure(texts: list[str], url: str, db: Path | None, settings: dict[str, object]) -> Run:
    chosen = Settings.model_validate({"provider": "sarvam", "base_url": url, "requests_per_min": 0} | settings)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.txt"
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        session = await Session.open(
            chosen, Secret("sk_sim_ok"), db=db or Path(folder) / "forge.db", clock=SystemClock(), rng=random.Random(1)
        )
        try:
            with open_inputs([str(path)], chosen) as inputs:
                prepared = await session.prepare(inputs, fresh=True)
            started, cpu = time.perf_counter(), time.process_time()
            await session.run(prepared.job_id)
            seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
            shot = session.snapshot()
            shut_s = shot.limits.gate_shut_s
            return Run(len(texts), seconds, cpu_s, shot.requests, shot.tokens, shot.cost, shot.failed, shut_s)
        finally:
            await session.close()
