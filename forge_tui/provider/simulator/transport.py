"""The simulated provider's door inside the process: an httpx transport that keeps a clock and honours timeouts."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx

from forge_tui.core.clock import Clock
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.wire import Delivery, Exchange, NoReply, SimReply, SimRequest


class SimulatorTransport(httpx.AsyncBaseTransport):
    """Answers as `provider` decides, in the time of `clock`; raises what httpx raises on a real network."""

    def __init__(self, provider: SimulatedProvider, clock: Clock) -> None:
        self.provider = provider
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = SimRequest(
            request.method,
            request.url.raw_path.decode("ascii"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.aread(),
        )
        exchange = self.provider.accept(sent, self._clock.monotonic(), self._clock.wall())
        line = _Line(self.provider, exchange, self._clock, request)
        try:
            match exchange:
                case NoReply(how=how, delay_s=delay_s):
                    await line.fail(how, delay_s)
                case SimReply(delay_s=delay_s):
                    await line.silence(delay_s)
                    return httpx.Response(
                        exchange.status, headers=exchange.wire_headers(), stream=_Body(line, exchange), request=request
                    )
        except BaseException:
            line.hang_up(delivered=False)
            raise


class _Line:
    """One request's connection: silences end in a timeout of httpx when they outlast the request's own limits."""

    def __init__(self, provider: SimulatedProvider, exchange: Exchange, clock: Clock, request: httpx.Request) -> None:
        self._provider = provider
        self._exchange = exchange
        self._clock = clock
        self._open = True
        self.request = request

    async def silence(self, delay_s: float) -> None:
        """The server says nothing for `delay_s`; raises ReadTimeout."""
        await self._wait(delay_s, "read", httpx.ReadTimeout)

    async def fail(self, how: Fault, delay_s: float) -> NoReturn:
        """The server never answers: raises ConnectError, ConnectTimeout, ReadError or ReadTimeout."""
        match how:
            case Fault.REFUSED:
                raise httpx.ConnectError("[Errno 111] Connection refused", request=self.request)
            case Fault.BLACKHOLE:
                await self._wait(delay_s, "connect", httpx.ConnectTimeout)
            case _:
                await self.silence(delay_s)
        raise httpx.ReadError("[Errno 104] Connection reset by peer", request=self.request)

    def hang_up(self, *, delivered: bool) -> None:
        """The connection is over; only the first call counts."""
        if self._open:
            self._open = False
            self._provider.ended(self._exchange, self._clock.monotonic(), delivered=delivered)

    async def _wait(self, delay_s: float, limit: str, too_long: type[httpx.TimeoutException]) -> None:
        limit_s = self.request.extensions.get("timeout", {}).get(limit)
        if limit_s is not None and delay_s > limit_s:
            await self._clock.sleep(limit_s)
            raise too_long(f"no answer within {limit_s:g} s", request=self.request)
        if delay_s == math.inf:
            await asyncio.Event().wait()
        await self._clock.sleep(delay_s)


class _Body(httpx.AsyncByteStream):
    def __init__(self, line: _Line, reply: SimReply) -> None:
        self._line = line
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        for pause_s, piece in self._reply.pieces():
            await self._line.silence(pause_s)
            received += len(piece)
            yield piece
        match self._reply.delivery:
            case Delivery.CUT:
                raise httpx.ReadError("[Errno 104] Connection reset by peer", request=self._line.request)
            case Delivery.SHORT:
                promised = dict(self._reply.wire_headers())["content-length"]
                raise httpx.RemoteProtocolError(
                    "peer closed connection without sending complete message body "
                    f"(received {received} bytes, expected {promised})",
                    request=self._line.request,
                )
            case Delivery.WHOLE | Delivery.DRIP:
                self._line.hang_up(delivered=True)

    async def aclose(self) -> None:
        self._line.hang_up(delivered=False)
