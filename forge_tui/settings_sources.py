"""Where settings come from: defaults < TOML file < `.env` < environment < flags, each value with its source."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from platformdirs import user_config_path, user_state_path
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from forge_tui.core.errors import SettingsRefused
from forge_tui.settings import Settings

APP = "forge_tui"
PREFIX = "FORGE_"
FILE_VARIABLE = "FORGE_SETTINGS"
DATABASE = "forge.db"
# Names with our prefix that are no settings: the key never becomes one, the other says where settings are.
OUR_OTHER_VARIABLES = frozenset({"FORGE_API_KEY", FILE_VARIABLE})


@dataclass(frozen=True, slots=True)
class Given:
    """A value that some layer sets, and the words by which a person finds the place."""

    field: str
    value: object
    source: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings of a run, which of them were set where, and the environment with `.env` under it."""

    settings: Settings
    sources: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def db(self) -> Path:
        """The database file: the one that is set, else the one in the state folder."""
        return self.settings.db or state_folder() / DATABASE


class _Sourced(BaseSettings, Settings):
    """The fields of Settings in the form that pydantic-settings' sources read; never made into a value."""

    model_config = SettingsConfigDict(extra="forbid")


def state_folder() -> Path:
    """Where the database and the log live unless told otherwise."""
    return user_state_path(APP, appauthor=False)


def settings_file(environment: Mapping[str, str]) -> Path | None:
    """The TOML file: the one that FORGE_SETTINGS names, else the user's own if there is one.

    Raises SettingsRefused when a file is named and missing.
    """
    named = environment.get(FILE_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise SettingsRefused(f"{FILE_VARIABLE} names {path}: no such file")
        return path
    path = user_config_path(APP, appauthor=False) / "settings.toml"
    return path if path.is_file() else None


def load_settings(flags: Iterable[Given] = (), defaults: Iterable[Given] = ()) -> Loaded:
    """Put the layers together, the later one winning; `defaults` are those of one face over the common ones.

    `.env` is read from the working folder only. Raises SettingsRefused for a wrong value or an unknown name,
    with its source and what is allowed; values are not repeated, one may be a key in the wrong place.
    """
    dotenv = DotEnvSettingsSource(_Sourced, env_file=".env", env_prefix=PREFIX, env_ignore_empty=True)
    process = EnvSettingsSource(_Sourced, env_prefix=PREFIX, env_ignore_empty=True)
    environment = {name.upper(): value for name, value in dotenv.env_vars.items() if value} | dict(os.environ)
    file = settings_file(environment)
    layers = [
        *defaults,
        *(_from_toml(file) if file else ()),
        *_from_variables(dotenv, ".env"),
        *_from_variables(process, "the environment"),
        *flags,
    ]
    winners = {given.field: given for given in layers}
    settings = _checked(winners)
    sources = {given.field: given.source for given in winners.values()}
    return Loaded(settings, sources, environment)


def with_overrides(base: Settings, chosen: Mapping[str, object]) -> Settings:
    """The settings of one launch: what was chosen for it over `base`. Raises SettingsRefused, naming the field."""
    try:
        return Settings.model_validate(base.model_dump() | dict(chosen))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsRefused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _from_toml(path: Path) -> list[Given]:
    try:
        values = TomlConfigSettingsSource(_Sourced, toml_file=path)()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise SettingsRefused(f"{path}: not readable as TOML: {fault}") from fault
    for name in values:
        if name not in Settings.model_fields:
            raise SettingsRefused(f"{name} in {path} is no setting{_meant(name, tuple(Settings.model_fields))}")
    return [Given(name, value, f"{name} in {path}") for name, value in values.items()]


def _from_variables(source: EnvSettingsSource, place: str) -> list[Given]:
    given = []
    for name, value in source.env_vars.items():
        variable = name.upper()
        if not variable.startswith(PREFIX) or variable in OUR_OTHER_VARIABLES or not value:
            continue
        field = variable.removeprefix(PREFIX).lower()
        if field not in Settings.model_fields:
            allowed = (*(PREFIX + known.upper() for known in Settings.model_fields), *OUR_OTHER_VARIABLES)
            raise SettingsRefused(f"{variable} in {place} is no setting{_meant(variable, allowed)}")
        given.append(Given(field, value, f"{variable} in {place}"))
    return given


def _meant(name: str, allowed: tuple[str, ...]) -> str:
    near = get_close_matches(name, allowed, n=1)
    return f"; did you mean {near[0]}?" if near else "; docs/reference.md lists them all"


def _checked(winners: Mapping[str, Given]) -> Settings:
    try:
        return Settings.model_validate({field: given.value for field, given in winners.items()})
    except ValidationError as refusal:
        allowed: dict[str, list[str]] = {}
        for error in refusal.errors(include_input=False, include_url=False):
            allowed.setdefault(str(error["loc"][0]), []).append(
                error["msg"].removeprefix("Input ").removeprefix("Value error, ")
            )
        told = [f"{winners[field].source}: {' or '.join(messages)}" for field, messages in allowed.items()]
        raise SettingsRefused("; ".join(told)) from None
