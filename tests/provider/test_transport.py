import asyncio
import gc
import random
import ssl
from contextlib import asynccontextmanager

import httpx
import pytest

from client_builders import a_client
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused
from forge_tui.core.outcome import Reply
from forge_tui.provider.transport import LanePool, open_transport
from loopback_server import completion, http, serving, slow, together
from ticket_builders import a_batch, a_ticket

ONE = a_batch([a_ticket()])
# What a busy computer may take and no test waits for.
PATIENT = {"connect_timeout_s": 30, "read_timeout_s": 30, "total_timeout_s": 60}


def lane_of(pool):
    return pool._open_lane()._pool


async def sent_at_once(sender, count):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sender.send(ONE)) for _ in range(count)]
    return [task.result() for task in tasks]


def test_limits_certificates_and_proxy_reach_the_connection():
    """httpx.AsyncClient(transport=...) ignores them without a word when they are given to the client."""
    context = httpx.create_ssl_context(trust_env=False)
    lane = lane_of(LanePool(verify=context, proxy=httpx.Proxy("http://proxy.example:3128")))
    assert lane._ssl_context is context
    assert (lane._proxy_url.host, lane._proxy_url.port) == (b"proxy.example", 3128)
    assert lane._max_connections > 10_000
    assert lane._max_keepalive_connections == 1


def test_over_https_certificates_are_checked_and_host_names_compared():
    context = open_transport("https://api.sarvam.ai/v1")._verify
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.get_ca_certs()


def test_even_over_http_no_untrusted_certificate_would_pass():
    context = open_transport("http://127.0.0.1/v1")._verify
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.get_ca_certs() == []


@pytest.mark.parametrize("address", ["proxy:3128", "socks5://proxy:1080", "http://", "socks4://me:sk-secret@proxy"])
def test_a_proxy_that_cannot_be_one_is_refused_without_showing_its_password(address):
    with pytest.raises(SettingsRefused) as refusal:
        open_transport("https://host.example/v1", proxy=address)
    assert "sk-secret" not in str(refusal.value)


async def test_a_set_proxy_is_asked_and_not_the_host():
    async with serving(http(completion())) as proxy:
        address = proxy.base_url.removesuffix("/v1")
        transport = open_transport("http://127.0.0.1:9/v1", proxy=address)
        async with a_client("http://127.0.0.1:9/v1", transport=transport) as sender:
            assert isinstance(await sender.send(ONE), Reply)
    assert proxy.seen[0].target == "http://127.0.0.1:9/v1/chat/completions"


async def test_requests_one_after_another_share_one_connection():
    async with serving(http(completion())) as server, a_client(server.base_url) as sender:
        for _ in range(20):
            assert isinstance(await sender.send(ONE), Reply)
    assert server.connections == 1


async def test_as_many_connections_are_opened_as_requests_are_in_flight_and_then_used_again():
    """None of the requests waits for another: the server answers when all thirty are there."""
    async with (
        serving(together(30, http(completion()))) as server,
        a_client(server.base_url, **PATIENT) as sender,
    ):
        for _ in range(3):
            assert all(isinstance(outcome, Reply) for outcome in await sent_at_once(sender, 30))
    assert server.connections == 30


async def cancelled_after(sender, turns, count=16):
    stuck = [asyncio.create_task(sender.send(ONE)) for _ in range(count)]
    for _ in range(turns):
        await SystemClock().sleep(0)
    for task in stuck:
        task.cancel()
    await asyncio.wait(stuck)


@asynccontextmanager
async def a_patient_client(lanes):
    """A client of one of the two transports, and a server that answers in 5 ms."""
    async with serving(slow(0.005, http(completion()))) as server:
        transport = LanePool(verify=httpx.create_ssl_context(trust_env=False)) if lanes else None
        timeouts = dict.fromkeys(("connect_timeout_s", "read_timeout_s", "total_timeout_s"), 30.0)
        async with a_client(server.base_url, transport=transport, **timeouts) as sender:
            yield sender


async def all_answered(sender):
    return all(isinstance(outcome, Reply) for outcome in await sent_at_once(sender, 8))


# A connection cancelled while it is being made is left to the garbage collector by anyio 4.16.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lanes", [False, True], ids=["direct", "lanes"])
@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
async def test_requests_cancelled_at_any_turn_of_the_loop_starve_nobody(warm, lanes):
    """P16: httpx's own pool of 8 answers nothing any more after 16 cancelled at turn 1 or 10 (encode/httpcore#1093)."""
    for turns in range(41):
        async with a_patient_client(lanes) as sender:
            if warm:
                await sent_at_once(sender, 8)
            await cancelled_after(sender, turns)
            assert await all_answered(sender), turns
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lanes", [False, True], ids=["direct", "lanes"])
async def test_two_thousand_cancels_at_random_starve_nobody(lanes):
    """P16: one client, cancelled again and again at any moment of a request."""
    rng = random.Random(16)
    async with a_patient_client(lanes) as sender:
        for volley in range(100):
            await cancelled_after(sender, rng.randrange(60), count=20)
            assert await all_answered(sender), volley
    gc.collect()


async def test_a_reply_not_read_to_its_end_takes_its_connection_with_it():
    pool = open_transport("http://127.0.0.1/v1")
    async with serving(http(b"x" * 3_000_000)) as server, httpx.AsyncClient(transport=pool) as client:
        async with client.stream("POST", server.base_url) as response:
            await anext(response.aiter_raw())
        assert not any(pool._free.values())
        assert len((await client.post(server.base_url)).content) == 3_000_000
        assert len(pool._free) == 1
    assert not any(pool._free.values())
    assert server.connections == 2
