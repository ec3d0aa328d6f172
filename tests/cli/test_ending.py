"""What the last line says of every way a run can end."""

import signal
from pathlib import Path

import pytest

from forge_tui.cli.ending import Exit, Next, ending_of, exit_code_of, interrupted, told
from forge_tui.core.errors import (
    DatabaseFault,
    DatabaseLocked,
    DatabaseRefused,
    ForgeError,
    InputRefused,
    KeyRefused,
    OutputRefused,
    SettingsRefused,
    UnknownJob,
)
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState

THEN = Next(again="forge-tui --batch t.csv", look="forge-tui jobs")


def job(state: JobState, reason: str = "", code: Code | None = None, hold_until: float | None = None) -> JobRecord:
    counts = JobCounts(total=10, done=6, failed=1, queued=2, waiting=1)
    spec = JobSpec(("t.csv",), "0" * 64, "text", "local", "", "local-rules", "p1")
    return JobRecord(7, spec, state, reason, 1.0, None, None, hold_until, counts, 0, 0.0, None, code)


@pytest.mark.parametrize(
    ("ended", "code", "line"),
    [
        (
            job(JobState.FINISHED_WITH_FAILURES),
            4,
            (
                "J-0007 finished: 6 of 10 tickets classified, 1 failed: out/failures.jsonl says why."
                " To look: forge-tui jobs J-0007"
            ),
        ),
        (
            job(JobState.PAUSED, "provider", Code.RATE_LONG, hold_until=66_600.0),
            3,
            (
                "J-0007 paused [E-RATE-LONG], 3 of 10 tickets still open, none lost: The provider asks for a long wait"
                " (a daily limit?). It takes requests again from 18:30Z. To go on: forge-tui --batch t.csv"
            ),
        ),
        (
            job(JobState.HALTED, "unknown model gpt-0", Code.MODEL),
            3,
            (
                "J-0007 halted [E-MODEL], 3 of 10 tickets still open, none lost: unknown model gpt-0."
                " The endpoint refuses the model or a setting. Correct --model or the setting, then resume."
                " To go on: forge-tui --batch t.csv"
            ),
        ),
        (
            job(JobState.CANCELLED),
            3,
            "J-0007 was cancelled: 6 of 10 tickets classified. To look: forge-tui jobs J-0007",
        ),
    ],
    ids=["failures", "paused", "halted", "cancelled"],
)
def test_the_last_line_says_what_happened_and_what_to_type(ended: JobRecord, code: int, line: str):
    ending = ending_of(ended, Path("out"), THEN)
    assert (ending.code, ending.line) == (code, line)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["HUP", "INT", "TERM"]
)
def test_an_interrupted_run_can_go_on_or_start_again(number: signal.Signals, code: int):
    stored, nothing = interrupted(job(JobState.READY), number, THEN), interrupted(None, number, THEN)
    assert (stored.code, nothing.code) == (code, code)
    assert stored.line.endswith("6 of 10 classified, nothing lost. To go on: forge-tui --batch t.csv")
    assert nothing.line.endswith("before anything was stored. To start again: forge-tui --batch t.csv")


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (InputRefused("x"), Exit.USAGE),
        (SettingsRefused("x"), Exit.USAGE),
        (OutputRefused("x"), Exit.USAGE),
        (UnknownJob("x"), Exit.USAGE),
        (KeyRefused("x"), Exit.HALTED),
        (DatabaseRefused("x"), Exit.HALTED),
        (DatabaseFault("x"), Exit.HALTED),
        (DatabaseLocked("x", 1, 2.0), Exit.LOCKED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_refusal_has_its_exit_code(refusal: ForgeError, code: Exit):
    assert exit_code_of(refusal) is code


def test_a_refusal_is_told_with_its_code_and_without_escape_sequences():
    assert told(InputRefused("a\x1b[2Jb.csv: no text")) == "forge-tui: a␛[2Jb.csv: no text [E-INPUT]"


def test_a_wrong_setting_is_told_without_a_failure_code():
    assert told(SettingsRefused("--rpm: should be a number")) == "forge-tui: --rpm: should be a number"


@pytest.mark.parametrize(
    ("state", "typed"),
    [
        (JobState.PAUSED, "forge-tui --batch --resume J-0007"),
        (JobState.LOADING, "forge-tui --batch -"),  # not all rows are stored: they have to come again
    ],
)
def test_what_came_through_a_pipe_goes_on_from_the_store(state: JobState, typed: str):
    piped = Next(again="forge-tui --batch -", look="forge-tui jobs", resume="forge-tui --batch --resume")
    assert ending_of(job(state, "provider"), Path("out"), piped).line.endswith(f"To go on: {typed}")
    assert interrupted(job(state), signal.SIGINT, piped).line.endswith(f"To go on: {typed}")
