"""The API key: found in the environment or in a file, shown nowhere; `provider/key_auth.py` alone opens it."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from forge_tui.core.errors import KeyRefused
from forge_tui.settings import Settings

BLANK = "[key]"
_KEY_FORM = re.compile(r"[!-~]{1,4096}")
_KEY_FILE_MAX_BYTES = 8192


class Secret:
    """A text that shows itself to `reveal` alone: no repr, no format, no pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for KeyAuth only."""
        return self._text

    def __repr__(self) -> str:
        return BLANK

    def __format__(self, spec: str) -> str:
        return BLANK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere")


def find_key(env: Mapping[str, str], settings: Settings) -> Secret | None:
    """The key for the provider in `settings`: its environment variable, then the key file; None where neither is.

    A key is only looked for where the provider asked for is its owner, so that none goes to a stranger.
    Raises KeyRefused when the key file cannot be used, or when what was found cannot be a key.
    """
    if settings.provider in {"local", "simulated"}:
        return None
    variable = key_variable(settings.provider)
    if found := env.get(variable, "").strip():
        return _checked(found, variable)
    if settings.key_file is not None:
        return _checked(_read_key_file(settings.key_file), f"key file {settings.key_file}")
    return None


def key_variable(provider: str | None) -> str:
    """The environment variable that holds the provider's key."""
    return "FORGE_API_KEY" if provider == "openai" else "SARVAM_API_KEY"


def _checked(text: str, source: str) -> Secret:
    if _KEY_FORM.fullmatch(text) is None:
        raise KeyRefused(f"{source}: empty, or with characters that no key has (only printable ASCII, no spaces)")
    return Secret(text)


def _read_key_file(path: Path) -> str:
    try:
        # Non-blocking, so that a FIFO is refused instead of waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_key_file(os.fstat(descriptor), path)
            raw = file.read(_KEY_FILE_MAX_BYTES)
    except OSError as error:
        raise KeyRefused(f"key file {path}: {error.strerror}") from None
    # Latin-1 takes any byte; what is not ASCII is refused by the form of a key, without being shown.
    return raw.decode("latin-1").strip()


def _check_key_file(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyRefused(f"key file {path} is no regular file")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyRefused(f"key file {path} is open to others: chmod 600 {path}")
