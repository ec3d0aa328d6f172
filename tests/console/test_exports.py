"""Exports of the console: the job where a batch run would write it, a part of it where nothing stands yet."""

import json

import pytest

from console_stores import failed_job
from forge_tui.console.exports import export
from forge_tui.console.paths import free_name
from forge_tui.core.errors import OutputRefused
from store_builders import NOW


async def written(db, folder, positions=None):
    job_id = await failed_job(db, 12) if not db.exists() else 1
    rows = export(db, job_id, folder, positions, wall=lambda: NOW, csv_raw=False)
    return rows, [json.loads(line)["position"] for line in (folder / "failures.jsonl").read_text().splitlines()]


async def test_a_part_holds_the_rows_of_the_filter_only(tmp_path):
    rows, positions = await written(tmp_path / "forge.db", tmp_path / "part", (2, 7, 11))
    assert (rows, len(positions)) == (3, 3)


async def test_a_part_never_takes_the_place_of_results(tmp_path):
    whole = tmp_path / "whole"
    await written(tmp_path / "forge.db", whole)
    before = (whole / "failures.jsonl").read_bytes()
    with pytest.raises(OutputRefused, match="holds results already"):
        await written(tmp_path / "forge.db", whole, (2,))
    with pytest.raises(OutputRefused, match="holds results already"):
        await written(tmp_path / "forge.db", tmp_path / "x" / ".." / "whole", (2,))
    assert (whole / "failures.jsonl").read_bytes() == before


def test_a_folder_that_is_there_is_not_offered_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert free_name("a-results-part") == "./a-results-part"
    (tmp_path / "a-results-part").mkdir()
    (tmp_path / "a-results-part-2").mkdir()
    assert free_name("a-results-part") == "./a-results-part-3"
