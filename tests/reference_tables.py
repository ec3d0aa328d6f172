"""The tables of docs/reference.md as the code has them; `python tests/reference_tables.py` writes them into the page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click

from forge_tui.cli.main import forge_tui
from forge_tui.console.keys import KEYS, WHERE
from forge_tui.core.event import BatchSettled, Event
from forge_tui.core.failure import RULES, Burn, Verdict
from forge_tui.provider.simulator import options_text
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.worlds import WORLDS
from forge_tui.settings import Settings
from forge_tui.telemetry import event_log

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"

_BURNS = {Burn.NOBODY: "nobody", Burn.SERVICE: "service", Burn.TICKET: "ticket"}
_HEARS = {Verdict.SUCCESS: "success", Verdict.FAILURE: "failure", Verdict.NEUTRAL: "nothing"}


def tables() -> dict[str, str]:
    """Each generated table by its name in the page."""
    return {
        "options": _options(),
        "settings": _settings(),
        "codes": _codes(),
        "events": _events(),
        "sim": _sim(),
        "keys": _key_table(),
    }


def with_tables(page: str) -> str:
    """The page with its generated tables as they should be."""
    for name, table in tables().items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        page = pattern.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", page)
    return page


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _options() -> str:
    commands = [("", forge_tui), *forge_tui.subcommands.items()]
    rows = [
        [f"`{f'forge-tui {name}'.strip()}`", f"`{_spelled(option)}`", " ".join((option.help or "").split())]
        for name, command in commands
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
    ]
    return _table(["command", "option", "what it does"], rows)


def _spelled(option: click.Option) -> str:
    return f"{option.opts[0]} {option.metavar}" if option.metavar and not option.is_flag else option.opts[0]


def _settings() -> str:
    rows = [
        [
            f"`{name}`",
            f"`FORGE_{name.upper()}`",
            f"`{field.get_default(call_default_factory=True)}`",
            _allowed(field.metadata),
        ]
        for name, field in Settings.model_fields.items()
    ]
    return _table(["setting", "environment", "default", "allowed"], rows)


def _allowed(metadata: Iterable[object]) -> str:
    words = {"ge": "at least", "gt": "over", "le": "at most", "lt": "under"}
    return ", ".join(
        f"{words[name]} {getattr(rule, name):g}" for rule in metadata for name in words if hasattr(rule, name)
    )


def _codes() -> str:
    rows = [
        [f"`{code}`", _BURNS[rule.burn], _HEARS[rule.breaker], rule.job_effect.value, rule.retry_helps, rule.advice]
        for code, rule in RULES.items()
    ]
    return _table(["code", "who pays an attempt", "the breaker hears", "the job", "a retry helps", "advice"], rows)


def _events() -> str:
    names = {**event_log._NAMES, BatchSettled: "batch.done` or `attempt.failed"}
    rows = [
        [f"`{names[kind]}`", _first_sentence(kind), ", ".join(f"`{name}`" for name in _keys(kind))]
        for kind in get_args(Event)
    ]
    return _table(["event", "meaning", "its own keys beside `event`, `at` and `job_id`"], rows)


def _sim() -> str:
    rows = [[f"`{name}`", key.allowed] for name, key in options_text._KEYS.items()]
    faults = ", ".join(f"`{fault}`" for fault in Fault)
    return "\n\n".join([_table(["key", "takes"], [["`world`", ", ".join(WORLDS)], *rows]), f"The faults: {faults}."])


def _key_table() -> str:
    rows = [[f"`{key.shown}`", f"`{key.id}`", key.does, WHERE[key.scope]] for key in KEYS]
    return _table(["key", "id", "what it does", "where"], rows)


def _keys(kind: type) -> list[str]:
    names = [field.name for field in fields(kind) if field.name not in {"at", "job_id"}]
    return [event_log._RENAMED.get((kind, name), name) for name in names]


def _first_sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
