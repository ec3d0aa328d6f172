"""What the console's engine runs on: settings, key, database and log, found on the engine's own thread."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from forge_tui.cli.options import Flag
from forge_tui.cli.recording import log_of
from forge_tui.cli.wiring import wire
from forge_tui.console.engine_orders import Wiring
from forge_tui.console.keys import checked_keymap
from forge_tui.core.clock import Clock
from forge_tui.settings_sources import Given, state_folder
from forge_tui.telemetry.log import FILE_NAME

SLOW_LINK_HZ = 2.0


def wiring(flags: Sequence[Flag], environment: Mapping[str, str], clock: Clock, stack: ExitStack) -> Wiring:
    """The log is closed with `stack`.

    Raises KeyRefused; and SettingsRefused, also for a keymap that names no key of ours, or one key twice.
    """
    wired = wire(flags, _slow_link(environment))
    checked_keymap(wired.settings.keys)
    told: list[str] = []
    log = stack.enter_context(log_of(wired, clock, told.append))
    return Wiring(
        wired.settings,
        wired.secret,
        wired.loaded.db,
        listeners=() if log is None else (log.event,),
        log_path="" if log is None else str(state_folder() / FILE_NAME),
        typed=[name for name, _, _ in flags],
        notice=" ".join(told),
    )


def _slow_link(environment: Mapping[str, str]) -> Iterator[Given]:
    """Fewer frames over a slow link unless a rate was set."""
    if "SSH_CONNECTION" in environment:
        yield Given("refresh_hz", SLOW_LINK_HZ, "SSH_CONNECTION")
