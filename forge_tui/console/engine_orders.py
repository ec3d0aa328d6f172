"""What the engine's room is opened with, and what the screen asks of it beside commands."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forge_tui.console.hub import Launch

if TYPE_CHECKING:  # the screen opens before these are loaded
    from forge_tui.core.event import Event
    from forge_tui.provider.secret import Secret
    from forge_tui.settings import Settings

Listener = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Settings, key and database. `listeners` hear every event on the engine's thread (log and event file).

    `typed` names the settings of this command line: they win over those of a job that is gone on with. `notice` is
    what an operator has to know of the start.
    """

    settings: "Settings"
    secret: "Secret | None"
    db: Path
    listeners: Sequence[Listener] = ()
    log_path: str = ""
    typed: Collection[str] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class LaunchOrder:
    """Run these files."""

    command_id: int
    launch: Launch


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Show a job of the store as it stands; nothing of it runs."""

    command_id: int
    job_id: int


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """End a job of the store that does not run."""

    command_id: int
    job_id: int


@dataclass(frozen=True, slots=True)
class ResumeOrder:
    """Go on with a job of the store, under its own settings."""

    command_id: int
    job_id: int


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """Connect with this key."""

    command_id: int
    secret: "Secret"


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Wake whoever waits for the next order: there is none."""


JobOrder = OpenOrder | CancelOrder | ResumeOrder
Order = LaunchOrder | JobOrder | KeyOrder | StopOrder
