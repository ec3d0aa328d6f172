"""Tasks begin in their turn, on every Python: what the tests of the screen see is what people get."""

import asyncio

from console_builders import console, settle
from forge_tui.console.app import ForgeApp


def at_once(loop, coro, **given):
    """As Textual wants tasks from Python 3.12 on: begun before there is a task to speak of."""
    return asyncio.Task(coro, loop=loop, **given)


async def test_textual_cannot_make_tasks_begin_at_once():
    """A console with an input on its first screen died of that, Textualize/textual#6444."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(at_once)
    async with console().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, ForgeApp)
        assert loop.get_task_factory() is None
