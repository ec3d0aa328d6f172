"""Connections of our own under httpx: one for each request in flight, kept for the next, the last one used first.

    free ──take──▶ asking ──whole answer read──▶ free         resend: a kept connection that the server had closed
                     └──fault, cancel, half read──▶ closed             while nobody used it is replaced once, unseen

httpx's pool walks all connections for every request and collapses above some 20 of them; this one pops a list. A
deadline is a timer of the loop, a cancelled request closes its socket, and nothing else is held.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping

import httpx

from forge_tui.provider.http11 import AnswerReader, BadAnswer, BadRequest, request_bytes

# Home routers and load balancers forget an idle connection after a minute without a word to either side.
IDLE_S = 30.0
# A server that had closed an idle connection answers the next bytes with a reset within a round trip; one that breaks
# off later had begun to work on the request, and may bill it.
RESEND_WITHIN_S = 1.0
MOST_UNREAD_BYTES = 256 * 1024
HAPPY_EYEBALLS_S = 0.25

Origin = tuple[str, str, int]
Timeouts = Mapping[str, float | None]


class DirectTransport(httpx.AsyncBaseTransport):
    """Opens as many connections as requests are in flight at once; slots are the only cap."""

    def __init__(self, *, verify: ssl.SSLContext) -> None:
        self._verify = verify
        self._free: defaultdict[Origin, list[_Connection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's TransportErrors."""
        payload = _payload(request)
        timeouts: Timeouts = request.extensions.get("timeout", {})
        origin = (request.url.scheme, request.url.host, request.url.port or _PORTS[request.url.scheme])
        kept = self._kept(origin)
        connection = kept or await self._connect(origin, timeouts)
        try:
            answer = await connection.ask(payload, timeouts)
        except _Stale:
            connection = await self._connect(origin, timeouts)
            answer = await connection.ask(payload, timeouts)
        head = answer.head
        if head is None:
            raise AssertionError("asking ends with a head or an exception")
        body = _Body(connection, self._free[origin], timeouts.get("read"))
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": head.reason}
        return httpx.Response(head.status, headers=head.headers, stream=body, extensions=extensions)

    async def aclose(self) -> None:
        for free in self._free.values():
            while free:
                free.pop().close()

    def _kept(self, origin: Origin) -> "_Connection | None":
        free = self._free[origin]
        while free:
            connection = free.pop()
            if connection.is_fresh():
                return connection
            connection.close()
        return None

    async def _connect(self, origin: Origin, timeouts: Timeouts) -> "_Connection":
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeouts.get("connect")):
                _, connection = await loop.create_connection(
                    _Connection,
                    host,
                    port,
                    ssl=self._verify if scheme == "https" else None,
                    happy_eyeballs_delay=HAPPY_EYEBALLS_S,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError("no connection") from error
        return connection


class _Stale(Exception):
    """The server had closed the kept connection before it saw the request."""


class _Connection(asyncio.Protocol):
    """One socket and at most one request on it; whoever asked is woken when the answer moves on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: AnswerReader | None = None
        self._fault: httpx.TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable = True
        self._asked = 0
        self._used_at = self._loop.time()

    # -- what the loop calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream connection has a Transport")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()  # bytes that nobody asked for
            return
        try:
            self._answer.feed(data)
        except BadAnswer as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
        if self._answer.unread_bytes > MOST_UNREAD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and self._fault is None:
            try:
                self._answer.end()
            except BadAnswer as error:
                self._fault = httpx.RemoteProtocolError(str(error))
            if exc is not None and not self._answer.complete:
                self._fault = httpx.ReadError("the connection broke")
                self._fault.__cause__ = exc
        self._wake()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    # -- what the transport calls -----------------------------------------------------------------------------

    def is_fresh(self) -> bool:
        """Whether it is open and was used a short while ago."""
        return self._transport is not None and self._loop.time() - self._used_at < IDLE_S

    async def ask(self, payload: bytes, timeouts: Timeouts) -> AnswerReader:
        """Send a request and wait for the head of its answer; raises _Stale, or httpx's TransportErrors."""
        transport, answer = self._transport, AnswerReader()
        if transport is None:
            raise _Stale
        self._answer, self._asked = answer, self._asked + 1
        asked_at = self._loop.time()
        try:
            transport.write(payload)
            while not self._writable and self._fault is None:
                await self._moved(timeouts.get("write"), httpx.WriteTimeout)
            while answer.head is None and self._fault is None:
                await self._moved(timeouts.get("read"), httpx.ReadTimeout)
        except BaseException:
            self.close()
            raise
        if answer.head is None and self._fault is not None:
            if self._asked > 1 and not answer.begun and self._loop.time() - asked_at < RESEND_WITHIN_S:
                raise _Stale
            raise self._fault
        return answer

    async def body_part(self, timeout_s: float | None) -> bytes:
        """What has come of the body, empty at its end."""
        answer = self._answer
        if answer is None:
            raise httpx.StreamClosed
        while not answer.unread_bytes and not answer.complete and self._fault is None:
            await self._moved(timeout_s, httpx.ReadTimeout)
        part = answer.take_body()
        if self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()
        if not part and self._fault is not None:
            raise self._fault
        return part

    def release(self) -> bool:
        """The answer is not needed any more; True where the connection can carry another request."""
        answer, self._answer = self._answer, None
        if answer is not None and answer.reusable and not answer.unread_bytes and self._transport is not None:
            self._used_at = self._loop.time()
            return True
        self.close()
        return False

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # -- between the two --------------------------------------------------------------------------------------

    def _fail(self, fault: httpx.TransportError) -> None:
        self._fault = fault
        self.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _moved(self, timeout_s: float | None, overdue: type[httpx.TimeoutException]) -> None:
        waiter = self._waiter = self._loop.create_future()
        timer = None if timeout_s is None else self._loop.call_later(timeout_s, _expire, waiter, overdue)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


class _Body(httpx.AsyncByteStream):
    """The body of an answer; read to its end it gives the connection back, otherwise closing it closes that too."""

    def __init__(self, connection: _Connection, free: list[_Connection], read_timeout_s: float | None) -> None:
        self._connection: _Connection | None = connection
        self._free = free
        self._read_timeout_s = read_timeout_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (part := await self._connection.body_part(self._read_timeout_s)):
            yield part

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.release():
            self._free.append(connection)


_PORTS = {"http": 80, "https": 443}


def _payload(request: httpx.Request) -> bytes:
    try:
        return request_bytes(request.method, request.url.raw_path, request.headers.raw, request.content)
    except BadRequest as error:
        raise httpx.LocalProtocolError("a header that cannot be sent") from error


def _expire(waiter: asyncio.Future[None], overdue: type[httpx.TimeoutException]) -> None:
    if not waiter.done():
        waiter.set_exception(overdue("no byte in time"))
