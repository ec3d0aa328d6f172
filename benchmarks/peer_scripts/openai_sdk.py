"""The openai SDK as its pages show it: one AsyncOpenAI, a semaphore and a gather."""

import asyncio
from typing import Any, cast

from common import KEY, body, category_of, task
from openai import AsyncOpenAI


async def main() -> None:
    work = task()
    gate = asyncio.Semaphore(work.slots)
    async with AsyncOpenAI(base_url=work.url, api_key=KEY) as client:

        async def one(text: str) -> bool:
            async with gate:
                if work.over:
                    return False
                answer = await client.chat.completions.create(**cast("Any", body(text)))
                return bool(category_of(answer.choices[0].message.content or ""))

        work.start()
        done = await asyncio.gather(*(one(text) for text in work.texts))
        work.tell(sum(done))


asyncio.run(main())
