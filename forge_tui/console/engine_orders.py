"""What the screen asks of the engine's room beside commands, and the settings that a launch comes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from forge_tui.console.hub import Launch
from forge_tui.core.errors import SettingsRefused
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings


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
    secret: Secret


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Wake whoever waits for the next order: there is none."""


JobOrder = OpenOrder | CancelOrder | ResumeOrder
Order = LaunchOrder | JobOrder | KeyOrder | StopOrder


def with_overrides(base: Settings, chosen: Mapping[str, object]) -> Settings:
    """The settings of one launch. Raises SettingsRefused, naming the field."""
    try:
        return Settings.model_validate(base.model_dump() | dict(chosen))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsRefused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
