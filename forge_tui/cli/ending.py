"""How a command ends: its exit code and the last line on standard error, which says what to type next."""

import signal
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from forge_tui.core.errors import (
    DatabaseFault,
    DatabaseLocked,
    DatabaseRefused,
    ForgeError,
    KeyRefused,
    SettingsRefused,
)
from forge_tui.core.failure import RULES
from forge_tui.core.job import JobRecord, JobState, PauseReason
from forge_tui.core.text import clean
from forge_tui.telemetry import figures
from forge_tui.telemetry.crash import name_and_place


class Exit(IntEnum):
    """The exit codes that scripts may rely on; an interrupted run ends with 128 + the signal's number."""

    CLASSIFIED = 0
    BUG = 1
    USAGE = 2
    HALTED = 3
    SOME_FAILED = 4
    LOCKED = 75


@dataclass(frozen=True, slots=True)
class Ending:
    """The code, and one sentence with the command that follows."""

    code: int
    line: str


@dataclass(frozen=True, slots=True)
class Next:
    """What can be typed after a run: the same command `again`, and a look at the job in the same database.

    What came through a pipe is not typed again: there `resume`, before a job's name, goes on with the stored rows.
    """

    again: str
    look: str
    resume: str | None = None

    def at(self, job: JobRecord) -> str:
        """The command that shows `job`."""
        return f"{self.look} {job.label}"

    def on(self, job: JobRecord) -> str:
        """The command that goes on with `job`."""
        stored = self.resume is not None and job.state is not JobState.LOADING
        return f"{self.resume} {job.label}" if stored else self.again


def exit_code_of(refusal: ForgeError) -> Exit:
    """The code of a command that could not do its work at all."""
    match refusal:
        case DatabaseLocked():
            return Exit.LOCKED
        case DatabaseRefused() | DatabaseFault() | KeyRefused():
            return Exit.HALTED
        case _:
            return Exit.USAGE


def told(refusal: ForgeError) -> str:
    """A refusal as one line for standard error; a locked database can still be looked at.

    A wrong setting has no row in the failure table: its message says it all.
    """
    if isinstance(refusal, SettingsRefused):
        return clean(f"forge-tui: {refusal}")
    look = "; to look: forge-tui jobs" if isinstance(refusal, DatabaseLocked) else ""
    return clean(f"forge-tui: {refusal}{look} [{refusal.code}]")


def ending_of(job: JobRecord, folder: Path, then: Next) -> Ending:
    """The ending of a run that no signal cut short."""
    counts = job.counts
    match job.state:
        case JobState.FINISHED:
            line = f"{job.label} finished: {counts.done} of {counts.total} tickets classified, in {folder}/."
            return Ending(Exit.CLASSIFIED, f"{line} To look: {then.at(job)}")
        case JobState.FINISHED_WITH_FAILURES:
            line = f"{job.label} finished: {counts.done} of {counts.total} tickets classified, {counts.failed} failed:"
            return Ending(Exit.SOME_FAILED, f"{line} {folder}/failures.jsonl says why. To look: {then.at(job)}")
        case JobState.CANCELLED:
            line = f"{job.label} was cancelled: {counts.done} of {counts.total} tickets classified."
            return Ending(Exit.HALTED, f"{line} To look: {then.at(job)}")
        case _:
            code = f" [{job.code}]" if job.code else ""
            line = f"{job.label} {job.state}{code}, {counts.open} of {counts.total} tickets still open, none lost:"
            return Ending(Exit.HALTED, f"{line} {_advice(job)} To go on: {then.on(job)}")


def interrupted(job: JobRecord | None, by: signal.Signals, then: Next) -> Ending:
    """The ending of a run that a signal cut short."""
    if job is None:
        return Ending(128 + by, f"interrupted by {by.name} before anything was stored. To start again: {then.again}")
    line = f"{job.label} interrupted by {by.name}: {job.counts.done} of {job.counts.total} classified, nothing lost."
    return Ending(128 + by, f"{line} To go on: {then.on(job)}")


def broken_off(bug: Exception, then: Next) -> Ending:
    """The ending of a run that met a bug of ours: what was answered is on disk."""
    name, place = name_and_place(bug)
    line = f"forge-tui: internal error, {name} in {place}; what was answered is kept."
    return Ending(Exit.BUG, f"{line} To go on: {then.again}")


def _advice(job: JobRecord) -> str:
    # A pause is stored by one word, which its code tells better.
    reason = "" if job.reason in set(PauseReason) else job.reason
    if job.code is None:
        return reason or "it did not come to its end."
    advice = RULES[job.code].advice
    if job.hold_until is not None:
        advice = f"{advice} It takes requests again from {figures.time_of_day(job.hold_until)[:5]}Z."
    return f"{reason}. {advice}" if reason and reason not in advice else advice
