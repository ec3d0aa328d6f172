"""What a provider says of waiting: the delay it names, and what is left of its limits; pure, and safe on any text."""

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC

from forge_tui.core.outcome import RateHints

LONGEST_BELIEVED_S = 86_400.0

_EPOCH_S_FROM = 1e9
_EPOCH_MS_FROM = 1e12
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_COUNT = re.compile(r"\d{1,12}", re.ASCII)
_DURATION_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)", re.ASCII)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+", re.ASCII)
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_IN_TEXT = re.compile(
    rf"\b(?:try again|retry)\s+(?:in|after)\s+((?:{_DURATION_PART.pattern})+)", re.ASCII | re.IGNORECASE
)
_IN_TEXT_WORDS = re.compile(
    r"\b(?:try again|retry)\s+(?:in|after)\s+(\d{1,9}(?:\.\d{1,9})?)\s*(second|minute|hour)", re.ASCII | re.IGNORECASE
)
_WORD_S = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


def retry_after_s(headers: Mapping[str, str], text: str, now: float, *, with_limits: bool = True) -> float | None:
    """Seconds to wait by the first source that can be read: headers, limits used up, then the error's text.

    `headers` have lower-case names, `now` is Unix seconds. `with_limits` False leaves out the limit headers and
    the text: right for a fault that is no rate limit. None when nothing readable and within a day was said.
    """
    named = [_milliseconds(headers.get("retry-after-ms")), _instant(headers.get("retry-after"), headers, now)]
    if with_limits:
        named += [_limit_reset(headers, now), _in_text(text)]
    return next((delay_s for delay_s in map(_believed, named) if delay_s is not None), None)


def rate_hints(headers: Mapping[str, str], now: float) -> RateHints:
    """What the `x-ratelimit-*` headers of any reply say; `headers` have lower-case names, `now` is Unix seconds."""
    return RateHints(
        requests_limit=_count(headers.get("x-ratelimit-limit-requests")),
        requests_remaining=_count(headers.get("x-ratelimit-remaining-requests")),
        requests_reset_s=_believed(_instant(headers.get("x-ratelimit-reset-requests"), headers, now)),
        tokens_remaining=_count(headers.get("x-ratelimit-remaining-tokens")),
        tokens_reset_s=_believed(_instant(headers.get("x-ratelimit-reset-tokens"), headers, now)),
    )


def _believed(delay_s: float | None) -> float | None:
    return delay_s if delay_s is not None and 0 <= delay_s <= LONGEST_BELIEVED_S else None


def _milliseconds(value: str | None) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _number(value: str | None) -> float | None:
    """A plain non-negative decimal number; no sign, exponent, NaN or infinity."""
    if value is None or _NUMBER.fullmatch(value.strip()) is None:
        return None
    return float(value)


def _count(value: str | None) -> int | None:
    if value is None or _COUNT.fullmatch(value.strip()) is None:
        return None
    return int(value)


def _instant(value: str | None, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until what `value` names: a number of seconds, an epoch, a duration such as `1m2.5s`, or a date."""
    if value is None:
        return None
    number = _number(value)
    if number is None:
        duration_s = _duration(value.strip())
        return _until_date(value, headers, now) if duration_s is None else duration_s
    if number >= _EPOCH_MS_FROM:
        return max(0.0, number / 1000 - now)
    if number >= _EPOCH_S_FROM:
        return max(0.0, number - now)
    return number


def _duration(value: str) -> float | None:
    if _DURATION.fullmatch(value) is None:
        return None
    return math.fsum(float(amount) * _UNIT_S[unit] for amount, unit in _DURATION_PART.findall(value))


def _until_date(value: str, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from the reply's own Date to `value`, so that two clocks need not agree; `now` where it has none."""
    then = _unix(value)
    if then is None:
        return None
    sent_at = _unix(headers.get("date", ""))
    return max(0.0, then - (now if sent_at is None else sent_at))


def _unix(value: str) -> float | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _limit_reset(headers: Mapping[str, str], now: float) -> float | None:
    """The latest reset among the limits that are used up, or that do not say how much is left."""
    resets = []
    for kind in ("", "-requests", "-tokens"):
        remaining = _count(headers.get(f"x-ratelimit-remaining{kind}"))
        delay_s = _believed(_instant(headers.get(f"x-ratelimit-reset{kind}"), headers, now))
        if delay_s is not None and not remaining:
            resets.append(delay_s)
    return max(resets, default=None)


def _in_text(text: str) -> float | None:
    if match := _IN_TEXT.search(text):
        return _duration(match[1].lower())
    if match := _IN_TEXT_WORDS.search(text):
        return float(match[1]) * _WORD_S[match[2].lower()]
    return None
