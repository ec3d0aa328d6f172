"""Whole jobs in virtual time: the real session, store and HTTP client over the simulated provider."""

import random
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from forge_tui.core.event import Event
from forge_tui.core.job import JobState
from forge_tui.core.snapshot import Snapshot
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.stats import Stats
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.settings import Settings
from inline_sqlite import inline_sqlite
from virtual_time import EPOCH, VirtualClock, run_virtual

SIMPLE = "screen {n} stays black after the update"
MEDIUM = (
    "the printer on floor {n} prints every second page empty since Monday, we changed the toner and the cable twice"
)
COMPLEX = " ".join(["on line {n} the press stops without a word and nobody knows why it does so again"] * 5)


def texts(count, mix=(2, 2, 1)):
    """`count` different tickets, simple, medium and complex in the proportions of `mix`."""
    forms = [SIMPLE] * mix[0] + [MEDIUM] * mix[1] + [COMPLEX] * mix[2]
    return [forms[n % len(forms)].format(n=n) for n in range(count)]


@dataclass
class World:
    """One session in virtual time, with the simulator's own count beside it."""

    session: Session
    clock: VirtualClock
    stats: Stats
    events: list[Event]
    folder: Path
    settings: Settings

    async def prepare(self, rows: Iterable[str], name="tickets.txt", **options):
        path = self.folder / name
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        with open_inputs([str(path)], self.settings) as inputs:
            return await self.session.prepare(inputs, **options)

    async def run(self, rows: Iterable[str], name="tickets.txt") -> JobState:
        prepared = await self.prepare(rows, name)
        return await self.session.run(prepared.job_id)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def snapshot(self) -> Snapshot:
        return self.session.snapshot()


def in_a_world(
    story: Callable,
    *,
    sim="",
    service=None,
    limit_s=100_000.0,
    db=None,
    key="sk_sim_ok",
    seed=1,
    epoch=EPOCH,
    **settings,
):
    """Run `story(world)` in virtual time, which begins at `epoch` (Unix seconds), and answer what it returns.

    The provider is one that does as `sim` says, unless a `service` is given.
    """
    service = service or SimulatedProvider(parse_options(sim))

    async def scene(folder: Path):
        clock = VirtualClock(epoch)
        chosen = Settings(**({"provider": "simulated", "batch_size": 1} | settings))
        session = await Session.open(
            chosen,
            Secret(key),
            db=db,
            clock=clock,
            rng=random.Random(seed),
            transport=SimulatorTransport(service, clock),
        )
        try:
            world = World(session, clock, service.stats, [], folder, chosen)
            session.bus.subscribe(world.events.append)
            return await story(world)
        finally:
            await session.close()

    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(inline_sqlite())
        return run_virtual(scene(folder), limit_s=limit_s)
