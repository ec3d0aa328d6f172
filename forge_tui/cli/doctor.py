"""`forge-tui doctor`: what this program would run with, whether its store is well, and how the running job is."""

import asyncio
import platform
import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path

import click

from forge_tui import __version__
from forge_tui.cli.ending import Exit
from forge_tui.cli.options import Flag
from forge_tui.cli.show import cost_of, print_json, state_of, unpriced
from forge_tui.cli.wiring import Wired, wire
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import ForgeError, KeyRefused
from forge_tui.core.failure import RULES
from forge_tui.core.outcome import CallFault, CallOutcome
from forge_tui.core.text import clean
from forge_tui.core.ticket import Batch, Complexity, QueuedTicket
from forge_tui.pipeline.document import money_of
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.health import Health, health_of
from forge_tui.provider.connect import connect
from forge_tui.provider.secret import key_variable
from forge_tui.settings_sources import state_folder
from forge_tui.storage.database import open_reader
from forge_tui.storage.owner import owner_of
from forge_tui.storage.reader import Reader
from forge_tui.storage.schema import SQLITE_VERSION, check_health
from forge_tui.storage.sqlite_faults import sqlite_faults
from forge_tui.telemetry import figures

LIBRARIES = ("httpx", "pydantic", "textual", "aiosqlite")
PROBE = QueuedTicket(1, "I was charged twice for my subscription this month.", Complexity.SIMPLE, tokens=12)


