"""`forge-tui [FILE ...]`: the engine's thread and the screen put together; the only place that loads Textual."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from forge_tui.cli.options import Flag
from forge_tui.cli.recording import log_of
from forge_tui.cli.wiring import Wired, next_commands, wire
from forge_tui.console.desk import Look
from forge_tui.console.engine_thread import EngineThread
from forge_tui.console.keys import checked_keymap
from forge_tui.console.run import Start, run
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused
from forge_tui.settings_sources import state_folder
from forge_tui.telemetry.log import FILE_NAME

# Terminals that draw nothing but ASCII, or nothing at all.
PLAIN_TERMINALS = frozenset({"linux", "dumb"})
SLOW_LINK_HZ = 2.0


def open_console(flags: Sequence[Flag], files: Sequence[str], *, ascii_only: bool) -> int:
    """Show the console on `files` until it is left; answers the exit code. Raises ForgeError."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise SettingsRefused("the console needs a terminal; without one use --batch FILE")
    wired = wire(flags)
    clock = SystemClock()
    with ExitStack() as stack:
        log = stack.enter_context(log_of(wired, clock))
        engine = EngineThread(
            wired.settings,
            wired.secret,
            wired.loaded.db,
            clock,
            listeners=() if log is None else (log.event,),
            log_path="" if log is None else str(state_folder() / FILE_NAME),
            typed=[name for name, _, _ in flags],
        )
        look = _look(os.environ, wired, ascii_only=ascii_only)
        return run(engine, clock, Start(files, look, next_commands(wired.loaded).again))


def _look(environment: Mapping[str, str], wired: Wired, *, ascii_only: bool) -> Look:
    """Fewer frames over a slow link unless a rate was set, plain symbols where others cannot be drawn.

    Raises SettingsRefused for a keymap that names no key of ours, or one key twice.
    """
    hz = wired.settings.refresh_hz
    if "SSH_CONNECTION" in environment and "refresh_hz" not in wired.loaded.sources:
        hz = min(hz, SLOW_LINK_HZ)
    plain = ascii_only or environment.get("TERM", "dumb") in PLAIN_TERMINALS
    clipboard = environment.get("TERM", "dumb") not in PLAIN_TERMINALS  # they know no OSC 52 either
    return Look(hz=hz, ascii_only=plain, clipboard=clipboard, keymap=checked_keymap(wired.settings.keys))
