"""The loopback door: real sockets in real time, and the same answers as through the in-process one."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.provider.simulator.server import SimulatorServer, serve
from forge_tui.provider.simulator.transport import SimulatorTransport
from simulator_builders import WALL, payload, provider

PATH = "/v1/chat/completions"


class StoppedDate(SystemClock):
    """Real time under a date that stands still, so that two doors stamp the same."""

    def wall(self):
        return WALL


@asynccontextmanager
async def served(asked, **limits):
    async with SimulatorServer(asked, StoppedDate()) as server:
        url = f"http://127.0.0.1:{await server.listen(0)}"
        headers = {"api-subscription-key": GOOD_KEY}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=5, **limits) as http:
            yield http


async def outcome(http, method, path, body=None):
    try:
        reply = await http.request(method, path, json=body)
    except httpx.HTTPError as error:
        return type(error)
    return reply.status_code, dict(reply.headers), reply.content


async def test_both_doors_give_the_same_answers():
    options = (
        "latency=0,reject=0,rpm=600,burst=35,headers=groq,error_rate=0.1,"
        "faults=fence:0.1+null_length:0.1+short_body:0.1+rate_limited:0.1+bad_gateway:0.1+control_chars:0.1"
    )
    calls = [("POST", PATH, payload(f"ticket {number}")) for number in range(30)]
    calls += [("POST", PATH, {}), ("GET", "/v1/models", None), ("GET", "/nowhere", None), ("POST", "/__sim/script", {})]
    inside = httpx.AsyncClient(
        transport=SimulatorTransport(provider(options), StoppedDate()),
        base_url="http://127.0.0.1",
        headers={"api-subscription-key": GOOD_KEY},
    )
    async with inside, served(provider(options)) as outside:
        answers = [[await outcome(door, *call) for call in calls] for door in (inside, outside)]
    for one, other in zip(*answers, strict=True):
        assert _without_refill(one) == _without_refill(other)
    assert len({one if isinstance(one, type) else one[0] for one in answers[0]}) == 7


def _without_refill(answer):
    """The bucket refills in real time: its headers differ by milliseconds."""
    if isinstance(answer, type):
        return answer
    status, headers, content = answer
    return status, {name: value for name, value in headers.items() if not name.startswith("x-ratelimit")}, content


async def test_one_connection_serves_many_calls():
    limits = httpx.Limits(max_connections=1)
    async with served(provider("latency=0"), limits=limits) as http:
        ports = set()
        for number in range(20):
            reply = await http.post(PATH, json=payload(f"ticket {number}"))
            ports.add(reply.extensions["network_stream"].get_extra_info("client_addr"))
        assert len(ports) == 1


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("reset", {httpx.ReadError}),
        ("refused", {httpx.ReadError}),
        ("reset_mid_body", {httpx.ReadError, httpx.RemoteProtocolError}),
        ("short_body", {httpx.RemoteProtocolError}),
    ],
)
async def test_a_broken_connection_is_broken_on_the_socket_too(fault, kinds):
    async with served(provider(f"latency=0,faults={fault}:1")) as http:
        assert await outcome(http, "POST", PATH, payload()) in kinds


async def test_a_client_that_gives_up_is_not_counted_as_in_flight():
    asked = provider("faults=hang:1")
    async with served(asked) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(PATH, json=payload(), timeout=0.05)
        async with asyncio.timeout(2):
            while asked.stats.in_flight:
                await SystemClock().sleep(0.005)
        assert asked.stats.max_in_flight == 1


async def test_statistics_are_served():
    async with served(provider("latency=0,script=2:internal_error")) as http:
        for number in range(3):
            await http.post(PATH, json=payload(f"ticket {number}"))
        stats = (await http.get("/__sim/stats")).json()
    assert stats["statuses"] == {"200": 2, "500": 1}
    assert stats["faults"] == {"internal_error": 1}
    assert stats["requests"] == 3


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"HELLO\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"x" * 70_000,
    ],
)
async def test_what_is_no_request_is_answered_400_and_hung_up_on(request_bytes):
    async with SimulatorServer(provider(), SystemClock()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.listen(0))
        writer.write(request_bytes)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_a_request_in_pieces_and_two_requests_in_one_piece_are_understood():
    one = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    last = one.replace(b"Host: x", b"Connection: close")
    async with SimulatorServer(provider(), SystemClock()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.listen(0))
        writer.write(one[:9])
        await SystemClock().sleep(0.01)
        writer.write(one[9:] + one + last)
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 3
        writer.close()


async def test_serving_announces_its_address_and_stops_when_cancelled():
    announced = asyncio.Queue()
    task = asyncio.create_task(serve(provider("latency=0"), 0, SystemClock(), announced.put_nowait))
    url = (await announced.get()).split(" ")[3]
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{url}/models")).status_code == 200
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{url}/models")
