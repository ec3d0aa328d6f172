"""How the provider tells a wait: the header or text of a 429 in each form that is seen in the wild."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from forge_tui.provider.simulator.options import RateHeaders


@dataclass(frozen=True, slots=True)
class ToldWait:
    """A wait as told: headers, an addition to the message, and the seconds a client has to keep (None: untold)."""

    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    hold_s: float | None = None


def tell_wait(form: RateHeaders, wait_s: float, wall: float) -> ToldWait:
    """`wait_s` in the given form, never rounded down; `wall` (Unix seconds) is when the reply leaves."""
    hold_s = _hold_s(form, wait_s, wall)
    match form:
        case RateHeaders.NONE:
            return ToldWait()
        case RateHeaders.TEXT:
            return ToldWait(text=f" Please try again in {hold_s:.3f}s.", hold_s=hold_s)
        case RateHeaders.MILLISECONDS:
            return ToldWait((("retry-after-ms", f"{hold_s * 1000:.0f}"),), hold_s=hold_s)
        case RateHeaders.FLOAT:
            return ToldWait((("retry-after", f"{hold_s:.3f}"),), hold_s=hold_s)
        case RateHeaders.DATE:
            return ToldWait((("retry-after", formatdate(wall + hold_s, usegmt=True)),), hold_s=hold_s)
        case RateHeaders.SECONDS | RateHeaders.GROQ:
            return ToldWait((("retry-after", f"{hold_s:.0f}"),), hold_s=hold_s)


def _hold_s(form: RateHeaders, wait_s: float, wall: float) -> float:
    match form:
        case RateHeaders.SECONDS | RateHeaders.GROQ:
            return math.ceil(wait_s)
        case RateHeaders.DATE:
            return math.ceil(wall + wait_s) - wall
        case _:
            return math.ceil(wait_s * 1000 - 1e-6) / 1000


def limit_headers(limit: float, remaining: int, full_in_s: float) -> Mapping[str, str]:
    """The headers that `groq` adds to every reply."""
    return {
        "x-ratelimit-limit-requests": f"{limit:g}",
        "x-ratelimit-remaining-requests": str(remaining),
        "x-ratelimit-reset-requests": go_duration(full_in_s),
    }


def go_duration(seconds: float) -> str:
    """Seconds as Go writes a duration: `250ms`, `7.66s`, `2m59.56s`."""
    if 0 < seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:.4g}s" if minutes else f"{rest:.4g}s"
