"""P22: whatever became of the file, it is refused and left as it is, or it works; never a traceback.

Damage that only shows when a value is read (a letter that is none) ends in the same refusal later.
"""

import asyncio
import random
from collections import Counter

import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import ForgeError
from forge_tui.core.ticket import Complexity
from forge_tui.storage import schema
from forge_tui.storage.database import Database
from forge_tui.storage.job_store import JobStore
from forge_tui.storage.reader import Reader
from store_builders import DAY_S, NOW, a_job, a_refusal, a_settlement, a_store, done, failed, key_of, rows, waiting

PAGE_BYTES = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A database with a finished part, failures, waiting tickets and an open part."""
    path = tmp_path_factory.mktemp("whole") / "forge.db"

    async def fill():
        async with a_store(path) as store:
            job_id = await a_job(store, rows(120, columns={"customer": "Ada"}), [a_refusal(121)])
            for first in range(1, 80, 4):
                outcomes = [done(first), done(first + 1), failed(first + 2), waiting(first + 3)]
                await store.record(a_settlement(job_id, *outcomes), NOW)

    asyncio.run(fill())
    return path.read_bytes()


def flip(content, rng):
    for _ in range(rng.choice((1, 1, 8, 64))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def flip_head(content, rng):
    content[rng.randrange(100)] ^= 1 << rng.randrange(8)


def cut(content, rng):
    del content[rng.randrange(len(content)) :]


def cut_pages(content, rng):
    del content[rng.randrange(1, len(content) // PAGE_BYTES) * PAGE_BYTES :]


def lose_page(content, rng):
    begin = rng.randrange(len(content) // PAGE_BYTES) * PAGE_BYTES
    content[begin : begin + PAGE_BYTES] = rng.choice((bytes(PAGE_BYTES), rng.randbytes(PAGE_BYTES)))


def swap_pages(content, rng):
    one, two = (rng.randrange(len(content) // PAGE_BYTES) * PAGE_BYTES for _ in range(2))
    content[one : one + PAGE_BYTES], content[two : two + PAGE_BYTES] = (
        content[two : two + PAGE_BYTES],
        content[one : one + PAGE_BYTES],
    )


HARMS = (flip, flip, flip_head, cut, cut_pages, lose_page, swap_pages)


async def use(path):
    """What a run does with a database: open, look, ask, record; raises what it raises."""
    database = await Database.open(path, clock=SystemClock())
    try:
        store = JobStore(database)
        await store.end_cancelled(NOW)
        for job_id in range(1, (await store.latest_job() or 0) + 1):
            await store.job(job_id)
            await store.opening(job_id)
            await store.waiting(job_id, NOW)
            await store.cached([key_of("text 1")], NOW, DAY_S)
            for ticket in await store.next_queued(job_id, Complexity.SIMPLE, 0, 10):
                await store.record(a_settlement(job_id, done(ticket.position)), NOW)
            reader = Reader(path)
            try:
                reader.stats(job_id), reader.mix(job_id), reader.failure_groups(job_id)
                for row in reader.settled_rows(job_id):
                    reader.ticket(job_id, row.position), reader.attempts(job_id, row.position)
            finally:
                reader.close()
    finally:
        await database.close()


def harmed(whole, folder, seed):
    """What came of using the file that the harm of `seed` leaves: "works", or the name of the refusal."""
    rng = random.Random(f"{seed}:harm")
    content, path = bytearray(whole), folder / "harmed.db"
    rng.choice(HARMS)(content, rng)
    for file in folder.iterdir():
        file.unlink()
    path.write_bytes(content)
    refusal = refusal_of(path, seed)
    if refusal is None:
        return "works"
    assert "not touched" not in str(refusal) or path.read_bytes() == content, f"seed {seed}: {refusal}"
    return type(refusal).__name__


def refusal_of(path, seed):
    try:
        asyncio.run(use(path))
    except ForgeError as refusal:
        return refusal
    except Exception as bug:
        bug.add_note(f"seed {seed}")
        raise
    return None


@pytest.mark.parametrize(
    ("was", "became", "says"),
    [
        (
            b"external_id TEXT,\n    summary",
            b"external_id TEXT,\n    sumnary",
            f"not those of schema {schema.newest_version()}",
        ),
        (b'{"customer": "Ada"}', b'{"customer"> "Ada"}', "values that no run of ours wrote"),
        (b"E-SCHEMAcategory x", b"E-SCHEMBcategory x", "is damaged"),
    ],
    ids=["a definition", "a value", "an indexed value"],
)
def test_one_wrong_letter_is_found_before_anything_is_written(whole, tmp_path, was, became, says):
    assert was in whole
    path = tmp_path / "forge.db"
    path.write_bytes(whole.replace(was, became, 1))
    before = path.read_bytes()
    assert says in str(refusal_of(path, seed=None))
    assert path.read_bytes() == before


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_a_harmed_database_is_refused_as_it_is_or_works(whole, first, tmp_path):
    came_to = Counter(harmed(whole, tmp_path, seed) for seed in range(first, first + 50))
    assert came_to["DatabaseRefused"] >= 25
    assert came_to["works"] >= 3


@pytest.mark.soak
def test_a_database_harmed_in_any_of_a_thousand_ways_is_too(whole, tmp_path):
    assert Counter(harmed(whole, tmp_path, seed) for seed in range(1_000, 2_000))["DatabaseRefused"] > 500
