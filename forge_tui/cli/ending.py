"""How a command ends: its exit code and the last line on standard error, which says what to type next."""

from enum import IntEnum

from forge_tui.core.errors import (
    DatabaseFault,
    DatabaseLocked,
    DatabaseRefused,
    ForgeError,
    KeyRefused,
)
from forge_tui.core.text import clean


class Exit(IntEnum):
    """The exit codes that scripts may rely on; an interrupted run ends with 128 + the signal's number."""

    CLASSIFIED = 0
    USAGE = 2
    HALTED = 3
    SOME_FAILED = 4
    LOCKED = 75


def exit_code_of(refusal: ForgeError) -> Exit:
    """The code of a command that could not do its work at all."""
    match refusal:
        case DatabaseLocked():
            return Exit.LOCKED
        case DatabaseRefused() | DatabaseFault() | KeyRefused():
            return Exit.HALTED
        case _:
            return Exit.USAGE


def told(refusal: ForgeError) -> str:
    """One line for standard error."""
    return clean(f"forge-tui: {refusal} [{refusal.code}]")
