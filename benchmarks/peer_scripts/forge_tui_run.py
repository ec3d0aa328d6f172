"""Ours, told in the same way: one ticket a request, everything stored."""

import asyncio
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from common import KEY, task

from forge_tui.core.clock import SystemClock
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.settings import Settings


async def main() -> None:
    work = task()
    chosen = {"provider": "sarvam", "base_url": work.url, "requests_per_min": 0, "batch_size": 1}
    settings = Settings.model_validate(chosen | {"concurrency": work.slots})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.txt"
        path.write_text("".join(f"{text}\n" for text in work.texts), encoding="utf-8")
        session = await Session.open(
            settings, Secret(KEY), db=Path(folder) / "forge.db", clock=SystemClock(), rng=random.Random(1)
        )
        try:
            work.start()
            with open_inputs([str(path)], settings) as inputs:
                prepared = await session.prepare(inputs)
            await session.run(prepared.job_id)
            work.tell(session.snapshot().done)
        finally:
            await session.close()


asyncio.run(main())
