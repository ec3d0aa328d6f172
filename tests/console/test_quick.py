"""The screen is quick where there is much, and costs the engine little."""

import asyncio
import time

import pytest

from console_builders import console, settle
from console_stores import CAUSES, failed_job, hub_over
from engine_thread_builders import engine, tickets_file
from forge_tui.console.app import ForgeApp, Look
from forge_tui.console.hub import Launch
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.core.clock import SystemClock
from forge_tui.core.job import ENDED

pytestmark = pytest.mark.alone

MANY, FEW = 100_000, 1_000


async def seconds_for(count, path):
    """Seconds to open the failures, go through pages and filter them: the least of three, on a machine that others use."""
    job_id = await failed_job(path, count)
    return [min(several) for several in zip(*[await once(count, path, job_id) for _ in range(3)], strict=True)]


async def once(count, path, job_id):
    hub = hub_over(path, job_id)
    async with console(hub).run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        took = []
        for act in (("3",), ("pagedown", "pagedown", "G", "g"), ()):
            started = time.perf_counter()
            if act:
                await pilot.press(*act)
            else:
                pilot.app.screen.query_one(FailureList).filter_by("code:E-5XX")
            await settle(pilot)
            took.append(time.perf_counter() - started)
        assert len(pilot.app.screen.query_one(FailureList).list.ids) == count // len(CAUSES)
        return took


async def test_a_hundred_thousand_failures_open_page_and_filter_like_a_thousand(tmp_path):
    few, many = await seconds_for(FEW, tmp_path / "few.db"), await seconds_for(MANY, tmp_path / "many.db")
    assert all(b <= 2 * a + 0.1 for a, b in zip(few, many, strict=True)), (few, many)


async def rate(hub, look):
    """Tickets a second of the job that the hub runs, seen to its end."""
    async with asyncio.timeout(100):
        while not (look().job_id and look().state in ENDED):  # noqa: ASYNC110 - the engine is in another thread
            await asyncio.sleep(0.05)  # noqa: TID251 - real time is what is measured
    shot = hub.snapshot()
    return shot.done / shot.elapsed_s


@pytest.mark.parametrize(
    ("count", "least", "settings"),
    [
        (3000, 0.9, {"sim": "latency=0.2", "concurrency": 100}),
        (20_000, 0.75, {"sim": "", "provider": "local", "batch_size": "auto", "use_cache": False}),
    ],
    ids=["waiting for a provider", "as fast as this computer can"],
)
async def test_the_screen_costs_the_engine_little(tmp_path, count, least, settings):
    """Measured without load: 0.95 and 0.8 of the rate without a screen; one noisy run is given 0.05 more."""
    with engine(tmp_path / "bare", **settings) as hub:
        hub.launch(Launch((tickets_file(tmp_path, count),)))
        bare = await rate(hub, hub.snapshot)
    with engine(tmp_path / "shown", started=False, **settings) as hub:
        app = ForgeApp(hub, SystemClock(), Look(hz=4))
        async with app.run_test(size=(140, 40)) as pilot:
            async with asyncio.timeout(100):
                while set(app._screen_stacks) != set(app.MODES):  # nobody gets through the launch screen before that
                    await pilot.pause(0.05)
            hub.launch(Launch((tickets_file(tmp_path, count),)))
            under_the_console = await rate(hub, hub.snapshot)
    assert under_the_console >= least * bare, (under_the_console, bare)