@dataclass(frozen=True, slots=True)
class Store:
    """What was found of the database; `fault` is empty while it is well, also while there is none yet."""

    words: str
    fault: str = ""
    owner: int | None = None
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything the command tells; `key_fault` and `probe` may say what is wrong."""

    wired: Wired
    store: Store
    key: str
    key_fault: str
    probe: CallOutcome | None

    @property
    def is_well(self) -> bool:
        return not self.store.fault and not self.key_fault and not isinstance(self.probe, CallFault)


def doctor(flags: Sequence[Flag], *, as_json: bool, probe: bool) -> int:
    """Examine and tell; answers 3 when store, key or probe are not well. Raises SettingsRefused and KeyRefused."""
    wired = wire(flags)
    key_fault, answer = asyncio.run(_called(wired, probe=probe))
    examined = Examination(wired, _store(wired), _key(wired), key_fault, answer)
    if as_json:
        print_json(_document(examined))
    else:
        for name, text in _lines(examined):
            click.echo(f"{name:<11} {clean(text)}")
    click.echo("all is well" if examined.is_well else "not well: see above", err=True)
    return Exit.CLASSIFIED if examined.is_well else Exit.HALTED


def _key(wired: Wired) -> str:
    """Whether there is a key, never the key."""
    if wired.secret is not None:
        return "set"
    return "not needed" if wired.endpoint.auth == "none" else f"not set ({key_variable(wired.endpoint.provider)})"


async def _called(wired: Wired, *, probe: bool) -> tuple[str, CallOutcome | None]:
    """Why the key cannot be used, if so; and what one request brought, if one was asked for."""
    try:
        provider = connect(wired.settings, wired.endpoint, wired.secret, clock=SystemClock())
    except KeyRefused as refusal:
        return str(refusal), None
    try:
        return "", await provider.send(Batch(1, Complexity.SIMPLE, (PROBE,))) if probe else None
    finally:
        await provider.aclose()


def _store(wired: Wired) -> Store:
    path = wired.loaded.db
    if not path.exists():
        return Store(f"{path}: none yet, the first run makes it")
    owner = owner_of(path)
    try:
        with sqlite_faults(path), closing(open_reader(path)) as connection:
            check_health(connection, path, path.stat().st_size)
            breaker = Gates(wired.settings, wired.endpoint, random.Random(0)).breaker
            health = health_of(Reader(connection), breaker, owned=owner is not None, now=SystemClock().wall())
    except (ForgeError, OSError) as fault:
        return Store(f"{path}: not well: {fault}", str(fault), owner)
    use = "in use by nobody" if owner is None else f"in use by process {owner}"
    return Store(f"{path}: well, {use}", "", owner, health)


def _lines(examined: Examination) -> list[tuple[str, str]]:
    wired = examined.wired
    settings = [f"{name} = {_shown(wired, name)}  ({source})" for name, source in wired.loaded.sources.items()]
    lines = [
        ("versions", ", ".join(f"{name} {number}" for name, number in _versions().items())),
        *zip_longest(("settings",), settings or ["all defaults"], fillvalue=""),
        ("provider", wired.endpoint.why),
        ("endpoint", f"{wired.endpoint.base_url or 'in this process'}, model {wired.endpoint.model}"),
        ("key", examined.key_fault or examined.key),
        ("database", examined.store.words),
        ("log", str(state_folder())),
    ]
    if examined.store.health is not None and examined.store.health.job is not None:
        lines += _job_lines(examined.store.health)
    if examined.probe is not None:
        lines.append(("probe", _probe_words(examined.probe, wired)))
    return lines


def _job_lines(health: Health) -> list[tuple[str, str]]:
    job, stats = health.job, health.stats
    if job is None or stats is None:
        return []
    cost = cost_of(job, stats.cost)
    return [
        ("job", f"{job.label} {state_of(job)}, {job.counts.done} of {job.counts.total} done"),
        ("breaker", health.breaker or "no job is running"),
        ("queue", f"{health.queue_depth} tickets open in {health.active_jobs} active jobs"),
        ("cache", f"{stats.cache_hit_rate:.1%} of {stats.lookups} look-ups answered"),
        ("calls", f"{stats.requests}, {figures.count(stats.total_tokens)} tokens, {cost}, p95 {stats.p95_ms:.0f} ms"),
    ]


def _probe_words(outcome: CallOutcome, wired: Wired) -> str:
    seconds = figures.short_seconds(outcome.latency_s)
    if isinstance(outcome, CallFault):
        return f"{outcome.code} after {seconds}: {outcome.message}. {RULES[outcome.code].advice}"
    price = wired.endpoint.price
    cost = figures.money(price.cost(outcome.usage), price.currency) if price else unpriced(free=wired.endpoint.is_free)
    return f"answered in {seconds}, {outcome.usage.total_tokens} tokens, {cost}"


def _document(examined: Examination) -> dict[str, object]:
    """The original's /health names first, ours after them."""
    wired, health = examined.wired, examined.store.health
    stats = health.stats if health else None
    job = health.job if health else None
    return {
        "status": "ok" if examined.is_well else "fail",
        "circuit_breaker": health.breaker if health else None,
        "database": "disconnected" if examined.store.fault else "connected" if health else "none yet",
        "cache_hit_rate": round(stats.cache_hit_rate, 4) if stats else 0.0,
        "queue_depth": health.queue_depth if health else 0,
        "active_jobs": health.active_jobs if health else 0,
        "metrics": {
            "total_api_calls": stats.requests if stats else 0,
            "total_tokens_used": stats.total_tokens if stats else 0,
            "estimated_cost_usd": money_of(job).in_usd(stats.cost) if job and stats else None,
            "p95_latency_ms": round(stats.p95_ms, 1) if stats else 0.0,
        },
        "job_id": job.label if job else None,
        "database_path": str(wired.loaded.db),
        "database_fault": examined.store.fault or None,
        "database_owner": examined.store.owner,
        "provider": wired.endpoint.provider,
        "why": wired.endpoint.why,
        "base_url": wired.endpoint.base_url,
        "model": wired.endpoint.model,
        "key": examined.key_fault or examined.key,
        "probe": _probe_words(examined.probe, wired) if examined.probe is not None else None,
        "settings": {
            name: {"value": _shown(wired, name), "source": source} for name, source in wired.loaded.sources.items()
        },
        "versions": _versions(),
    }


def _shown(wired: Wired, name: str) -> object:
    value = getattr(wired.settings, name)
    return str(value) if isinstance(value, Path) else value


def _versions() -> dict[str, str]:
    return {
        "forge-tui": __version__,
        "Python": platform.python_version(),
        "SQLite": SQLITE_VERSION,
        **{library: version(library) for library in LIBRARIES},
    }
