"""A loop in the manner of the openai-cookbook's parallel processor: a ticking loop hands out capacity, a file takes answers.

Written anew after its idea: a wake-up every millisecond, at most one request a turn, retries in a queue, one
appended line an answer. It knows no slots, so the rate that the slots allow is its limit.
"""

import asyncio
import json
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from common import KEY, body, category_of, task

TICK_S = 0.001


async def main() -> None:
    work = task()
    waiting, to_retry, in_flight, done = deque(work.texts), deque[str](), 0, 0
    headers = {"authorization": f"Bearer {KEY}"}
    with TemporaryDirectory() as folder:
        results = Path(folder) / "results.jsonl"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

            async def one(text: str) -> None:
                nonlocal in_flight, done
                try:
                    async with session.post(f"{work.url}/chat/completions", json=body(text)) as answer:
                        answer.raise_for_status()
                        category = category_of((await answer.json())["choices"][0]["message"]["content"])
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps([text, category]) + "\n")
                    done += 1
                except aiohttp.ClientError:
                    to_retry.append(text)
                finally:
                    in_flight -= 1

            work.start()
            running = set[asyncio.Task[None]]()
            while (waiting or to_retry or in_flight) and not (work.over and not in_flight):
                if (waiting or to_retry) and in_flight < work.slots and not work.over:
                    in_flight += 1
                    sending = asyncio.create_task(one((to_retry or waiting).popleft()))
                    running.add(sending)
                    sending.add_done_callback(running.discard)
                await asyncio.sleep(TICK_S)
            work.tell(done)


asyncio.run(main())
