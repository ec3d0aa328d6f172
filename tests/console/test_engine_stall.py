"""The screen must not stall the engine: its loop stays punctual while a thousand events a second are drawn."""

import asyncio
import sys
import time
from math import ceil

import pytest

from engine_thread_builders import PATIENCE_S, engine, tickets_file
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.engine_thread import SWITCH_INTERVAL_S
from forge_tui.console.hub import Launch
from forge_tui.core.clock import SystemClock

NAPS = 600
NAP_S = 0.005
WORST_P99_MS = 25.0


async def lateness():
    """How late the engine's own loop wakes from short naps, ascending, in milliseconds."""
    late = []
    for _ in range(NAPS):
        due = time.perf_counter() + NAP_S
        await asyncio.sleep(NAP_S)  # noqa: TID251 - what is measured is real time
        late.append(1000.0 * max(0.0, time.perf_counter() - due))
    return sorted(late)


@pytest.mark.alone
async def test_the_engine_stays_punctual_under_the_screen(tmp_path):
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        with engine(tmp_path, started=False, sim="latency=0.02", concurrency=10) as hub:
            app = ForgeApp(hub, SystemClock(), Look(hz=4), first=Launch((tickets_file(tmp_path, 20_000),)))
            async with app.run_test(size=(140, 40)) as pilot:
                async with asyncio.timeout(PATIENCE_S):
                    while app.view.job.done < 50:
                        await pilot.pause(0.05)
                start = hub.snapshot()
                late = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(lateness(), hub._loop))
                end = hub.snapshot()
                per_s = (end.events_seen - start.events_seen) / (end.at - start.at)
                print(f"{per_s:.0f} events/s, median {late[NAPS // 2]:.1f} ms, max {late[-1]:.1f} ms")
                assert late[ceil(0.99 * NAPS) - 1] < WORST_P99_MS
                assert per_s > 200
    finally:
        sys.setswitchinterval(before)
