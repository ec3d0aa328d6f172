"""Connections: one stock httpx transport per request in flight, the last one used taken first.

httpx's own pool walks all connections for every request and collapses above some 20 of them, and a request
cancelled at the wrong moment takes a place in it for ever (docs/ADR.md has the measurements). A lane here is a
whole transport with one connection: whatever ends badly on it is thrown away together with it.
"""

import ssl
from collections.abc import AsyncIterator
from typing import cast

import httpx

from forge_tui.core.errors import SettingsRefused
from forge_tui.provider.direct import DirectTransport
from forge_tui.provider.tls import client_context

# Unlimited because slots are the only cap: a pool that is full would make requests wait where nobody sees them.
_LANE_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=1, keepalive_expiry=30.0)


def open_transport(base_url: str, *, proxy: str | None = None) -> httpx.AsyncBaseTransport:
    """The transport for `base_url`; certificates are checked against certifi's list, the environment is not read.

    Raises SettingsRefused when `proxy` is no address of an HTTP proxy.
    """
    if proxy is not None:
        return LanePool(verify=client_context(), proxy=_proxy(proxy))
    if base_url.startswith("http:"):
        # Reading certifi's list costs 20 ms; a context that trusts nobody is enough where no TLS is spoken.
        return DirectTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return DirectTransport(verify=client_context())


def _proxy(address: str | None) -> httpx.Proxy | None:
    if address is None:
        return None
    try:
        proxy = httpx.Proxy(address)
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or proxy.url.scheme not in {"http", "https"} or not proxy.url.host:
        # The address is not shown: it may hold a password.
        raise SettingsRefused("proxy must look like http://host:port") from None
    return proxy


class LanePool(httpx.AsyncBaseTransport):
    """A free list of one-connection transports; as many are open as requests were ever in flight at once."""

    def __init__(self, *, verify: ssl.SSLContext, proxy: httpx.Proxy | None = None) -> None:
        self._verify = verify
        self._proxy = proxy
        self._free: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        lane = self._free.pop() if self._free else self._open_lane()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            await lane.aclose()
            raise
        response.stream = _LaneStream(response, lane, self._free)
        return response

    async def aclose(self) -> None:
        while self._free:
            await self._free.pop().aclose()

    def _open_lane(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._verify, trust_env=False, limits=_LANE_LIMITS, proxy=self._proxy, retries=0
        )


class _LaneStream(httpx.AsyncByteStream):
    """A response body that gives its lane back when it was read to the end, and closes it otherwise."""

    def __init__(
        self, response: httpx.Response, lane: httpx.AsyncHTTPTransport, free: list[httpx.AsyncHTTPTransport]
    ) -> None:
        self._chunks = cast("httpx.AsyncByteStream", response.stream)
        self._lane: httpx.AsyncHTTPTransport | None = lane
        self._free = free
        self._read_to_end = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            yield chunk
        self._read_to_end = True

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        if not self._read_to_end:
            await lane.aclose()
            return
        await self._chunks.aclose()
        self._free.append(lane)
