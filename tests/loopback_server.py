"""A real HTTP server on 127.0.0.1 for tests: what it answers, byte by byte, is the test's own business."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from forge_tui.core.clock import SystemClock

ONE_RESULT = '{"results":[{"id":"t1","category":"billing","priority":"low","summary":"An invoice."}]}'
USAGE = {"prompt_tokens": 412, "completion_tokens": 78, "total_tokens": 490}


@dataclass
class Seen:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


Answer = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """What a test needs to know of the running server."""

    base_url: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serving(*answers: Answer, ssl=None):
    """A server that gives `answers` in order, and the last one from then on."""
    loopback = Loopback()
    tasks: set[asyncio.Task] = set()

    async def converse(reader, writer):
        tasks.add(asyncio.current_task())
        loopback.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                loopback.seen.append(await _read_request(reader))
                loopback.asked.set()
                turn = min(len(loopback.seen), len(answers)) - 1
                await answers[turn](loopback.seen[-1], writer)
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=ssl, backlog=1000)
    loopback.base_url = f"{'https' if ssl else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield loopback
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _read_request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(head[0].split()[1], headers, body)


def raw(payload: bytes, *, then_close=False) -> Answer:
    async def answer(seen, writer):
        writer.write(payload)
        if then_close:
            writer.close()

    return answer


def http(body: bytes | dict, status=200, **headers) -> Answer:
    """A whole HTTP answer; `retry_after="3"` becomes the header `retry-after: 3`."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(payload)}"]
    lines += [f"{name}: {value}" for name, value in named.items()]
    return raw("\r\n".join([*lines, "", ""]).encode() + payload)


def completion(content=ONE_RESULT, finish_reason="stop", usage=USAGE, **message):
    document = {
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": {"content": content, **message}}],
        "usage": usage,
    }
    return {key: value for key, value in document.items() if value is not None}


def error(message="no", code=None, **more):
    return {"error": {"message": message, "code": code, **more}}


async def silence(seen, writer):
    await asyncio.Event().wait()


def slow(seconds, then: Answer) -> Answer:
    async def answer(seen, writer):
        await SystemClock().sleep(seconds)
        await then(seen, writer)

    return answer


def together(count, then: Answer) -> Answer:
    """Answers nobody until `count` requests are there, then all of them: whoever sends them by turns waits for ever."""
    barrier = asyncio.Barrier(count)

    async def answer(seen, writer):
        await barrier.wait()
        await then(seen, writer)

    return answer
