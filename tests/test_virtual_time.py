"""The test bench itself: what every simulated world relies on."""

import asyncio
import time

import aiosqlite
import pytest

from inline_sqlite import counted_sqlite, inline_sqlite
from virtual_time import EPOCH, VirtualClock, VirtualDeadlock, VirtualTimeOver, run_virtual


def test_an_hour_of_sleeps_passes_in_well_under_a_second():
    async def world():
        clock = VirtualClock()
        for _ in range(3600):
            await clock.sleep(1)
        return clock.monotonic(), clock.wall()

    began = time.perf_counter()
    assert run_virtual(world(), limit_s=3601) == (pytest.approx(3600), pytest.approx(EPOCH + 3600))
    assert time.perf_counter() - began < 1


def test_a_deadlock_is_reported_with_the_place_where_each_task_waits():
    async def waits_for_nobody(never):
        await never.wait()

    async def world():
        never = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(waits_for_nobody(never), name="stuck")
            await VirtualClock().sleep(5)

    with pytest.raises(VirtualDeadlock, match=r"(?s)deadlock at virtual 5\.000 s.*task stuck.*await never\.wait\(\)"):
        run_virtual(world(), limit_s=60)


def test_the_end_of_virtual_time_is_reported():
    async def world():
        clock = VirtualClock()
        for _ in range(1000):
            await clock.sleep(7)

    with pytest.raises(VirtualTimeOver, match=r"100\.000 s"):
        run_virtual(world(), limit_s=100)


def test_a_jump_of_the_date_leaves_the_time_alone():
    async def world():
        clock = VirtualClock()
        await clock.sleep(3)
        clock.jump_wall(-7200)
        return clock.monotonic(), clock.wall()

    assert run_virtual(world(), limit_s=10) == (3, EPOCH + 3 - 7200)


def test_waiting_for_an_event_ends_at_the_event_or_at_the_deadline():
    async def world():
        clock, event = VirtualClock(), asyncio.Event()
        await clock.wait(event, until=4)
        assert clock.monotonic() == 4
        asyncio.get_running_loop().call_later(2, event.set)
        await clock.wait(event, until=None)
        return clock.monotonic()

    assert run_virtual(world(), limit_s=10) == 6


def test_the_clock_stands_still_while_a_thread_works():
    async def world():
        async with asyncio.timeout(0.001):
            await asyncio.to_thread(time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert run_virtual(world(), limit_s=1) == 0


async def _world_with_a_database(trace):
    clock = VirtualClock()

    async def worker(name, period_s, db):
        for step in range(20):
            await clock.sleep(period_s)
            async with asyncio.timeout(0.5):
                await db.execute("INSERT INTO line VALUES (?, ?)", (name, step))
                rows = await db.execute_fetchall("SELECT count(*) FROM line")
            trace.append((clock.monotonic(), name, rows[0][0]))

    async with aiosqlite.connect(":memory:", isolation_level=None) as db:
        await db.execute("CREATE TABLE line (name, step)")
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(worker(f"w{number}", 0.3 + number * 0.1, db))


def _trace_of(bench):
    trace = []
    with bench():
        run_virtual(_world_with_a_database(trace), limit_s=60)
    return trace


def test_sqlite_inline_gives_the_same_trace_twice():
    first = _trace_of(inline_sqlite)
    assert len(first) == 100
    assert _trace_of(inline_sqlite) == first


def test_sqlite_on_its_real_thread_gives_the_trace_of_the_inline_one():
    inline = _trace_of(inline_sqlite)
    assert all(_trace_of(counted_sqlite) == inline for _ in range(3))


def test_an_sql_error_reaches_the_caller_inline():
    async def world():
        async with aiosqlite.connect(":memory:") as db:
            with pytest.raises(aiosqlite.OperationalError, match="no such table"):
                await db.execute("SELECT * FROM nowhere")

    with inline_sqlite():
        run_virtual(world(), limit_s=1)
