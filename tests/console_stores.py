"""Real SQLite stores behind a screen under test: jobs that failed by the thousand, and jobs that were classified."""

from pathlib import Path

from console_builders import RecordingHub
from console_states import busy
from forge_tui.console.rows import StoreRows
from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.ticket import Complexity
from store_builders import NOW, a_job, a_row, a_settlement, a_store, add_rows, an_entry, done, failed

CHUNK = 10_000
# One after another, so that every page and every filter meets all of them.
CAUSES = (
    (Code.SERVER, "500 model_call_error", (0, 6)),
    (Code.SCHEMA, 'category "refunds" is not one of the five', (3, 0)),
    (Code.LENGTH, "answer cut at 2048", (2, 0)),
    (Code.FILTER, "refused by the filter", (1, 0)),
)
CLASSES = (Complexity.COMPLEX, Complexity.MEDIUM, Complexity.SIMPLE)
ANSWERS = (
    Classification("billing", "high", "Customer was charged twice"),
    Classification("software_issue", "low", "App does not start after the update"),
    Classification("other", "critical", "Asks what a licence costs"),
)


async def failed_job(path: Path, count: int) -> int:
    """A job of which every ticket failed, each of CAUSES in turn."""
    async with a_store(path) as store:
        job_id = await a_job(store)
        for start in range(1, count + 1, CHUNK):
            positions = range(start, min(start + CHUNK, count + 1))
            await add_rows(
                store, job_id, [a_row(n, f"ticket {n}", CLASSES[n % 3]) for n in positions], [], now=NOW, ttl_s=None
            )
            outcomes = [_failed(n) for n in positions]
            await store.record(a_settlement(job_id, *outcomes, entry=an_entry(*positions, batch=start)), NOW)
    return job_id


def _failed(position: int):
    code, message, attempts = CAUSES[position % len(CAUSES)]
    return failed(position, code=code, message=message, attempts=attempts)


async def classified_job(path: Path, count: int) -> int:
    """A job of which every ticket is done, each with one of ANSWERS in turn."""
    async with a_store(path) as store:
        job_id = await a_job(store, [a_row(n, f"ticket {n}") for n in range(1, count + 1)], ttl_s=None)
        outcomes = [done(n, classification=ANSWERS[n % len(ANSWERS)]) for n in range(1, count + 1)]
        await store.record(a_settlement(job_id, *outcomes, entry=an_entry(*range(1, count + 1), batch=7)), NOW)
    return job_id


def hub_over(path: Path, job_id: int, **changes) -> RecordingHub:
    """A recording hub whose rows are those of the store at `path`."""
    job: Snapshot = busy(job_id=job_id, **changes)
    hub = RecordingHub(job)
    hub.rows = StoreRows(path)
    return hub
