"""The names scripts rely on: rows, report and the one JSON document."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.core.agreement import Agreement
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.pipeline.document import (
    FAILURE_NAMES,
    RESULT_NAMES,
    failure_row,
    output_names,
    report,
    result_row,
    to_json_line,
    write_document,
)
from forge_tui.storage.rows import JobMix, JobStats, SettledRow


def done_row(position: int = 1, **changes: Any) -> SettledRow:
    row = SettledRow(
        position=position,
        state=TicketState.DONE,
        external_id=f"A-{position}",
        text="Please refund me",
        category="billing",
        priority="high",
        summary="wants a refund",
        complexity=Complexity.SIMPLE,
        source=Source.MODEL,
        attempts=3,
        tokens=120,
        cost=0.004,
        truncated=0,
        flags='["repaired"]',
        code=None,
        message=None,
        http_status=None,
        file="tickets.csv",
        line=position + 1,
        columns=None,
    )
    return row._replace(**changes)


def failed_row(code: Code, **changes: Any) -> SettledRow:
    nothing = dict.fromkeys(("source", "category", "priority", "summary", "flags"))
    return done_row(state=TicketState.FAILED, code=code, **nothing, **changes)


def job(state: JobState = JobState.FINISHED, **changes: Any) -> JobRecord:
    settings = {"currency": "INR", "usd_rate": 80.0}
    spec = JobSpec(("tickets.csv",), "0" * 64, "text", "sarvam", "https://x/v1", "sarvam-105b", "p1", settings)
    counts = JobCounts(total=6, done=4, failed=2, from_cache=1, from_twin=1, refused=1)
    return replace(JobRecord(42, spec, state, "", 1000.0, None, None, None, counts, 0, 0.0, None), **changes)


MIX = JobMix({Complexity.SIMPLE: 3, Complexity.MEDIUM: 0, Complexity.COMPLEX: 0}, 3, ("label",))
STATS = JobStats(7, 1, 400, 90, 0.8, 30, 0.05, 900.0, 1800.5, 2000.0, 5, 1, 0.2, 1 / 3, 12.345)


def test_a_result_row_has_the_originals_names_and_ours_in_order():
    row = result_row(done_row(columns='{"label": "x"}'), {"label": "label"})
    assert tuple(row) == (*RESULT_NAMES, "label")
    assert {"ticket", "category", "priority", "summary", "cache_hit", "tokens"} <= set(row)
    assert (row["id"], row["attempts"], row["cache_hit"]) == ("A-1", 3, False)


@pytest.mark.parametrize(("source", "hit"), [(Source.MODEL, False), (Source.CACHE, True), (Source.TWIN, False)])
def test_only_the_cache_makes_a_cache_hit(source: Source, hit: bool):
    assert result_row(done_row(source=source), {})["cache_hit"] is hit


@pytest.mark.parametrize(
    ("code", "retryable", "helps"),
    [(Code.SERVER, True, "now"), (Code.REQUEST, True, "unlikely"), (Code.INPUT, False, "no")],
)
def test_a_failure_row_says_why_where_and_whether_a_retry_helps(code: Code, retryable: bool, helps: str):
    row = failure_row(failed_row(code, message="it broke", http_status=500), {})
    assert tuple(row) == FAILURE_NAMES
    assert (row["error"], row["code"], row["file"], row["line"]) == ("it broke", code, "tickets.csv", 2)
    assert (row["retryable"], row["retry_helps"]) == (retryable, helps)


def test_a_column_that_clashes_is_prefixed():
    names = output_names(("label", "category", "id", "code"))
    assert names == {"label": "label", "category": "input_category", "id": "input_id", "code": "input_code"}


@given(st.lists(st.sampled_from(["id", "input_id", "input_input_id", "ticket", "line", "x"]), unique=True))
def test_no_two_columns_ever_share_a_name(columns: list[str]):
    """D19: every input row keeps all of its columns."""
    written = [*RESULT_NAMES, *output_names(columns).values()]
    assert len(set(written)) == len(written)


def test_the_report_keeps_the_originals_names_and_counts_that_add_up():
    document = report(job(estimated_s=3.5), STATS, MIX, {}, duration_s=12.345)
    assert (document["job_id"], document["status"], document["estimated_seconds"]) == ("J-0042", "done", 3.5)
    parts = ("cached", "unique", "twins", "refused")
    assert [document[name] for name in parts] == [1, 3, 1, 1]
    assert sum(document[name] for name in parts) == document["total"] == 6
    assert document["complexity_breakdown"] == {"simple": 3, "medium": 0, "complex": 0}


def test_the_statistics_are_in_dollars_and_in_the_providers_currency():
    stats = report(job(), STATS, MIX, {}, duration_s=12.345)["stats"]
    assert (stats["cost"], stats["currency"], stats["cost_usd"]) == (0.8, "INR", 0.01)
    assert (stats["total_tokens"], stats["p95_ms"]) == (490, 1800.5)
    assert (stats["cache_hit_rate"], stats["failure_rate"], stats["duration_seconds"]) == (0.2, 0.3333, 12.35)


def test_the_report_tells_how_far_answers_in_company_and_alone_agree():
    found = {Complexity.SIMPLE: Agreement(100, 99, 90, 1), Complexity.COMPLEX: Agreement(20, 20, 20)}
    told = report(job(), STATS, MIX, found, duration_s=None)["agreement"]
    assert told["category"] == {"same": 119, "of": 120, "rate": 0.9917, "low": 0.9543, "high": 0.9985}
    assert (told["checked"], told["unanswered"], told["priority"]["same"]) == (121, 1, 110)
    assert told["by_complexity"]["complex"]["priority"]["of"] == 20
    assert report(job(), STATS, MIX, {}, duration_s=None)["agreement"] is None


def test_without_a_price_no_dollars_are_made_up():
    free = replace(job(), spec=replace(job().spec, settings={}))
    stats = report(free, STATS, MIX, {}, duration_s=None)["stats"]
    assert (stats["cost_usd"], stats["currency"], stats["duration_seconds"]) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "code", "status", "reason"),
    [
        (JobState.FINISHED_WITH_FAILURES, None, "done", None),
        (JobState.CANCELLED, None, "cancelled", None),
        (JobState.PAUSED, Code.BUDGET, "paused", "budget:cost"),
        (JobState.HALTED, Code.AUTH, "halted", "halted:E-AUTH"),
        (JobState.READY, None, "pending", "ready"),
    ],
)
def test_an_unfinished_job_is_marked_incomplete_with_its_reason(
    state: JobState, code: Code | None, status: str, reason: str | None
):
    document = report(job(state, code=code), STATS, MIX, {}, duration_s=None)
    assert (document["status"], document["incomplete_reason"]) == (status, reason)
    assert document["incomplete"] is (reason is not None)


rows = st.lists(st.dictionaries(st.text(), st.none() | st.integers() | st.text()))


@given(rows, rows)
def test_the_document_is_json_whatever_the_rows(results: list[dict[str, Any]], failures: list[dict[str, Any]]):
    stream = io.StringIO()
    write_document(stream, {"job_id": "J-0001", "stats": {"p50_ms": 1.5}}, results, failures)
    read = json.loads(stream.getvalue())
    assert read == {"job_id": "J-0001", "stats": {"p50_ms": 1.5}, "results": results, "failures": failures or None}


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))  # the store keeps no lone surrogate
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_a_line_of_a_row_file_gives_every_value_back_and_is_one_line(row: dict[str, Any]):
    line = to_json_line(row)
    assert json.loads(line) == row
    assert line.count("\n") == 1
