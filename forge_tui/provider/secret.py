"""The API key: found in the environment or in a file, shown nowhere, opened only where a request is signed."""

import json
import os
import re
import stat
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import NoReturn

import httpx

from forge_tui.core.errors import KeyRefused
from forge_tui.provider.presets import Endpoint, is_loopback
from forge_tui.settings import Settings

_BLANK = "[key]"
_KEY_FORM = re.compile(r"[!-~]{1,4096}")
_KEY_FILE_MAX_BYTES = 8192
_SHORTEST_SECRET_CHARS = 8


class Secret:
    """A text that shows itself to `reveal` alone: no repr, no format, no pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for KeyAuth only."""
        return self._text

    def __repr__(self) -> str:
        return _BLANK

    def __format__(self, spec: str) -> str:
        return _BLANK

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


class KeyAuth(httpx.Auth):
    """Signs requests to one origin, and only to that one."""

    def __init__(self, secret: Secret, endpoint: Endpoint) -> None:
        self._secret = secret
        self._origin = _origin(httpx.URL(endpoint.base_url))
        self._both_headers = endpoint.auth == "sarvam"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the key's headers, unless the request leaves for another origin."""
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
            if self._both_headers:
                request.headers["api-subscription-key"] = self._secret.reveal()
        yield request

    def redact(self, text: str) -> str:
        """`text` without the key, should a server have sent it back to us."""
        # A shorter key is a placeholder of a local server ("EMPTY") and would cut holes into answers.
        if len(self._secret.reveal()) < _SHORTEST_SECRET_CHARS:
            return text
        for spelled in (self._secret.reveal(), json.dumps(self._secret.reveal())[1:-1]):
            text = text.replace(spelled, _BLANK)
        return text


def auth_for(endpoint: Endpoint, secret: Secret | None, *, allow_http: bool) -> KeyAuth | None:
    """How requests to `endpoint` are signed; None where no key is wanted or, on a server of one's own, none is set.

    Raises KeyRefused when the key is missing, or would cross a network in clear text.
    """
    if endpoint.auth == "none":
        return None
    if secret is None:
        if endpoint.auth == "sarvam":
            raise KeyRefused(f"provider {endpoint.provider} needs a key: set {key_variable(endpoint.provider)}")
        return None
    if endpoint.base_url.lower().startswith("http:") and not is_loopback(endpoint.base_url) and not allow_http:
        raise KeyRefused(f"the key would go to {endpoint.host} in clear text: use https, or allow it with --allow-http")
    return KeyAuth(secret, endpoint)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
