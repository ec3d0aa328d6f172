"""The first signal asks, the second insists, an ignored one stays ignored."""

import os
import signal

import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.headless.signals import Signals, exit_code


async def after(*numbers: signal.Signals) -> tuple[list[str], signal.Signals | None]:
    wishes: list[str] = []
    with Signals(end=lambda: wishes.append("end"), end_now=lambda: wishes.append("now")) as signals:
        for number in numbers:
            os.kill(os.getpid(), number)
            await SystemClock().sleep(0.001)
        return wishes, signals.first


async def test_the_first_signal_asks_and_every_further_one_insists():
    wishes, first = await after(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    assert (wishes, first) == (["end", "now", "now"], signal.SIGTERM)


async def test_an_ignored_hang_up_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert await after(signal.SIGHUP) == ([], None)
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_handlers_are_gone_after_the_block():
    await after(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_exit_codes_are_the_shells(number: signal.Signals, code: int):
    assert exit_code(number) == code
