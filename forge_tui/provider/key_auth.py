"""How a request is signed with the API key, and a reply cleaned of it: the one place that opens a Secret."""

import json
from collections.abc import Generator

import httpx

from forge_tui.core.errors import KeyMissing, KeyRefused
from forge_tui.provider.presets import Endpoint, is_loopback
from forge_tui.provider.secret import BLANK, Secret, key_variable

_SHORTEST_SECRET_CHARS = 8


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
            text = text.replace(spelled, BLANK)
        return text


def auth_for(endpoint: Endpoint, secret: Secret | None, *, allow_http: bool) -> KeyAuth | None:
    """How requests to `endpoint` are signed; None where no key is wanted or, on a server of one's own, none is set.

    Raises KeyMissing, and KeyRefused when the key would cross a network in clear text.
    """
    if endpoint.auth == "none":
        return None
    if secret is None:
        if endpoint.auth == "sarvam":
            raise KeyMissing(f"provider {endpoint.provider} needs a key: set {key_variable(endpoint.provider)}")
        return None
    if endpoint.base_url.lower().startswith("http:") and not is_loopback(endpoint.base_url) and not allow_http:
        raise KeyRefused(f"the key would go to {endpoint.host} in clear text: use https, or allow it with --allow-http")
    return KeyAuth(secret, endpoint)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
