"""Results on disk: complete, in order, exact for machines and harmless in a spreadsheet."""

import csv
import io
import json
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_tui.core.text import clean
from forge_tui.pipeline.export import export_job, guard, quoted
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.storage.reader import Reader
from session_builders import World, in_a_world

HOSTILE = 'Ring \x1b]0;owned\x07 "now", हिन्दी\nsecond line'
TABLE = [
    ("ref", "category", "text"),
    ("=HYPERLINK(1)", "mine", "my invoice is wrong"),
    ("b", "yours", HOSTILE),
    ("c", "ours", "my  INVOICE is wrong"),
    ("d", "theirs", "   "),
    ("e", "+1", "-2+3 the screen is black"),
]
FORMULA = set("=+-@\t\r\0＝＋－＠")  # noqa: RUF001 - the full-width forms are the point


async def store(world: World, *, run: bool = True) -> int:
    source = world.folder / "tickets.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(TABLE)
    with open_inputs([str(source)], world.settings) as inputs:
        job_id = (await world.session.prepare(inputs)).job_id
    if run:
        await world.session.run(job_id)
    return job_id


def export(tmp_path: Path, *, run: bool = True, csv_raw: bool = False) -> SimpleNamespace:
    db, out = tmp_path / "forge.db", tmp_path / "out"
    job_id = in_a_world(lambda world: store(world, run=run), db=db, provider="local")
    with closing(Reader(db)) as reader:
        created_at = reader.job(job_id).created_at
        export_job(reader, job_id, out, closed_at=lambda: created_at + 7.25, csv_raw=csv_raw)
    return SimpleNamespace(
        results=lines(out / "results.jsonl"),
        failures=lines(out / "failures.jsonl"),
        table=list(csv.DictReader(io.StringIO((out / "results.csv").read_text("utf-8"), newline=""))),
        report=json.loads((out / "report.json").read_text("utf-8")),
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return export(tmp_path_factory.mktemp("export"))


def test_every_input_row_is_a_result_or_a_failure_in_input_order(exported: SimpleNamespace):
    """D19: as many rows out as in, numbered, in the order of the input, duplicates included."""
    assert [row["position"] for row in exported.results] == [1, 2, 3, 5]
    assert [row["position"] for row in exported.failures] == [4]
    assert [row["source"] for row in exported.results] == ["model", "model", "twin", "model"]


def test_json_lines_are_exact(exported: SimpleNamespace):
    assert [row["ticket"] for row in exported.results] == [TABLE[n][2] for n in (1, 2, 3, 5)]


def test_the_inputs_other_columns_ride_along_and_a_clash_is_prefixed(exported: SimpleNamespace):
    assert [row["ref"] for row in exported.results] == ["=HYPERLINK(1)", "b", "c", "e"]
    assert [row["input_category"] for row in exported.results] == ["mine", "yours", "ours", "+1"]
    assert exported.results[0]["category"] == "billing"
    assert exported.failures[0]["input_category"] == "theirs"


def test_a_failure_names_its_file_and_line(exported: SimpleNamespace):
    """D38: one bad row is one failure with its line."""
    failure = exported.failures[0]
    assert (failure["code"], failure["line"], failure["retryable"]) == ("E-INPUT", 6, False)
    assert str(failure["file"]).endswith("tickets.csv")
    assert "no text" in failure["error"]


def test_the_table_holds_the_same_rows_cleaned_and_guarded(exported: SimpleNamespace):
    assert [row["position"] for row in exported.table] == ["1", "2", "3", "5"]
    assert exported.table[0]["ref"] == "'=HYPERLINK(1)"
    assert exported.table[1]["ticket"] == clean(HOSTILE)
    assert exported.table[3]["ticket"] == "'-2+3 the screen is black"
    assert exported.table[3]["input_category"] == "'+1"


def test_csv_raw_leaves_cells_as_they_are(tmp_path: Path):
    table = export(tmp_path, csv_raw=True).table
    assert (table[0]["ref"], table[1]["ticket"]) == ("=HYPERLINK(1)", HOSTILE)


def test_the_report_tells_the_whole_and_leaves_the_rows_to_the_files(exported: SimpleNamespace):
    """D17: state and statistics can be read at any time."""
    report = exported.report
    assert (report["job_id"], report["status"], report["incomplete"]) == ("J-0001", "done", False)
    figures = ("total", "done", "failed", "cached", "unique", "twins", "refused")
    assert [report[name] for name in figures] == [5, 4, 1, 0, 3, 1, 1]
    assert (report["estimated_seconds"], report["stats"]["duration_seconds"]) == (0.0, 7.25)
    assert "results" not in report
    assert "failures" not in report


def test_a_job_that_did_not_run_is_exported_as_incomplete(tmp_path: Path):
    result = export(tmp_path, run=False)
    assert (result.results, len(result.failures)) == ([], 1)
    assert (result.report["incomplete"], result.report["open"]) == (True, 4)


@settings(max_examples=500)
@given(st.text())
def test_no_guarded_cell_is_a_formula_and_reading_gives_it_back(text: str):
    """P27: formula guard and round trip."""
    cell = guard(clean(text))
    assert not FORMULA & set(cell[:1] + cell.lstrip()[:1])
    assert cell.removeprefix("'") == clean(text).removeprefix("'")
    written = io.StringIO()
    csv.writer(written).writerow([cell, "end"])
    assert next(csv.reader(io.StringIO(written.getvalue(), newline=""))) == [cell, "end"]


@settings(max_examples=500)
@given(st.lists(st.text(st.sampled_from('a ,"\n\r;\x00é') | st.characters(codec="utf-8")), min_size=2))
def test_cells_are_quoted_as_the_standard_writer_quotes_them(cells: list[str]):
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    assert ",".join(map(quoted, cells)) + "\r\n" == written.getvalue()


@pytest.mark.parametrize("text", ["=1+1", "  @SUM(A1)", "\t=1", "＝1", "　+1", "-2"])  # noqa: RUF001 - likewise
def test_a_formula_gets_an_apostrophe(text: str):
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "'=1", "1=1", "a-b"])
def test_an_ordinary_text_is_left_alone(text: str):
    assert guard(text) == text
