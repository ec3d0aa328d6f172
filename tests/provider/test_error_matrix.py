"""Whatever a server does on a real socket ends in a code of ours: every transport has to pass this."""

import asyncio
import gzip
import socket
import time

import httpx
import pytest

from client_builders import a_client
from forge_tui.core.clock import SystemClock
from forge_tui.core.failure import Code
from forge_tui.core.outcome import CallFault, Paid, Reply
from forge_tui.provider import chat_client
from forge_tui.provider.transport import LanePool
from loopback_server import completion, http, raw, serving, silence
from ticket_builders import a_batch, a_ticket
from tls_certificates import self_signed

ONE = a_batch([a_ticket()])
BIG = 100 * 1024 * 1024


@pytest.fixture(autouse=True, params=["direct", "lanes"])
def transport_opened(request, monkeypatch):
    """Ours, and httpx's own in lanes, which carry requests to a proxy."""
    if request.param == "lanes":
        lanes = LanePool(verify=httpx.create_ssl_context(trust_env=False))
        monkeypatch.setattr(chat_client, "open_transport", lambda base_url: lanes)


async def send_to(base_url, **client):
    async with a_client(base_url, **client) as sender:
        return await sender.send(ONE)


async def fault_from(answer, **settings):
    async with serving(answer) as server:
        return await send_to(server.base_url, **settings)


async def reset(seen, writer):
    linger = bytes([1, 0, 0, 0, 0, 0, 0, 0])
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def drip(seen, writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b" ")
        await writer.drain()
        await SystemClock().sleep(0.05)


async def flood(seen, writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % BIG)
    for _ in range(BIG // 65536):
        writer.write(b" " * 65536)
        await writer.drain()


def unused_port():
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))
        return unbound.getsockname()[1]


async def test_a_refused_connection_never_connected_and_costs_nothing():
    fault = await send_to(f"http://127.0.0.1:{unused_port()}/v1")
    assert (fault.code, fault.never_connected, fault.paid) == (Code.NETWORK, True, Paid.UNPAID)
    assert "cannot connect to 127.0.0.1" in fault.message


async def test_an_unknown_host_never_connected():
    fault = await send_to("https://host.invalid/v1", connect_timeout_s=5)
    assert (fault.code, fault.never_connected) == (Code.NETWORK, True)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reset, id="reset"),
        pytest.param(raw(b"", then_close=True), id="closed before the reply"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", then_close=True), id="body cut"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", then_close=True), id="junk"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 30_000 + b"\r\n"), id="header flood"),
    ],
)
async def test_a_broken_conversation_is_a_network_fault_that_may_have_been_billed(answer):
    fault = await fault_from(answer)
    assert (fault.code, fault.never_connected, fault.paid) == (Code.NETWORK, False, Paid.UNKNOWN)
    assert fault.usage.estimated


async def test_a_hang_ends_at_the_read_timeout():
    fault = await fault_from(silence, read_timeout_s=0.2)
    assert (fault.code, fault.paid) == (Code.TIMEOUT, Paid.UNKNOWN)
    assert 0.15 <= fault.latency_s < 1.0


async def test_a_drip_that_no_read_timeout_sees_ends_at_the_total_deadline():
    fault = await fault_from(drip, read_timeout_s=0.3, total_timeout_s=0.3)
    assert (fault.code, fault.paid) == (Code.TIMEOUT, Paid.UNKNOWN)
    assert 0.25 <= fault.latency_s < 1.0


async def test_a_body_of_100_mb_is_given_up_after_the_first():
    started = time.perf_counter()
    fault = await fault_from(flood)
    assert (fault.code, fault.http_status) == (Code.JSON, 200)
    assert "1 MiB" in fault.message
    assert time.perf_counter() - started < 2


async def test_a_gzip_bomb_does_not_go_off():
    bomb = gzip.compress(b" " * BIG, 9)
    fault = await fault_from(http(bomb, content_encoding="gzip"))
    assert fault.code is Code.JSON
    assert len(bomb) < 1024 * 1024


async def test_a_reply_packed_unasked_is_read_all_the_same():
    packed = gzip.compress(b'{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}')
    reply = await fault_from(http(packed, content_encoding="gzip"))
    assert isinstance(reply, Reply)
    assert reply.content == "hello"


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_a_reply_that_cannot_be_unpacked_is_no_json(encoding):
    fault = asyncio.run(fault_from(http(b"not packed at all", content_encoding=encoding)))
    assert fault.code is Code.JSON


async def test_a_redirect_is_not_followed():
    fault = await fault_from(http(b"", 307, location="http://127.0.0.1:9/v2"))
    assert (fault.code, fault.http_status) == (Code.REDIRECT, 307)
    assert "http://127.0.0.1:9/v2" in fault.message


@pytest.mark.parametrize("body", [b"", b"<html>Welcome to the hotel</html>", b"[]", b'{"choices":[]}', b"\xff\xfe"])
async def test_a_200_that_is_no_completion_is_no_json(body):
    assert (await fault_from(http(body))).code is Code.JSON


async def test_a_connection_closed_between_two_requests_is_opened_again():
    async with serving(http(completion(), connection="close")) as server, a_client(server.base_url) as sender:
        replies = [await sender.send(ONE) for _ in range(3)]
    assert all(isinstance(reply, Reply) for reply in replies)


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory):
    """A server's TLS context with a certificate that nobody signed but itself."""
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost").context


async def test_an_untrusted_certificate_is_told_from_a_bad_network(untrusted):
    async with serving(http(completion()), ssl=untrusted) as server:
        fault = await send_to(server.base_url)
    assert (fault.code, fault.paid) == (Code.TLS, Paid.UNPAID)
    assert "self-signed" in fault.message.replace("self signed", "self-signed")
    assert server.seen == []


async def test_tls_spoken_to_a_plain_server_is_a_network_fault():
    async with serving(http(completion())) as server:
        fault = await send_to(server.base_url.replace("http:", "https:"))
    assert fault.code is Code.NETWORK


class Raising(httpx.AsyncBaseTransport):
    """A transport of somebody else's, which raises what it likes."""

    def __init__(self, error):
        self._error = error

    async def handle_async_request(self, request):
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.PoolTimeout("sk-CANARY"), Code.POOL),
        (httpx.WriteTimeout("sk-CANARY"), Code.TIMEOUT),
        (httpx.ConnectTimeout("sk-CANARY"), Code.NETWORK),
        (httpx.ProxyError("sk-CANARY"), Code.NETWORK),
        (httpx.LocalProtocolError("Illegal header value b'Bearer sk-CANARY'"), Code.BUG),
        (OSError(5, "sk-CANARY"), Code.NETWORK),
        (RuntimeError("sk-CANARY"), Code.BUG),
        (UnicodeEncodeError("ascii", "sk-CANARY", 0, 1, "no"), Code.BUG),
    ],
)
async def test_whatever_a_transport_raises_becomes_a_value_that_repeats_none_of_its_text(error, code):
    """D12: an exhausted pool of our own is a wait, never a ticket's failure."""
    fault = await send_to("https://host.example/v1", transport=Raising(error))
    assert isinstance(fault, CallFault)
    assert fault.code is code
    assert "CANARY" not in repr(fault)
