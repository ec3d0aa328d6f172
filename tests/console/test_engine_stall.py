"""The screen must not stall the engine: its loop stays punctual while a thousand events a second are drawn."""

import asyncio
import sys

import pytest

from engine_thread_builders import PATIENCE_S, engine, tickets_file
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.engine_thread import SWITCH_INTERVAL_S
from forge_tui.console.hub import Launch
from forge_tui.core.clock import SystemClock

# As long as the engine remembers how late it was: what reading the file cost is forgotten by then.
SECONDS = 11.0
WORST_P99_MS = 25.0


@pytest.mark.alone
async def test_the_engine_stays_punctual_under_the_screen(tmp_path):
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        with engine(tmp_path, started=False, sim="latency=0.02", concurrency=12) as hub:
            app = ForgeApp(hub, SystemClock(), Look(hz=4), first=Launch((tickets_file(tmp_path, 20_000),)))
            async with app.run_test(size=(140, 40)) as pilot:
                async with asyncio.timeout(PATIENCE_S):
                    while app.view.job.done < 50:
                        await pilot.pause(0.05)
                start = hub.snapshot()
                await asyncio.sleep(SECONDS)  # noqa: TID251 - what is measured is real time
                end = hub.snapshot()
                assert end.engine_lag_p99_ms < WORST_P99_MS
                assert (end.events_seen - start.events_seen) / (end.at - start.at) > 200
    finally:
        sys.setswitchinterval(before)
