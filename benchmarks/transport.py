"""How close the client comes to the ideal (slots / latency) over our connections and over httpx's own pool.

python benchmarks/transport.py [SECONDS]    the server is a process of its own; read the ratios, not the rates
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable

import httpx

from forge_tui.core.clock import SystemClock
from forge_tui.core.outcome import Reply
from forge_tui.core.ticket import Batch, Complexity, QueuedTicket
from forge_tui.provider.chat_client import ChatClient
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.transport import open_transport

CELLS = ((10, 0.2), (50, 0.05), (100, 0.2))  # slots, latency in seconds
TRANSPORTS: dict[str, Callable[[str], httpx.AsyncBaseTransport]] = {
    "stock httpx": lambda _: httpx.AsyncHTTPTransport(trust_env=False),
    "stock, no cap": lambda _: httpx.AsyncHTTPTransport(
        trust_env=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=None)
    ),
    "lanes (ours)": open_transport,
}
BATCH = Batch(1, Complexity.SIMPLE, (QueuedTicket(1, "Invoice charged twice in October", Complexity.SIMPLE, 8),))
BODY = json.dumps(
    {
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "{}" * 60}}],
        "usage": {"prompt_tokens": 412, "completion_tokens": 78},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Server(asyncio.Protocol):
    """Answers every request after a fixed latency, at the least cost Python allows."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            self._received = b""
            asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, ANSWER)


async def serve(latency_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Server(latency_s), "127.0.0.1", 0, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(
    make: Callable[[str], httpx.AsyncBaseTransport], url: str, slots: int, seconds: float
) -> tuple[float, float]:
    """Requests per second, and CPU seconds per request, with `slots` always in flight."""
    client = ChatClient(Endpoint("openai", url, "m", "none", ""), None, clock=SystemClock(), transport=make(url))
    sent = 0

    async def slot(until: float) -> None:
        nonlocal sent
        while True:
            outcome = await client.send(BATCH)
            assert isinstance(outcome, Reply), outcome
            sent += 1
            if time.perf_counter() >= until:
                return

    async def all_slots(for_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(slots):
                group.create_task(slot(time.perf_counter() + for_s))

    await all_slots(0)
    sent, started, cpu = 0, time.perf_counter(), time.process_time()
    await all_slots(seconds)
    elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    await client.aclose()
    return sent / elapsed_s, cpu_s / sent


def main(seconds: float) -> None:
    print(f"{'slots / latency':18}{'transport':16}{'req/s':>8}{'of ideal':>10}{'CPU ms/req':>12}")
    for slots, latency_s in CELLS:
        for name, make in TRANSPORTS.items():
            command = [sys.executable, __file__, "serve", str(latency_s)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                assert server.stdout is not None
                url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
                rate, cpu_s = asyncio.run(measure(make, url, slots, seconds))
                server.terminate()
            ideal = slots / latency_s
            cell = f"{slots} / {latency_s * 1000:.0f} ms"
            print(f"{cell:18}{name:16}{rate:8.0f}{rate / ideal:10.0%}{cpu_s * 1000:12.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(float(sys.argv[2])))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 5.0)
