"""The screen must not stall the engine: its loop stays punctual while a thousand events a second are drawn."""

import asyncio
import sys
import time
from math import ceil

import pytest

from engine_thread_builders import PATIENCE_S, engine, tickets_file
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.hub import Launch
from forge_tui.core.clock import SystemClock
from forge_tui.core.event import Notice
from forge_tui.core.turns import take_short_turns

NAPS = 600
NAP_S = 0.005
EVENTS_A_NAP = 5
WORST_P99_MS = 25.0


async def lateness(publish):
    """How late the engine's own loop wakes from short naps, ascending, in milliseconds; five events at each."""
    late = []
    for nap in range(NAPS):
        due = time.perf_counter() + NAP_S
        await asyncio.sleep(NAP_S)  # noqa: TID251 - what is measured is real time
        late.append(1000.0 * max(0.0, time.perf_counter() - due))
        for _ in range(EVENTS_A_NAP):
            publish(Notice(time.time(), 1, "info", f"nap {nap}"))  # noqa: TID251 - as above
    return sorted(late)


@pytest.mark.alone
async def test_the_engine_stays_punctual_under_the_screen(tmp_path):
    before = sys.getswitchinterval()
    take_short_turns()
    try:
        with engine(tmp_path, started=False, sim="latency=0.05", concurrency=4) as hub:
            app = ForgeApp(hub, SystemClock(), Look(hz=4), first=Launch((tickets_file(tmp_path, 5_000),)))
            async with app.run_test(size=(140, 40)) as pilot:
                async with asyncio.timeout(PATIENCE_S):
                    while app.view.job.done < 20:
                        await pilot.pause(0.05)
                seen = hub.snapshot().events_seen
                probe = lateness(hub._room._session.bus.publish)
                late = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(probe, hub._loop))
                assert hub.snapshot().events_seen - seen > 0.9 * NAPS * EVENTS_A_NAP
                assert late[ceil(0.99 * NAPS) - 1] < WORST_P99_MS
    finally:
        sys.setswitchinterval(before)
