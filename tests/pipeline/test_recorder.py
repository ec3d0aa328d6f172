"""Writes that a full disk refuses: they wait, and it is told once that it is full and once that it is well."""

import asyncio

from forge_tui.core.errors import DatabaseFault
from forge_tui.core.event import Notice
from forge_tui.pipeline.recorder import DISK_RETRY_S, Recorder
from session_builders import in_a_world


def test_a_disk_that_takes_a_small_write_and_refuses_the_next_is_told_full_once():
    async def story(world):
        session, clock = world.session, world.clock
        recorder = Recorder(1, session.store, session._gates, session.bus, clock)

        def a_write(name, room_at):
            async def write():
                if clock.monotonic() < room_at:
                    raise DatabaseFault("forge.db: database or disk is full")
                return name

            return write

        began = clock.monotonic()
        small, big = a_write("small", began + DISK_RETRY_S), a_write("big", began + 3 * DISK_RETRY_S)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(recorder.stored(write)) for write in (small, big)]
            await clock.sleep(2 * DISK_RETRY_S)
            assert (tasks[0].done(), tasks[1].done(), recorder.disk_full) == (True, False, True)
        assert [task.result() for task in tasks] == ["small", "big"]
        assert not recorder.disk_full
        return [notice.level for notice in world.of(Notice)], clock.monotonic() - began

    assert in_a_world(story) == (["error", "info"], 3 * DISK_RETRY_S)
