"""Connections of our own on real sockets: TLS, deadlines, backpressure, and who may be asked twice."""

import asyncio
import ssl

import httpx
import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.provider import direct
from forge_tui.provider.direct import DirectTransport
from forge_tui.provider.tls import resuming
from loopback_server import completion, http, raw, serving, silence
from tls_certificates import self_signed

URL = "/chat/completions"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost")


def trusting(certificate):
    return DirectTransport(verify=resuming(ssl.create_default_context(cafile=str(certificate.file))))


def plain():
    return DirectTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


async def post(transport, base_url, content=b"{}", **timeouts):
    limits = httpx.Timeout(5.0, **timeouts)
    async with httpx.AsyncClient(transport=_Borrowed(transport), timeout=limits) as client:
        return await client.post(base_url + URL, content=content)


class _Borrowed(httpx.AsyncBaseTransport):
    """The same transport for several clients, closed by none of them."""

    def __init__(self, transport):
        self.handle_async_request = transport.handle_async_request


async def test_over_tls_a_trusted_server_is_asked_twice_on_one_connection(certificate):
    transport = trusting(certificate)
    async with serving(http(completion()), ssl=certificate.context) as server:
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        answers = [await post(transport, base_url) for _ in range(2)]
        await transport.aclose()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert server.connections == 1


async def test_over_tls_a_further_connection_goes_on_with_the_session_of_an_earlier_one(certificate):
    transport = trusting(certificate)
    async with serving(http(completion(), connection="keep-alive"), ssl=certificate.context) as server:
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        await post(transport, base_url)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(post(transport, base_url))
        (kept,) = transport._free.values()
        resumed = [connection._transport.get_extra_info("ssl_object").session_reused for connection in kept]
        await transport.aclose()
    assert sorted(resumed) == [False, True, True]


async def test_over_tls_a_certificate_for_another_name_is_refused_before_anything_is_sent(certificate):
    transport = trusting(certificate)
    async with serving(http(completion()), ssl=certificate.context) as server:
        with pytest.raises(httpx.ConnectError) as refused:
            await post(transport, server.base_url)
    assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)
    assert server.seen == []


async def closing_at_once(seen, writer):
    writer.close()


async def test_a_kept_connection_that_the_server_had_closed_is_replaced_unseen():
    async with serving(http(completion(), connection="keep-alive")) as server:
        transport = plain()
        await post(transport, server.base_url)
        (kept,) = next(iter(transport._free.values()))
        kept._transport.abort()
        await SystemClock().sleep(0)
        assert (await post(transport, server.base_url)).status_code == 200
        await transport.aclose()
    assert server.connections == 2


async def test_a_first_request_that_is_dropped_is_not_sent_again():
    """A server that closes a fresh connection had the request, and may bill it."""
    async with serving(closing_at_once) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await post(plain(), server.base_url)
    assert len(server.seen) == 1


async def test_a_kept_connection_that_breaks_after_it_was_worked_on_is_not_asked_again(monkeypatch):
    """The server closes late: a request that it may have begun must not be paid for twice behind our back."""
    monkeypatch.setattr(direct, "RESEND_WITHIN_S", 0.0)
    async with serving(http(completion()), closing_at_once) as server:
        transport = plain()
        await post(transport, server.base_url)
        with pytest.raises(httpx.RemoteProtocolError):
            await post(transport, server.base_url)
        await transport.aclose()
    assert len(server.seen) == 2


async def test_a_connection_idle_for_too_long_is_not_used_again(monkeypatch):
    monkeypatch.setattr(direct, "IDLE_S", 0.0)
    async with serving(http(completion())) as server:
        transport = plain()
        for _ in range(2):
            await post(transport, server.base_url)
        await transport.aclose()
    assert server.connections == 2


async def test_a_server_that_reads_nothing_ends_at_the_write_timeout():
    over = asyncio.Event()

    async def deaf(reader, writer):
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(httpx.WriteTimeout):
        await post(plain(), f"http://127.0.0.1:{port}", b"x" * 50_000_000, write=0.1)
    over.set()
    server.close()
    await server.wait_closed()


async def test_an_answer_that_nobody_reads_stops_arriving():
    """Backpressure: a body of 40 MB is not in memory before somebody asks for it."""
    body = b"y" * 40_000_000
    transport = plain()
    async with (
        serving(http(body)) as server,
        httpx.AsyncClient(transport=transport) as client,
        client.stream("POST", server.base_url + URL) as response,
    ):
        await SystemClock().sleep(0.1)
        unread = response.stream._stream._connection._answer.unread_bytes
        assert unread < 4 * direct.MOST_UNREAD_BYTES
        assert sum([len(part) async for part in response.aiter_raw()]) == len(body)


async def test_bytes_that_nobody_asked_for_cost_the_connection():
    async with serving(raw(http_bytes() + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as server:
        transport = plain()
        for _ in range(2):
            assert (await post(transport, server.base_url)).json() == {}
        await transport.aclose()
    assert server.connections == 2


def http_bytes():
    return b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def test_a_cancelled_request_closes_its_socket_and_leaves_nothing_behind():
    async with serving(silence) as server:
        transport = plain()
        asking = asyncio.create_task(post(transport, server.base_url))
        await server.asked.wait()
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        assert not any(transport._free.values())
