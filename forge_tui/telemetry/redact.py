"""What must never be read in a log, taken out: key-like fields, registered secrets in any common spelling, texts."""

import base64
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
WITHHELD = "[withheld]"

_KEY_FIELD = re.compile(
    r"api[-_ ]?key|subscription[-_]key|authorization|password|secret|cookie|(^|[-_])(token|key)$", re.IGNORECASE
)
_TEXT_FIELD = re.compile(
    r"^(text|texts|ticket_text|prompt|messages|content|body|answer|summary|columns)$", re.IGNORECASE
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[^\s\"',;]+", re.IGNORECASE)


class Redactor:
    """Cleans log records. A secret is registered by the call that reveals it, so that none is kept here in clear."""

    def __init__(self) -> None:
        self._reveals: list[Callable[[], str]] = []

    def register(self, reveal: Callable[[], str]) -> None:
        """From now on blank whatever `reveal` answers, also where it stands base64- or percent-encoded."""
        self._reveals.append(reveal)

    def record(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of `values` that may be written."""
        needles = self._needles()
        return {key: _field(key, value, needles) for key, value in values.items()}

    def text(self, text: str) -> str:
        """`text` without the registered secrets and without anything that follows Bearer or Basic."""
        return _scrub(text, self._needles())

    def _needles(self) -> list[str]:
        return [spelling for reveal in self._reveals for spelling in _spellings(reveal())]


def _field(name: str, value: Any, needles: list[str]) -> Any:
    return _by_name(name) or _value(value, needles)


@lru_cache(maxsize=1000)
def _by_name(name: str) -> str | None:
    """What stands for the field whatever it holds; None where its value decides."""
    if _KEY_FIELD.search(name):
        return REDACTED
    return WITHHELD if _TEXT_FIELD.search(name) else None


def _value(value: Any, needles: list[str]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _scrub(value, needles)
    if isinstance(value, bytes):
        return _scrub(value.decode("utf-8", "replace"), needles)
    if isinstance(value, Mapping):
        return {str(key): _field(str(key), item, needles) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(item, needles) for item in value]
    return _scrub(repr(value), needles)


def _scrub(text: str, needles: list[str]) -> str:
    for needle in needles:
        text = text.replace(needle, REDACTED)
    return _BEARER.sub(rf"\1 {REDACTED}", text)


def _spellings(secret: str) -> list[str]:
    """The secret as it may stand in a log, the longest first; nothing for an empty one."""
    if not secret:
        return []
    raw = secret.encode("utf-8", "surrogatepass")
    # Inside a longer base64 text a secret has three forms, by its offset; their ends depend on the neighbours.
    encoded = {base64.b64encode(b"\0" * pad + raw).decode()[(pad * 8 + 5) // 6 :].rstrip("=")[:-1] for pad in range(3)}
    long_enough = {form for form in encoded if len(form) > 5}
    spelled = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    url_safe = {form.replace("+", "-").replace("/", "_") for form in long_enough}
    return sorted(spelled | long_enough | url_safe, key=len, reverse=True)
