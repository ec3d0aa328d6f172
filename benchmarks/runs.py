"""One job measured: the real session over a provider in a process of its own, or in simulated time."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from forge_tui.core.clock import Clock, SystemClock
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.stats import Stats
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.settings import Settings
from inline_sqlite import inline_sqlite
from virtual_time import VirtualClock, run_virtual

LENGTHS = (8, 8, 30, 30, 90)  # words: 40 % simple, 40 % medium, 20 % complex
WORDS = (
    *("screen", "printer", "cable", "invoice", "charge", "update", "login", "model", "answer", "battery"),
    *("refund", "contract", "scanner", "password"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one job came to.

    `load_s` is from the file to stored rows, `seconds` from there to the last recorded answer, `cpu_s` over both.
    """

    tickets: int
    load_s: float
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

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU a ticket."""
        return self.cpu_s / self.tickets * 1000


@contextmanager
def simulator(sim: str) -> Iterator[str]:
    """The base URL of a simulated provider in its own process."""
    command = [sys.executable, "-m", "forge_tui", "simulate", "--port", "0", "--sim", sim]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            yield next(word for word in server.stdout.readline().split() if word.startswith("http"))
        finally:
            server.terminate()


def tickets(count: int, seed: int = 1) -> list[str]:
    """`count` different texts: 40 % simple, 40 % medium, 20 % complex."""
    rng = random.Random(seed)
    return [f"ticket {n}: " + " ".join(rng.choices(WORDS, k=LENGTHS[n % 5])) for n in range(count)]


def write_tickets(path: Path, texts: Sequence[str]) -> Path:
    """A file with one ticket a line."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def settings_for(url: str, **changes: object) -> Settings:
    """Settings for a job against the server at `url`, without a request limit unless one is named."""
    return Settings.model_validate({"provider": "sarvam", "base_url": url, "requests_per_min": 0} | changes)


def measure(texts: Sequence[str], url: str, db: Path | None = None, **settings: object) -> Run:
    """Run `texts` as one job against the server at `url`; without `db` the database is a new file."""

    async def scene() -> Run:
        chosen = settings_for(url, **settings)
        with TemporaryDirectory() as folder:
            session = await Session.open(
                chosen,
                Secret(GOOD_KEY),
                db=db or Path(folder) / "forge.db",
                clock=SystemClock(),
                rng=random.Random(1),
            )
            try:
                return await run_job(session, chosen, write_tickets(Path(folder) / "tickets.txt", texts), SystemClock())
            finally:
                await session.close()

    return asyncio.run(scene())


async def run_job(session: Session, settings: Settings, path: Path, clock: Clock) -> Run:
    """Store the tickets of `path` and run them, both timed by `clock`."""
    began, cpu = clock.monotonic(), time.process_time()
    with open_inputs([str(path)], settings) as inputs:
        prepared = await session.prepare(inputs, fresh=True)
    stored = clock.monotonic()
    await session.run(prepared.job_id)
    ended, cpu_s, shot = clock.monotonic(), time.process_time() - cpu, session.snapshot()
    return Run(
        tickets=shot.total,
        load_s=stored - began,
        seconds=ended - stored,
        cpu_s=cpu_s,
        requests=shot.requests,
        tokens=shot.tokens,
        cost=shot.cost,
        failed=shot.failed,
        gate_shut_s=shot.limits.gate_shut_s,
    )


def measure_simulated(texts: Sequence[str], sim: str, **settings: object) -> tuple[Run, Stats]:
    """The same in simulated time, which costs no waiting: seconds are those of the simulated world.

    Beside it, what the simulated provider itself has counted.
    """

    async def scene(folder: Path) -> tuple[Run, Stats]:
        clock, provider = VirtualClock(), SimulatedProvider(parse_options(sim))
        chosen = Settings.model_validate({"provider": "simulated"} | settings)
        session = await Session.open(
            chosen,
            Secret(GOOD_KEY),
            db=None,
            clock=clock,
            rng=random.Random(1),
            transport=SimulatorTransport(provider, clock),
        )
        try:
            return await run_job(session, chosen, write_tickets(folder / "tickets.txt", texts), clock), provider.stats
        finally:
            await session.close()

    with TemporaryDirectory() as folder, inline_sqlite():
        return run_virtual(scene(Path(folder)), limit_s=1e7)
