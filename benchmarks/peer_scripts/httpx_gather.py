"""What people write first: httpx, one client, a semaphore and a gather."""

import asyncio

import httpx
from common import KEY, body, category_of, task


async def main() -> None:
    work = task()
    gate = asyncio.Semaphore(work.slots)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(timeout=60, limits=limits, headers=headers) as client:

        async def one(text: str) -> bool:
            async with gate:
                if work.over:
                    return False
                answer = await client.post(f"{work.url}/chat/completions", json=body(text))
                return bool(category_of(answer.raise_for_status().json()["choices"][0]["message"]["content"]))

        work.start()
        done = await asyncio.gather(*(one(text) for text in work.texts))
        work.tell(sum(done))


asyncio.run(main())
