"""Events as JSON for scripts and as lines for people."""

import json
import stat
from math import nan
from typing import get_args

import pytest

from event_builders import MEDIUM, SIMPLE, opened, running, sent, settled, ticket_checked, ticket_failed
from forge_tui.core.event import (
    BreakerChanged,
    CommandAnswered,
    Event,
    GateShut,
    JobExported,
    JobPlanned,
    JobStateChanged,
    LimitChanged,
    Notice,
    TicketsCancelled,
    TicketsDue,
    TicketsRetried,
)
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.telemetry.bus import EventBus
from forge_tui.telemetry.event_log import EventFile, as_json, event_name, log_entry
from forge_tui.telemetry.fold import Accumulator
from forge_tui.telemetry.live import LiveViews

AT = 1_700_049_865.0  # 12:04:25 UTC
PLANNED = JobPlanned(AT, 42, 5003, 280, 4588, 132, 3, {SIMPLE: 2570, MEDIUM: 1925}, 389, 38.0, 690.2)
SAMPLES = {
    "job.planned": PLANNED,
    "job.opened": opened(),
    "job.state": running(),
    "batch.sent": sent(),
    "batch.done": settled(),
    "attempt.failed": settled(0, waiting=1, code=Code.SERVER),
    "ticket.failed": ticket_failed(),
    "ticket.checked": ticket_checked(),
    "tickets.due": TicketsDue(AT, 42, SIMPLE, 3),
    "tickets.retried": TicketsRetried(AT, 42, SIMPLE, 2, 1, 1, {Code.SCHEMA: 2}),
    "tickets.cancelled": TicketsCancelled(AT, 42, SIMPLE, 5, 1, 2),
    "breaker.changed": BreakerChanged(AT, 42, "OPEN", "5 in a row", 30.0),
    "gate.shut": GateShut(AT, 42, 12.0, Code.RATE),
    "limit.changed": LimitChanged(AT, 42, "complex", 3, 4, "5 clean"),
    "command.done": CommandAnswered(AT, 42, 1, "SetLimits", accepted=True, message="slots 6 → 4"),
    "job.exported": JobExported(AT, 42, "tickets-results", 5003),
    "notice": Notice(AT, 42, "info", "the disk takes writes again"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_event_keeps_its_name_and_is_one_json_object(name):
    record = as_json(SAMPLES[name])
    assert (record["event"], record["job_id"]) == (name, "J-0042")
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_no_kind_of_event_is_without_a_name():
    assert {type(event) for event in SAMPLES.values()} == set(get_args(Event))
    assert [event_name(event) for event in SAMPLES.values()] == list(SAMPLES)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            settled(20, at=AT, batch="b-0317", latency_ms=3050.0, cost=0.124),
            "12:04:25 info  batch.done       b-0317 simple ×20 ok=20 ms=3050 inr=0.124",
        ),
        (
            ticket_failed(MEDIUM, AT, position=2966, code=Code.FILTER, batch="b-0318", ticket_attempts=1),
            "12:04:25 error ticket.failed    T-002966 code=E-FILTER b-0318 medium ×1 tries=1/1",
        ),
        (
            settled(0, MEDIUM, AT, batch="b-0320", waiting=10, code=Code.SERVER, http_status=503, again_in_s=1.2),
            "12:04:25 warn  attempt.failed   b-0320 medium ×10 code=E-5XX status=503 again_in=1.2 s",
        ),
        (
            ticket_failed(at=AT, position=118, code=Code.SERVER, service_attempts=6, twins=2),
            "12:04:25 error ticket.failed    T-000118 code=E-5XX b-0001 simple ×1 tries=6/6 twins=2",
        ),
        (
            settled(8, at=AT, requeued=2, code=Code.SCHEMA, cost=0.0),
            "12:04:25 warn  batch.done       b-0001 simple ×10 ok=8 ms=1000 code=E-SCHEMA",
        ),
        (
            ticket_checked(at=AT, same_priority=False),
            "12:04:25 info  ticket.checked   T-000007 b-0002 simple alone category same priority other",
        ),
        (
            ticket_checked(at=AT, same_category=None, same_priority=None, again=True, code=Code.SERVER),
            "12:04:25 warn  ticket.checked   T-000007 b-0002 simple alone code=E-5XX asked again later",
        ),
        (
            ticket_checked(at=AT, same_category=None, same_priority=None, code=Code.JSON),
            "12:04:25 warn  ticket.checked   T-000007 b-0002 simple alone code=E-JSON not compared",
        ),
        (SAMPLES["limit.changed"], "12:04:25 info  limit.changed    complex 3 → 4: 5 clean"),
        (SAMPLES["command.done"], "12:04:25 info  command.done     SetLimits slots 6 → 4"),
        (SAMPLES["breaker.changed"], "12:04:25 warn  breaker.changed  OPEN: 5 in a row, next probe in 30 s"),
        (SAMPLES["gate.shut"], "12:04:25 warn  gate.shut        E-RATE: nothing is sent for 12 s"),
        (
            JobStateChanged(AT, 42, JobState.HALTED, "key refused", Code.AUTH),
            "12:04:25 error job.state        halted: E-AUTH key refused",
        ),
    ],
)
def test_lines_read_as_on_the_dashboard(event, line):
    assert log_entry(event, "INR").line() == line


