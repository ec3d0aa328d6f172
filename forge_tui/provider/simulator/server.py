"""The simulated provider's door on the loopback interface: HTTP/1.1 with keep-alive on asyncio's own protocols.

A standing connection cannot be refused: `refused` and `blackhole` show here as a reset and as a hang.
"""

import asyncio
import math
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Self, cast

from forge_tui.core.clock import Clock
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.wire import Delivery, Exchange, NoReply, SimReply, SimRequest

HOST = "127.0.0.1"
MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 32 * 1024 * 1024


async def serve(provider: SimulatedProvider, port: int, clock: Clock, announce: Callable[[str], None]) -> None:
    """Answer on 127.0.0.1:`port` (0: any free one) until cancelled; `announce` is told the address once it listens."""
    async with SimulatorServer(provider, clock) as server:
        url = f"http://{HOST}:{await server.listen(port)}/v1"
        announce(f"simulated provider at {url} (key {GOOD_KEY})")
        await asyncio.Event().wait()


class SimulatorServer:
    """The listening socket and its connections; leaving the context drops both."""

    def __init__(self, provider: SimulatedProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            await connection.drop()

    async def listen(self, port: int) -> int:
        """Start listening; the port it is at."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, HOST, port, backlog=2048)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def _connection(self) -> "_Connection":
        return _Connection(self._provider, self._clock, self._connections)


class _Malformed(Exception):
    """What came is no HTTP request this server takes."""


class _Connection(asyncio.Protocol):
    """One client: reads a request, waits, writes the reply, and again until either side closes."""

    def __init__(self, provider: SimulatedProvider, clock: Clock, register: "set[_Connection]") -> None:
        self._provider = provider
        self._clock = clock
        self._register = register
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._register.add(self)
        self._task = asyncio.get_running_loop().create_task(self._converse())

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio hands it over
        self._register.discard(self)
        self._gone.set()
        self._arrived.set()

    async def drop(self) -> None:
        """Close at once, whatever is being answered."""
        self._transport.abort()
        self._gone.set()
        self._arrived.set()
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _converse(self) -> None:
        try:
            while not self._gone.is_set():
                request = await self._next_request()
                if request is None or not await self._answer(request):
                    break
        except _Malformed:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self._transport.close()

    async def _next_request(self) -> SimRequest | None:
        while not self._gone.is_set():
            request = _take_request(self._received)
            if request is not None:
                return request
            self._arrived.clear()
            await self._arrived.wait()
        return None

    async def _answer(self, request: SimRequest) -> bool:
        """Whether the connection stays open."""
        exchange = self._provider.accept(request, self._clock.monotonic(), self._clock.wall())
        delivered = False
        try:
            delivered = await self._deliver(exchange)
        finally:
            self._provider.ended(exchange, self._clock.monotonic(), delivered=delivered)
        return delivered and request.headers.get("connection", "").lower() != "close"

    async def _deliver(self, exchange: Exchange) -> bool:
        """Whether the reply went out whole."""
        await self._wait(math.inf if _hangs(exchange) else exchange.delay_s)
        if self._gone.is_set():
            return False
        if isinstance(exchange, NoReply):
            self._reset()
            return False
        self._transport.write(_head(exchange))
        for pause_s, piece in exchange.pieces():
            await self._wait(pause_s)
            if self._gone.is_set():
                return False
            self._transport.write(piece)
        if exchange.delivery is Delivery.CUT:
            self._reset()
        return exchange.delivery in {Delivery.WHOLE, Delivery.DRIP}

    async def _wait(self, delay_s: float) -> None:
        if delay_s > 0:
            await self._clock.wait(self._gone, None if delay_s == math.inf else self._clock.monotonic() + delay_s)

    def _reset(self) -> None:
        """Close with RST instead of FIN: the client reads a connection reset."""
        connected = self._transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def _hangs(exchange: Exchange) -> bool:
    return isinstance(exchange, NoReply) and exchange.how in {Fault.HANG, Fault.BLACKHOLE}


def _head(reply: SimReply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.wire_headers()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _take_request(received: bytearray) -> SimRequest | None:
    """Cut the first whole request off `received`; None while it is not all there."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > MAX_HEAD_BYTES:
            raise _Malformed
        return None
    first, *lines = bytes(received[:end]).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    words = first.split(" ")
    if len(words) != 3 or not length.isdigit() or int(length) > MAX_BODY_BYTES or "transfer-encoding" in headers:
        raise _Malformed
    whole = end + 4 + int(length)
    if len(received) < whole:
        return None
    body = bytes(received[end + 4 : whole])
    del received[:whole]
    return SimRequest(words[0], words[1], headers, body)
