"""`forge-tui simulate`: the simulated provider behind a loopback port until a signal ends it."""

import asyncio

import click

from forge_tui.core.clock import SystemClock
from forge_tui.headless.signals import Signals, exit_code
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.server import serve as serve_until_cancelled
from forge_tui.provider.simulator.service import SimulatedProvider


def serve(sim: str, port: int) -> int:
    """Serve on 127.0.0.1:`port`; the address is the output. Raises SettingsRefused for wrong `sim` options."""
    return asyncio.run(_serve(SimulatedProvider(parse_options(sim)), port))


async def _serve(provider: SimulatedProvider, port: int) -> int:
    serving = asyncio.create_task(serve_until_cancelled(provider, port, SystemClock(), click.echo))
    with Signals(end=serving.cancel, end_now=serving.cancel) as signals:
        try:
            await serving
        except asyncio.CancelledError:
            click.echo(f"{provider.stats.requests} chat requests came", err=True)
        except OSError as fault:
            raise click.UsageError(f"port {port}: {fault.strerror}; name another with --port") from fault
    return exit_code(signals.first) if signals.first else 0
