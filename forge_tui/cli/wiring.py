"""What every command that meets the provider or the database starts from: settings, key, endpoint, and the words to go on."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from forge_tui.cli.ending import Next
from forge_tui.cli.options import Flag
from forge_tui.cli.typed import program, typed_command
from forge_tui.core.errors import SettingsRefused
from forge_tui.pipeline.readers.files import STDIN
from forge_tui.provider.presets import Endpoint, resolve
from forge_tui.provider.secret import Secret, find_key
from forge_tui.settings import Settings
from forge_tui.settings_sources import Given, Loaded, load_settings


@dataclass(frozen=True, slots=True)
class Wired:
    """Settings with their sources, the key if there is one, and the endpoint they come to."""

    loaded: Loaded
    secret: Secret | None
    endpoint: Endpoint

    @property
    def settings(self) -> Settings:
        return self.loaded.settings


def wire(flags: Sequence[Flag], defaults: Iterable[Given] = ()) -> Wired:
    """Raises SettingsRefused and KeyRefused."""
    loaded = load(flags, defaults)
    secret = find_key(loaded.environment, loaded.settings)
    endpoint = resolve(loaded.settings, has_key=secret is not None)
    if loaded.sources.get("sim") == "--sim" and endpoint.provider != "simulated":
        raise SettingsRefused(f"--sim goes with --provider simulated; this is {endpoint.why}")
    if loaded.settings.max_cost is not None and endpoint.price is None:
        source = loaded.sources["max_cost"]
        raise SettingsRefused(
            f"{source}: no price is known for {endpoint.model}; set price_input_per_million and"
            " price_output_per_million, or leave it out"
        )
    return Wired(loaded, secret, endpoint)


def load(flags: Sequence[Flag], defaults: Iterable[Given] = ()) -> Loaded:
    """The settings alone, for commands that only look. Raises SettingsRefused."""
    return load_settings((Given(*flag) for flag in flags), defaults)


def next_commands(loaded: Loaded) -> Next:
    """The command line as it was typed, and the one that looks into the same database."""
    db = f" --db {shlex.quote(str(loaded.db))}" if loaded.sources.get("db") == "--db" else ""
    piped = STDIN in click.get_current_context().obj
    return Next(
        again=typed_command(),
        look=f"{program()} jobs{db}",
        resume=f"{program()} --batch{db} --resume" if piped else None,
    )
