"""`--sim KEY=VALUE,...` to SimulatorOptions, with errors that name the key and what it takes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from forge_tui.core.errors import SettingsRefused
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.options import LatencyModel, Phase, RateHeaders, ScriptLine, SimulatorOptions
from forge_tui.provider.simulator.worlds import WORLDS

Named = TypeVar("Named", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Key:
    allowed: str
    read: Callable[[str], dict[str, Any]]


def parse_options(text: str) -> SimulatorOptions:
    """Options from `latency=0.05,rpm=40,faults=fence:0.02+hang:0.01,...`; raises SettingsRefused."""
    pairs = [_pair(part) for part in text.split(",") if part.strip()]
    world = next((value for key, value in pairs if key == "world"), "calm")
    if world not in WORLDS:
        raise SettingsRefused(f"--sim world={world}: {_one_of(WORLDS)}")
    changes: dict[str, Any] = {}
    faults = dict(WORLDS[world].faults)
    for key, value in pairs:
        if key != "world":
            change = _read(key, value)
            faults.update(change.pop("faults", {}))
            changes.update(change)
    if (total := sum(faults.values())) > 1:
        raise SettingsRefused(f"--sim: the fault probabilities add up to {total:g}, more than 1")
    # A stated wait is worth nothing untold.
    if "retry_after_s" in changes and "rate_headers" not in changes:
        changes["rate_headers"] = RateHeaders.SECONDS
    return replace(WORLDS[world], faults=tuple(faults.items()), **changes)


def parse_script(text: str) -> tuple[ScriptLine, ...]:
    """Scripted faults from `3:refused+5-8:rate_limited+10-:revoked`; raises SettingsRefused."""
    return tuple(_read("script", text)["script"])


def _pair(part: str) -> tuple[str, str]:
    key, equals, value = part.strip().partition("=")
    if not equals:
        raise SettingsRefused(f"--sim {key}: KEY=VALUE is missing its value")
    return key.strip(), value.strip()


def _read(key: str, value: str) -> dict[str, Any]:
    if key not in _KEYS:
        raise SettingsRefused(f"--sim {key}: no such key; {_one_of(['world', *_KEYS])}")
    try:
        return _KEYS[key].read(value)
    except ValueError as error:
        detail = f" ({error})" if str(error) else ""
        raise SettingsRefused(f"--sim {key}={value}: takes {_KEYS[key].allowed}{detail}") from error


def _one_of(names: Any) -> str:
    return f"known are {', '.join(names)}"


def _number(text: str, low: float = 0.0, high: float = math.inf) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not (low <= number <= high and math.isfinite(number)):
        raise ValueError(f"{text} is out of range")
    return number


def _whole(text: str, low: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < low:
        raise ValueError(f"{text!r} is no whole number from {low}")
    return int(text)


def _named(kind: type[Named], text: str) -> Named:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is unknown; {_one_of(kind)}") from None


def _switch(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError
    return text == "1"


def _latency(text: str) -> dict[str, Any]:
    model, _, median = text.rpartition(":")
    return {"latency_model": _named(LatencyModel, model or "fixed"), "latency_s": _number(median)}


def _faults(text: str) -> dict[Fault, float]:
    pairs = (part.rpartition(":") for part in text.split("+"))
    return {_named(Fault, name): _number(share, high=1) for name, _, share in pairs}


def _phases(text: str) -> tuple[Phase, ...]:
    phases = []
    for part in text.split("+"):
        span, _, rest = part.partition(":")
        begin, _, end = span.partition("-")
        name, _, share = rest.partition("@")
        phase = Phase(_number(begin), _number(end), _named(Fault, name), _number(share or "1", high=1))
        if phase.to_s <= phase.from_s:
            raise ValueError(f"{span} ends before it begins")
        phases.append(phase)
    return tuple(phases)


def _poison(text: str) -> tuple[tuple[str, Fault], ...]:
    pairs = []
    for part in text.split("+"):
        word, _, name = part.partition(":")
        if not word:
            raise ValueError("a word is needed")
        pairs.append((word, _named(Fault, name or Fault.REJECTED)))
    return tuple(pairs)


def _script(text: str) -> tuple[ScriptLine, ...]:
    lines = []
    for part in text.split("+"):
        calls, _, name = part.partition(":")
        first, dash, last = calls.partition("-")
        begin = _whole(first, 1)
        end = _whole(last, begin) if last else None
        lines.append(ScriptLine(begin, end if dash else begin, _named(Fault, name)))
    return tuple(lines)


_KEYS: dict[str, _Key] = {
    "latency": _Key(
        "seconds (always the same), or flat:SECONDS (median), or batch:SECONDS (median to the first token)",
        _latency,
    ),
    "speed": _Key("a factor on all latencies, above 0", lambda text: {"speed": _number(text, low=1e-6)}),
    "load": _Key("a share added to the latency per request in flight", lambda text: {"load": _number(text)}),
    "reject": _Key("seconds until a refusal is answered", lambda text: {"reject_s": _number(text)}),
    "rpm": _Key("requests per minute, 0 for no limit", lambda text: {"requests_per_min": _number(text) or None}),
    "burst": _Key("a whole number of requests from 1", lambda text: {"burst": _whole(text, 1)}),
    "count_failed": _Key("0 or 1", lambda text: {"failed_calls_count": _switch(text)}),
    "headers": _Key(", ".join(RateHeaders), lambda text: {"rate_headers": _named(RateHeaders, text)}),
    "retry_after": _Key("seconds", lambda text: {"retry_after_s": _number(text)}),
    "cached_tokens": _Key("0 or 1", lambda text: {"reports_cached_tokens": _switch(text)}),
    "seed": _Key("a whole number", lambda text: {"seed": _whole(text, 0)}),
    "error_rate": _Key("a share from 0 to 1", lambda text: {"faults": {Fault.INTERNAL_ERROR: _number(text, high=1)}}),
    "rate_limit_rate": _Key(
        "a share from 0 to 1", lambda text: {"faults": {Fault.RATE_LIMITED: _number(text, high=1)}}
    ),
    "faults": _Key("NAME:SHARE joined by +", lambda text: {"faults": _faults(text)}),
    "phases": _Key(
        "FROM-TO:NAME or FROM-TO:NAME@SHARE, in seconds, joined by +", lambda text: {"phases": _phases(text)}
    ),
    "cycle": _Key("seconds after which the phases start over", lambda text: {"cycle_s": _number(text, low=1)}),
    "poison": _Key("WORD or WORD:NAME joined by +", lambda text: {"poison": _poison(text)}),
    "script": _Key("CALL:NAME, FIRST-LAST:NAME or FIRST-:NAME joined by +", lambda text: {"script": _script(text)}),
}
