"""A provider with nothing in the way: every answer prebuilt, sent after a fixed latency, from a process of its own.

The simulator answers like the real API and costs what that takes; where the client is measured, the server must not
be what is slow. `python -m benchmarks.lean_server '{"latency_s": 0.2}'` prints its port and serves until it is ended.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache

MOST_LATE_S, LATE_WEIGHT = 0.002, 0.05
PROMPT_TOKENS_SHARED, PROMPT_TOKENS_EACH, COMPLETION_TOKENS_EACH = 250, 60, 48


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Latency and the shares of requests that fail: HTTP 500, 429, and replies that are no JSON."""

    latency_s: float = 0.2
    server_errors: float = 0.0
    rate_limited: float = 0.0
    malformed: float = 0.0
    retry_after_s: int | None = None
    seed: int = 1


@dataclass(slots=True)
class Stats:
    """What the server itself has counted."""

    requests: int = 0
    good: int = 0
    connections: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    served_s: float = 0.0  # from each request's last byte to its answer's first, summed up
    late_s: float = 0.0  # how much later than asked for the timers come, smoothed


class Connection(asyncio.Protocol):
    """One client: answers each request after the latency, at the least cost Python allows."""

    def __init__(self, behaviour: Behaviour, stats: Stats, rng: random.Random) -> None:
        self._behaviour = behaviour
        self._stats = stats
        self._rng = rng
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._stats.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET"):
            self._received = b""
            self._transport.write(_answer(200, json.dumps(asdict(self._stats)).encode()))
        elif len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]):
            self._received = b""
            self._stats.requests += 1
            self._stats.in_flight += 1
            self._stats.peak_in_flight = max(self._stats.peak_in_flight, self._stats.in_flight)
            # A ticket in our wire form carries "text" once; a request of anybody else's counts as one ticket.
            size = max(1, body.count(b'\\"text\\":'))
            # epoll counts in whole milliseconds: what timers are late by is taken off, or 200 ms would be 201.
            wait_s = max(0.0, self._behaviour.latency_s - min(self._stats.late_s, MOST_LATE_S))
            asyncio.get_running_loop().call_later(wait_s, self._reply, self._chosen(size), time.perf_counter(), wait_s)

    def _reply(self, answer: bytes, arrived: float, wait_s: float) -> None:
        took_s, stats = time.perf_counter() - arrived, self._stats
        stats.in_flight -= 1
        stats.served_s += took_s
        stats.late_s += LATE_WEIGHT * (took_s - wait_s - stats.late_s)
        self._transport.write(answer)

    def _chosen(self, size: int) -> bytes:
        draw, behaviour = self._rng.random(), self._behaviour
        if (draw := draw - behaviour.server_errors) < 0:
            return _refusal(500, None)
        if (draw := draw - behaviour.rate_limited) < 0:
            return _refusal(429, behaviour.retry_after_s)
        if draw - behaviour.malformed < 0:
            return _completion(size, readable=False)
        self._stats.good += 1
        return _completion(size, readable=True)


@cache
def _completion(size: int, *, readable: bool) -> bytes:
    result = {"category": "billing", "priority": "medium", "summary": "The customer was charged twice for one invoice."}
    results = [{"id": f"t{number}", **result} for number in range(1, size + 1)]
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "lean",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps({"results": results}) if readable else "Sure!"},
            }
        ],
        "usage": {
            "prompt_tokens": PROMPT_TOKENS_SHARED + PROMPT_TOKENS_EACH * size,
            "completion_tokens": COMPLETION_TOKENS_EACH * size,
            "total_tokens": PROMPT_TOKENS_SHARED + (PROMPT_TOKENS_EACH + COMPLETION_TOKENS_EACH) * size,
        },
    }
    return _answer(200, json.dumps(body).encode())


@cache
def _refusal(status: int, retry_after_s: int | None) -> bytes:
    body = json.dumps({"error": {"message": "not now", "code": "rate_limit_exceeded_error" if status == 429 else None}})
    return _answer(status, body.encode(), "" if retry_after_s is None else f"retry-after: {retry_after_s}\r\n")


def _answer(status: int, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\n{more}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(behaviour: Behaviour) -> None:
    stats, rng = Stats(), random.Random(behaviour.seed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(behaviour, stats, rng), "127.0.0.1", 0, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs; `url` ends in /v1."""

    url: str

    def stats(self) -> Stats:
        with urllib.request.urlopen(f"{self.url}/stats", timeout=10) as answer:  # noqa: S310 - our own loopback address
            return Stats(**json.load(answer))


@contextmanager
def lean_server(behaviour: Behaviour) -> Iterator[Running]:
    """The server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.lean_server", json.dumps(asdict(behaviour))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Running(f"http://127.0.0.1:{process.stdout.readline().strip()}/v1")
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(Behaviour(**json.loads(sys.argv[1]))))
