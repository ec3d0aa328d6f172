"""Transports under our client: how near each comes to the ideal rate (slots / latency), and its CPU a request."""

import asyncio
import ssl
import time
from collections.abc import Callable

import httpx

from benchmarks.figures import Effort, Finding, Spread, Table
from benchmarks.lean_server import Behaviour, lean_server
from forge_tui.core.clock import SystemClock
from forge_tui.core.outcome import Reply
from forge_tui.core.ticket import Batch, Complexity, QueuedTicket
from forge_tui.provider.chat_client import ChatClient
from forge_tui.provider.presets import Endpoint
from forge_tui.provider.transport import LanePool, open_transport

CELLS = ((10, 0.2), (50, 0.05), (100, 0.2), (500, 0.2))  # slots, latency in seconds
SECONDS = 3.0
TRANSPORTS: dict[str, Callable[[str], httpx.AsyncBaseTransport]] = {
    "httpx's own pool": lambda _: httpx.AsyncHTTPTransport(trust_env=False),
    "lanes of one httpx connection (behind a proxy)": lambda _: LanePool(
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ),
    "connections of our own": open_transport,
}
BATCH = Batch(1, Complexity.SIMPLE, (QueuedTicket(1, "Invoice charged twice in October", Complexity.SIMPLE, 8),))


def transports(effort: Effort) -> Finding:
    """Share of the ideal rate and CPU a request, with all slots always in flight, by transport."""
    rows = []
    for slots, latency_s in CELLS:
        with lean_server(Behaviour(latency_s=latency_s)) as server:
            found = [_measured(make, server.url, slots, latency_s, effort.repetitions) for make in TRANSPORTS.values()]
        rows.append([f"{slots} / {latency_s * 1000:.0f} ms", *found])
    title = "share of the ideal rate, CPU ms a request"
    return Finding(tables=[Table(title, ["slots / latency", *TRANSPORTS], rows)])


def _measured(
    make: Callable[[str], httpx.AsyncBaseTransport], url: str, slots: int, latency_s: float, repetitions: int
) -> str:
    runs = [asyncio.run(_run(make, url, slots)) for _ in range(repetitions)]
    share = Spread.of(rate * latency_s / slots for rate, _, _ in runs).median
    failed = sum(failures for _, _, failures in runs)
    cpu_ms = Spread.of(cpu_s * 1000 for _, cpu_s, _ in runs).median
    return f"{share:.0%}, {cpu_ms:.2f} ms" + (f", {failed} waited 5 s for a connection" if failed else "")


async def _run(make: Callable[[str], httpx.AsyncBaseTransport], url: str, slots: int) -> tuple[float, float, int]:
    """Answers a second, CPU seconds an answer, and requests that came to nothing."""
    client = ChatClient(Endpoint("openai", url, "m", "none", ""), None, clock=SystemClock(), transport=make(url))
    sent = failed = 0

    async def slot(until: float) -> None:
        nonlocal sent, failed
        while True:
            if isinstance(await client.send(BATCH), Reply):
                sent += 1
            else:
                failed += 1
            if time.perf_counter() >= until:
                return

    async def all_slots(for_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(slots):
                group.create_task(slot(time.perf_counter() + for_s))

    await all_slots(0)
    sent = failed = 0
    started, cpu = time.perf_counter(), time.process_time()
    await all_slots(SECONDS)
    elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    await client.aclose()
    return sent / elapsed_s, cpu_s / max(1, sent), failed
