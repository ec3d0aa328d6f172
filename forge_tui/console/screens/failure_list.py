"""The framed list of failures: the dashboard and mode 3 share it, with marks, verdicts, retries and causes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from forge_tui.console.filters import failure_filter
from forge_tui.console.hub import RowSource
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import RETRY_TONES, Tone, foreign, joined, line
from forge_tui.console.screens.answers import Question
from forge_tui.console.screens.causes import CausesDialog, OneOfEach, filter_of
from forge_tui.console.screens.retry import RetryCounts, RetryDialog
from forge_tui.console.screens.row_list import RowList
from forge_tui.console.screens.sort import AS_IN_THE_INPUT
from forge_tui.console.verdicts import retry_verdict, tries, wait_of
from forge_tui.console.view import View
from forge_tui.console.widgets.virtual_list import Column
from forge_tui.core.command import Retry
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.job import JobState
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.filters import Order
from forge_tui.storage.rows import FailureGroup, FailureRow
from forge_tui.telemetry import figures

_HOPELESS = tuple(code for code, rule in RULES.items() if rule.retry_helps is RetryHelps.NO)


class FailureList(RowList):
    """Failed tickets; `r` asks the marked ones again at once, `R` the filter after a look at the counts."""

    NAME = "Failures"
    ROWS_ID = "failure-rows"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FAILURES)
    COLUMNS = (
        Column("ticket", 8),
        Column("class", 7, from_width=64),
        Column("code", 9),
        Column("tries", 5, right=True, from_width=72),
        Column("age", 3, right=True, from_width=64),
        Column("retry?", 8),
        Column("last message", 0),
        Column("row", 14, from_width=110),
    )
    ORDERS = (Order.TICKET, Order.CLASS, Order.CODE, Order.TRIES, Order.AGE, Order.VERDICT, Order.MESSAGE)

    codes: Mapping[Code, int] = {}

    class Current(Message):
        """The cursor stands on another failure."""

        def __init__(self, job_id: int, position: int | None) -> None:
            super().__init__()
            self.job_id = job_id
            self.position = position

    def filter_example(self) -> str:
        return "code:E-JSON !class:simple words"

    def version(self, view: View) -> int:
        return view.job.failures_version

    def wrong_in(self, typed: str) -> str:
        return failure_filter(typed)[1]

    def job_changed(self, job_id: int) -> None:
        self.list.marks = self.forge.marks_of(job_id)
        self.codes = {}

    # -- reading --------------------------------------------------------------------------------------------------

    def positions(self, rows: RowSource, asked: Question) -> Sequence[int]:
        found = rows.failure_positions(asked.job_id, asked.sorting.order, **failure_filter(asked.typed)[0])
        return found[::-1] if asked.sorting.backwards else found

    def read_beside(self, rows: RowSource, asked: Question) -> Mapping[Code, int]:
        return rows.failure_codes(asked.job_id, **failure_filter(asked.typed)[0])

    def put_beside(self, read: Mapping[Code, int] | None) -> None:
        self.codes = read or {}

    def page(self, rows: RowSource, job_id: int, positions: Sequence[int]) -> Sequence[FailureRow]:
        return rows.failures(job_id, positions=positions)

    # -- what is shown --------------------------------------------------------------------------------------------

    def cells(self, row: FailureRow) -> Sequence[Content]:
        verdict = retry_verdict(row.code, wait_of(self.view.job, self.view.now_mono))
        return (
            Content(ticket_label(row.position)),
            Content(row.complexity or figures.UNKNOWN),
            line((row.code, Tone.BAD)),
            Content(tries(row)),
            Content(figures.age(self.view.at - row.failed_at)),
            line((verdict.words, RETRY_TONES[verdict.helps])),
            foreign(_said(row), 200),
            foreign(f"line {row.origin.line}", 14, Tone.DIM),
        )

    def name_shown(self, shown: int) -> Content:
        failed, marked = self.view.job.failed, len(self.list.marks)
        if not failed and not shown:
            return self._none_failed() if self.view.job.job_id else line(("Failures", Tone.STRONG))
        of = f" {figures.count(shown)} of {figures.count(failed)}" if shown != failed else f" {figures.count(failed)}"
        nothing = " match. esc clears" if self.typed and not shown else ""
        hidden = self.list.hidden_marks
        by_filter = f", {figures.count(hidden)} hidden by filter" if hidden else ""
        selected = f" · {figures.count(marked)} selected{by_filter}" if marked else ""
        order = "" if self.sorting == AS_IN_THE_INPUT else f" · {self.sorting}"
        return line(("Failures", Tone.STRONG), of, nothing, (selected, Tone.ACCENT), (order, Tone.DIM))

    def _none_failed(self) -> Content:
        done = self.view.job.done
        return line(("No failures", Tone.STRONG), f". {figures.count(done)} done" if done else "")

    def nothing_shown(self) -> str:
        job = self.view.job
        if not job.job_id:
            return "No job yet. n picks a file"
        if self.typed:
            return f"0 of {figures.count(job.failed)} match. esc clears"
        if job.waiting:
            return f"{figures.count(job.waiting)} tickets wait to be tried again by themselves"
        if job.state in (JobState.FINISHED, JobState.FINISHED_WITH_FAILURES):
            return "Every ticket is classified. 4 shows them"
        return "What fails stands here at once"

    def foot(self, width: int, height: int) -> Sequence[Content]:  # noqa: ARG002 - one line at any height
        """How many of each code: by what to filter, and what a retry of all would ask again."""
        codes = [line((str(code), Tone.BAD), f" {figures.count(tickets)}") for code, tickets in self.codes.items()]
        return (joined(codes, "  ", width),) if codes else ()

    def count_of(self, key_id: str) -> int:
        if key_id == "failures.retry":
            return len(self.list.marks)
        if key_id == "failures.retry_filter":
            return self._possible
        return super().count_of(key_id)

    @property
    def _possible(self) -> int:
        """How many failures of the filter a retry could help."""
        return sum(tickets for code, tickets in self.codes.items() if code not in _HOPELESS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        if action == "retry":
            return True if self.list.marks or self.list.ids else None
        if action in {"retry_filter", "cluster"}:
            return True if self.list.ids else None
        return True

    def moved(self, position: int | None) -> None:
        self.post_message(self.Current(self.view.job.job_id, position))

    # -- asking again ---------------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        chosen = tuple(sorted(self.list.marks)) or ((self.list.current,) if self.list.current is not None else ())
        self.list.take_marks_off()
        self._retry(chosen)

    def action_retry_filter(self) -> None:
        self._count_retry(self.view.job.job_id, self.typed, self.forge.hub.rows)

    def action_cluster(self) -> None:
        self._read_causes(self.view.job.job_id, self.typed, self.forge.hub.rows)

    def _retry(self, positions: tuple[int, ...]) -> None:
        words = f"Retrying {figures.count(len(positions))}"
        self.forge.order(lambda command_id: Retry(command_id, positions), words)

    @work(thread=True, exclusive=True, group="retry", exit_on_error=False)
    def _count_retry(self, job_id: int, typed: str, rows: RowSource) -> None:
        wanted = failure_filter(typed)[0]
        codes = [*wanted.get("exclude_codes", ()), *_HOPELESS]
        try:
            every = tuple(rows.failure_positions(job_id, **wanted))
            possible = tuple(rows.failure_positions(job_id, **(wanted | {"exclude_codes": codes})))
            by_code = rows.failure_codes(job_id, **wanted)
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._ask_retry, RetryCounts(every, possible, by_code))

    def _ask_retry(self, counts: RetryCounts) -> None:
        def chosen(positions: tuple[int, ...] | None) -> None:
            if positions:
                words = f"Retry {figures.count(len(positions))}"
                self.forge.hold(words, lambda: self._retry(positions))

        self.app.push_screen(RetryDialog(counts), chosen)

    @work(thread=True, exclusive=True, group="causes", exit_on_error=False)
    def _read_causes(self, job_id: int, typed: str, rows: RowSource) -> None:
        try:
            groups = rows.failure_groups(job_id, **failure_filter(typed)[0])
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._show_causes, groups)

    def _show_causes(self, groups: Sequence[FailureGroup]) -> None:
        def answered(chosen: OneOfEach | FailureGroup | None) -> None:
            match chosen:
                case OneOfEach(positions=positions):
                    self._retry(positions)
                case FailureGroup():
                    self.filter_by(filter_of(chosen))
                case None:
                    pass

        self.app.push_screen(CausesDialog(groups), answered)


def _said(row: FailureRow) -> str:
    """The last message; a refused row's begins with its file, and its line is what tells it apart."""
    fault = row.message.removeprefix(f"{row.origin}: ")
    return row.message if fault == row.message else f"line {row.origin.line}: {fault}"