def test_the_short_line_fits_beside_other_things():
    event = settled(0, MEDIUM, AT, batch="b-0320", waiting=10, code=Code.SERVER, http_status=503, again_in_s=1.2)
    assert log_entry(event).line(short=True) == "12:04:25 warn  attempt.failed b-0320 ×10 E-5XX, again in 1.2 s"


def test_a_plan_names_what_dry_run_prints():
    record = as_json(PLANNED)
    assert record["complexity_breakdown"] == {"simple": 2570, "medium": 1925}
    assert (record["total"], record["cached"], record["unique"], record["estimated_seconds"]) == (
        5003,
        280,
        4588,
        690.2,
    )


def test_an_events_own_figures_survive_beside_the_jobs():
    accumulator = Accumulator()
    accumulator.apply(opened())
    record = as_json(settled(8, failed=2, code=Code.SCHEMA), accumulator.progress())
    assert (record["batch_failed"], record["failed"], record["total"], record["done"]) == (2, 0, 100, 8)
    assert as_json(opened(failed={SIMPLE: 3}), accumulator.progress())["failed_by_class"] == {"simple": 3}


def test_what_is_no_number_becomes_null():
    assert as_json(settled(cost=nan))["cost"] is None


def test_hostile_text_is_cleaned_and_stays_on_its_line():
    event = ticket_failed(message="\x1b]0;owned\x07\x9b2J", code=Code.SCHEMA)
    assert "\x1b" not in json.dumps(as_json(event), ensure_ascii=False)
    entry = log_entry(Notice(AT, 42, "warn", "one\ntwo\x1b[2J"))
    assert "\n" not in entry.line()
    assert "\x1b" not in entry.line()


def test_the_file_has_a_line_for_each_event_with_the_originals_progress_keys(tmp_path):
    path = tmp_path / "events.jsonl"
    accumulator = Accumulator()
    bus = EventBus(accumulator)
    file = EventFile(path, accumulator.progress)
    bus.subscribe(file)
    for event in [opened({SIMPLE: 3}), sent(3), settled(2, failed=1, code=Code.SCHEMA), ticket_failed()]:
        bus.publish(event)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    accumulator.freeze(LiveViews(), 1002.0, 2.0)
    bus.publish(running())
    file.close()
    last = json.loads(path.read_text().splitlines()[-1])
    assert [line["event"] for line in lines] == ["job.opened", "batch.sent", "batch.done", "ticket.failed"]
    assert "completed" not in lines[1]
    assert {key: lines[3][key] for key in ("completed", "total", "cache_hits", "failed", "eta_seconds")} == {
        "completed": 3,
        "total": 3,
        "cache_hits": 0,
        "failed": 1,
        "eta_seconds": None,
    }
    assert last["eta_seconds"] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_dropped_and_said(tmp_path):
    bus = EventBus(Accumulator())
    file = EventFile(tmp_path / "events.jsonl", bus.accumulator.progress)
    bus.subscribe(file)
    file.close()
    bus.publish(opened())
    assert bus.accumulator.freeze(LiveViews(), 1.0, 1.0).events[-1].text.startswith("EventFile stopped listening")


def test_the_preview_is_the_first_line_of_a_job(tmp_path):
    path = tmp_path / "events.jsonl"
    file = EventFile(path, Accumulator().progress)
    for event in [JobStateChanged(AT, 42, JobState.LOADING), PLANNED, running()]:
        file(event)
    file.close()
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["job.planned", "job.state"]
