"""Numbers to strings, one form for console, headless and report: any number becomes text, and never two forms of one.

Symbols are one terminal cell wide; `plain` spells them for terminals without them.
"""

from collections.abc import Sequence
from math import ceil, floor, isfinite

UNKNOWN = "–"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}

_PLAIN = str.maketrans(
    {
        "█": "#", "▉": "#", "▊": "#", "▋": "=", "▌": "=", "▍": "-", "▎": "-", "▏": "-", "░": ".",
        "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%",
        "₹": "Rs ", "€": "EUR ", "£": "GBP ", "≈": "~", "±": "+-", "→": "->", "≥": ">=", "×": "x",
        "·": "|", "–": "-", "…": "~", "▸": ">", "▶": ">", "▴": "^", "●": "*", "◐": "o", "✖": "x", "✔": "+", "⏸": "=",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """`text` with our symbols in ASCII; it may become longer, so spell first and measure then."""
    return text.translate(_PLAIN)


def count(number: float) -> str:
    """A whole number in a sentence: `5,003`."""
    return f"{number:,.0f}" if isfinite(number) else UNKNOWN


def cell_count(number: int) -> str:
    """A whole number in a narrow column: `2458`, from a hundred thousand on `120k`."""
    return str(number) if number < 100_000 else short_count(number)


def short_count(number: float) -> str:
    """A number where room is scarce: `862`, `1.5k`, `620k`, `4.1M`."""
    if not isfinite(number):
        return UNKNOWN
    for unit, symbol in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= unit * 0.9995:
            scaled = number / unit
            if abs(scaled) >= 999_999.5:
                return f"{scaled:.0e}{symbol}"
            return (
                f"{scaled:.1f}{symbol}"
                if abs(scaled) < 99.95 and f"{scaled:.1f}"[-1] != "0"
                else f"{scaled:.0f}{symbol}"
            )
    return f"{number:.0f}"


def rate(per_s: float) -> str:
    """Tickets a second: `6.3`, `0.04`, `1.5k`."""
    if not isfinite(per_s):
        return UNKNOWN
    per_s = max(0.0, per_s)
    if per_s >= 99.95:
        return short_count(per_s)
    return f"{per_s:.1f}" if per_s >= 0.095 or per_s == 0 else f"{per_s:.2f}"


def percent(part: float, whole: float, decimals: int = 0) -> str:
    """A share that reads 100 % only when nothing is missing, and 0 % only when there is nothing; `–` of nothing."""
    if not (isfinite(part) and isfinite(whole)) or whole <= 0:
        return UNKNOWN
    step = 10.0**-decimals
    shown = round(100.0 * part / whole, decimals)
    if part < whole and shown >= 100:
        shown = 100 - step
    return f"{shown:.{decimals}f}%"


def clock(seconds: float) -> str:
    """A duration as `mm:ss`, from an hour on `h:mm:ss`, in whole seconds begun."""
    if not isfinite(seconds):
        return UNKNOWN
    whole = max(0, floor(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours >= 1000:
        return ">999 h"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"


def countdown(seconds: float) -> str:
    """The same rounded up: it reads 00:00 only when the time is over."""
    return clock(ceil(seconds)) if isfinite(seconds) else UNKNOWN


def band(half_s: float) -> str:
    """Half the width of an ETA's band: `7s`, `20s`, `3m`, `2h`."""
    if not isfinite(half_s):
        return UNKNOWN
    if half_s < 9.5:
        return f"{max(1, round(half_s))}s"
    if half_s < 90:
        return f"{round(half_s / 5) * 5}s"
    if half_s < 5400:
        return f"{round(half_s / 60)}m"
    return f"{round(half_s / 3600)}h" if half_s < 3.6e6 else ">999h"


def age(seconds: float) -> str:
    """How long ago: `8s`, `9m`, `3h`, `2d`."""
    if not isfinite(seconds):
        return UNKNOWN
    for unit, symbol in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{min(9999, floor(seconds / unit))}{symbol}"
    return f"{max(0, floor(seconds))}s"


def short_seconds(seconds: float) -> str:
    """A short wait: `0.4 s`, `12 s`."""
    if not isfinite(seconds):
        return UNKNOWN
    if seconds >= 1e6:
        return f"{seconds:.0e} s"
    seconds = max(0.0, seconds)
    return f"{seconds:.0f} s" if seconds >= 9.95 or seconds == floor(seconds) else f"{seconds:.1f} s"


def time_of_day(at: float) -> str:
    """The UTC time of day of a Unix instant, without its Z: `12:04:31`."""
    if not isfinite(at):
        return UNKNOWN
    second = floor(at) % 86_400
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def money(amount: float, currency: str) -> str:
    """`₹24.00`, `$0.0012`; four decimals below a tenth, the currency's code where it has no sign."""
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    if not isfinite(amount):
        return UNKNOWN
    if abs(amount) >= 1e7:
        return sign + short_count(amount)
    small = 0 < abs(amount) < 0.1
    return f"{sign}{amount:,.4f}" if small else f"{sign}{amount:,.2f}"


def limit_of_money(amount: float, currency: str) -> str:
    """A budget: `₹50`, with decimals only where it has them."""
    return money(amount, currency).removesuffix(".00")


def share_bar(share: float, width: int) -> str:
    """A track of `width` cells, filled up to `share`: full only at the end, empty only at the start."""
    share = min(1.0, max(0.0, share)) if isfinite(share) else 0.0
    filled = round(share * width)
    if 0 < share < 1 and width > 1:
        filled = min(width - 1, max(1, filled))
    return "█" * filled + "░" * (width - filled)


def eighths_bar(share: float, width: int) -> str:
    """A bar without a track, fine to an eighth of a cell: for depths and counts."""
    share = min(1.0, max(0.0, share)) if isfinite(share) else 0.0
    eighths = round(share * width * 8) or (1 if share > 0 and width > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def sparkline(values: Sequence[float], top: float) -> str:
    """One cell for each value, the tallest at `top`: hand in the same `top` for every row that is compared."""
    if not (isfinite(top) and top > 0):
        return _LEVELS[0] * len(values)
    return "".join(_LEVELS[_level(value / top)] for value in values)


def _level(share: float) -> int:
    return max(0, ceil(min(1.0, max(0.0, share)) * 8) - 1) if isfinite(share) else 0
