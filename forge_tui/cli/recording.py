"""The log file of a run, for both faces; a run does without where it cannot be written."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from forge_tui.cli.wiring import Wired
from forge_tui.core.clock import Clock
from forge_tui.core.text import clean
from forge_tui.settings_sources import state_folder
from forge_tui.telemetry.log import Log, open_log
from forge_tui.telemetry.redact import Redactor


@contextmanager
def log_of(wired: Wired, clock: Clock, tell: Callable[[str], object]) -> Iterator[Log | None]:
    """The log file; a run does without where the state folder cannot be written to, which `tell` hears."""
    redactor = Redactor()
    if wired.secret is not None:
        redactor.register(wired.secret.reveal)
    try:
        log = open_log(state_folder(), wired.settings.log_level, redactor, clock.wall)
    except OSError as fault:
        tell(clean(f"no log is written: {state_folder()}: {fault.strerror}"))
        yield None
        return
    with closing(log):
        yield log
