"""`forge-tui [FILE ...]`: the engine's thread and the screen put together; the only place that loads Textual."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from forge_tui.cli.options import Flag
from forge_tui.cli.typed import typed_command
from forge_tui.console.desk import Look
from forge_tui.console.engine_orders import Wiring
from forge_tui.console.engine_thread import EngineThread
from forge_tui.console.run import Start, run
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused

# Terminals that draw nothing but ASCII, or nothing at all.
PLAIN_TERMINALS = frozenset({"linux", "dumb"})


def open_console(flags: Sequence[Flag], files: Sequence[str], *, ascii_only: bool) -> int:
    """Show the console on `files` until it is left; answers the exit code. Raises ForgeError."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise SettingsRefused("the console needs a terminal; without one use --batch FILE")
    clock = SystemClock()
    with ExitStack() as stack:

        def wire() -> Wiring:
            # On the engine's thread, after the first paint: settings and log take as long to load as Textual.
            from forge_tui.cli.engine_wiring import wiring  # noqa: PLC0415

            return wiring(flags, os.environ, clock, stack)

        return run(
            EngineThread(wire, clock), clock, Start(files, look(os.environ, ascii_only=ascii_only), typed_command())
        )


def look(environment: Mapping[str, str], *, ascii_only: bool) -> Look:
    """Plain symbols where others cannot be drawn; copies go into a file where no clipboard can be reached."""
    plain = environment.get("TERM", "dumb") in PLAIN_TERMINALS
    return Look(ascii_only=ascii_only or plain, clipboard=not plain)  # they know no OSC 52 either
