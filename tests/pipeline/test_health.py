"""The health of a running job, read from its store by another process."""

import random
from contextlib import closing
from pathlib import Path

import pytest

from forge_tui.core.breaker import BreakerState
from forge_tui.core.event import BatchSettled
from forge_tui.core.failure import Code
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.health import health_of, replayed
from forge_tui.provider.presets import resolve
from forge_tui.resilience.circuit_breaker import CircuitBreaker
from forge_tui.settings import Settings
from forge_tui.storage.reader import Reader
from session_builders import World, in_a_world, texts


def a_breaker() -> CircuitBreaker:
    settings = Settings()
    return Gates(settings, resolve(settings, has_key=True), random.Random(1)).breaker


FAILURES = [(100.0 + n, Code.SERVER) for n in range(5)]


@pytest.mark.parametrize(
    ("requests", "now", "state"),
    [
        ([], 100.0, BreakerState.CLOSED),
        (FAILURES[:4], 110.0, BreakerState.CLOSED),
        (FAILURES, 110.0, BreakerState.OPEN),
        (FAILURES, 134.5, BreakerState.HALF_OPEN),
        ([*FAILURES, (140.0, None)], 141.0, BreakerState.CLOSED),
        ([*FAILURES, (140.0, Code.TIMEOUT)], 199.0, BreakerState.OPEN),
        ([*FAILURES, (104.5, None)], 110.0, BreakerState.OPEN),
        ([(100.0 + n, Code.RATE) for n in range(9)], 110.0, BreakerState.CLOSED),
    ],
    ids=["new", "four", "five", "in time", "probe won", "probe lost", "stale success", "rate limits"],
)
def test_the_ledger_tells_the_breakers_state(requests, now: float, state: BreakerState):
    assert replayed(a_breaker(), requests, now) is state


def test_a_look_from_outside_agrees_with_the_engine(tmp_path: Path):
    """D29, D35: queue depth and breaker are those of the running job, whoever asks."""
    db = tmp_path / "forge.db"
    seen: list[tuple[int, int, str | None]] = []
    expected: list[tuple[int, int, str | None]] = []

    async def story(world: World) -> None:
        world.session.bus.subscribe(lambda event: look(world) if isinstance(event, BatchSettled) else None)
        await world.run(texts(30))

    def look(world: World) -> None:
        with closing(Reader(db)) as reader:
            health = health_of(reader, a_breaker(), owned=True, now=world.clock.wall())
        snapshot = world.snapshot
        open_tickets = snapshot.queued + snapshot.waiting + snapshot.in_flight + snapshot.twins
        seen.append((health.active_jobs, health.queue_depth, health.breaker))
        expected.append((1, open_tickets, snapshot.breaker.state))

    # One slot, so that the engine knows of no answer that is not on disk yet.
    in_a_world(story, db=db, sim="latency=1,script=4-12:internal_error", concurrency=1)
    assert seen == expected
    assert {breaker for _, _, breaker in seen} == {BreakerState.CLOSED, BreakerState.OPEN}


def test_without_an_owner_nothing_is_active(tmp_path: Path):
    db = tmp_path / "forge.db"
    in_a_world(lambda world: world.prepare(texts(3)), db=db)
    with closing(Reader(db)) as reader:
        health = health_of(reader, a_breaker(), owned=False, now=1.0)
    assert (health.active_jobs, health.queue_depth, health.breaker, health.job.job_id) == (0, 0, None, 1)
