"""The log file: JSON lines, quiet libraries, no key, no ticket text."""

import json
import logging
import stat
from pathlib import Path

import pytest

from event_builders import opened, settled, ticket_checked, ticket_failed
from forge_tui.core.event import JobStateChanged, Notice
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.telemetry import log as log_module
from forge_tui.telemetry.bus import EventBus
from forge_tui.telemetry.fold import Accumulator
from forge_tui.telemetry.log import FILE_NAME, open_log
from forge_tui.telemetry.redact import Redactor

KEY = "sk-CANARY-1234567890"


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.register(lambda: KEY)
    return redactor


@pytest.fixture
def log(tmp_path, redactor):
    log = open_log(tmp_path / "state", "info", redactor, lambda: 1000.5)
    yield log
    log.close()


def lines(tmp_path: Path) -> list[dict]:
    return [json.loads(line) for line in (tmp_path / "state" / FILE_NAME).read_text().splitlines()]


def test_a_record_is_one_json_line_with_time_level_and_facts(log, tmp_path):
    log.logger.info("job_created", job_id="J-0042", total=3)
    assert lines(tmp_path) == [
        {"time": 1000.5, "level": "info", "logger": "forge_tui", "event": "job_created", "job_id": "J-0042", "total": 3}
    ]


def test_every_line_of_a_call_names_its_job(log, tmp_path):
    """D34: call lines of the original carried no job id."""
    bus = EventBus(Accumulator())
    bus.subscribe(log.event)
    bus.publish(opened())
    bus.publish(settled(0, failed=1, code=Code.SERVER, http_status=503))
    bus.publish(ticket_failed(code=Code.SERVER, service_attempts=6))
    bus.publish(Notice(1002.0, 42, "warn", "the disk is slow"))
    written = lines(tmp_path)
    assert {line["job_id"] for line in written} == {"J-0042"}
    assert [line["event"] for line in written] == ["job.opened", "attempt.failed", "ticket.failed", "notice"]
    assert (written[1]["http_status"], written[1]["latency_ms"], written[1]["tokens"]) == (503, 1000.0, 100)
    assert (written[2]["service_attempts"], written[3]["message"]) == (6, "the disk is slow")


@pytest.mark.parametrize(("level", "kept"), [("debug", 2), ("info", 1), ("warning", 0)])
def test_the_level_decides_what_is_written(tmp_path, redactor, level, kept):
    """D34: the original logged at DEBUG whatever LOG_LEVEL said."""
    log = open_log(tmp_path / "state", level, redactor, lambda: 1.0)
    log.logger.debug("small")
    log.logger.info("large")
    log.close()
    assert len(lines(tmp_path)) == kept


def test_a_key_and_a_ticket_text_are_found_nowhere(log, tmp_path):
    """D34: a canary key and a canary text, in every way they could come in."""
    log.logger.warning("call", api_key=KEY, url=f"https://host/?key={KEY}", text="canary text", headers={"x": KEY})
    logging.getLogger("httpx").warning("GET https://host/?key=%s", KEY)
    try:
        int(KEY)
    except ValueError:
        log.logger.exception("failed")
    written = (tmp_path / "state" / FILE_NAME).read_text()
    assert len(written.splitlines()) == 3
    assert "CANARY" not in written
    assert "canary text" not in written
    assert "ValueError" in written


def test_what_a_provider_or_a_model_wrote_is_not_repeated(log, tmp_path):
    """D34: it may repeat a ticket's text; what we wrote of a call without an answer stays."""
    echo = "HTTP 400: rejected: canary text"
    log.event(settled(0, failed=1, code=Code.REQUEST, http_status=400, message=echo))
    log.event(ticket_failed(code=Code.REQUEST, http_status=400, message=echo))
    log.event(ticket_checked(same_category=None, same_priority=None, code=Code.REQUEST, http_status=400, message=echo))
    log.event(JobStateChanged(1.0, 42, JobState.HALTED, f"20 in a row: {echo}", Code.REQUEST))
    log.event(settled(0, failed=1, code=Code.NETWORK, http_status=None, message="cannot connect to host:443"))
    assert "canary text" not in (tmp_path / "state" / FILE_NAME).read_text()
    assert lines(tmp_path)[4]["message"] == "cannot connect to host:443"


def test_libraries_are_quiet_below_a_warning(log, tmp_path):
    logging.getLogger("httpx").info("HTTP Request: POST https://host")
    logging.getLogger("httpcore.connection").debug("connect_tcp.started")
    logging.getLogger("asyncio").warning("slow callback")
    assert [line["event"] for line in lines(tmp_path)] == ["slow callback"]


def test_hostile_text_reaches_no_terminal_that_shows_the_log(log, tmp_path):
    log.logger.info("row", message="\x1b]52;c;aGk=\x07\x9b2J")
    assert "\x9b" not in lines(tmp_path)[0]["message"]
    assert "\x1b" not in lines(tmp_path)[0]["message"]


def test_only_the_owner_may_read_it_also_after_rotation(tmp_path, redactor, monkeypatch):
    monkeypatch.setattr(log_module, "MAX_BYTES", 300)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE_NAME).touch(0o644)
    log = open_log(tmp_path / "state", "info", redactor, lambda: 1.0)
    for number in range(20):
        log.logger.info("line", number=number)
    log.close()
    files = list((tmp_path / "state").iterdir())
    assert len(files) == log_module.KEPT_FILES + 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert all(path.stat().st_size <= 400 for path in files)


def test_a_disk_that_takes_nothing_more_writes_nothing_over_the_screen(log, capfd):
    log._handler.stream.close()
    log.logger.info("lost")
    assert capfd.readouterr() == ("", "")
    log._handler.stream = None


def test_closing_gives_the_root_logger_back(tmp_path, redactor):
    before = list(logging.getLogger().handlers)
    open_log(tmp_path / "state", "info", redactor, lambda: 1.0).close()
    assert logging.getLogger().handlers == before
