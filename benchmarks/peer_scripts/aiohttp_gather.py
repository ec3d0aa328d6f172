"""The same with aiohttp."""

import asyncio

import aiohttp
from common import KEY, body, category_of, task


async def main() -> None:
    work = task()
    gate = asyncio.Semaphore(work.slots)
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def one(text: str) -> bool:
            async with gate:
                if work.over:
                    return False
                async with session.post(f"{work.url}/chat/completions", json=body(text)) as answer:
                    answer.raise_for_status()
                    return bool(category_of((await answer.json())["choices"][0]["message"]["content"]))

        work.start()
        done = await asyncio.gather(*(one(text) for text in work.texts))
        work.tell(sum(done))


asyncio.run(main())
