"""The framed list of failures: the dashboard and mode 3 share it, with marks, verdicts, retries and causes."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from forge_tui.console.filters import failure_filter
from forge_tui.console.hub import RowSource
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import RETRY_TONES, Tone, foreign, line
from forge_tui.console.screens.causes import CausesDialog, one_of_each
from forge_tui.console.screens.retry import RetryCounts, RetryDialog
from forge_tui.console.screens.row_list import RowList
from forge_tui.console.view import View
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.command import Retry
from forge_tui.core.failure import RULES, Burn, RetryHelps
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import FailureGroup, FailureRow
from forge_tui.telemetry import figures


class FailureList(RowList):
    """Failed tickets; `r` asks the marked ones again at once, `R` the filter after a look at the counts."""

    NAME = "Failures"
    ROWS_ID = "failure-rows"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FAILURES)
    COLUMNS = (
        Column("ticket", 8),
        Column("class", 7),
        Column("code", 9),
        Column("tries", 5, right=True),
        Column("age", 3, right=True),
        Column("retry?", 8),
        Column("last message", 0),
    )

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

    def positions(self, rows: RowSource, job_id: int, typed: str) -> Sequence[int]:
        return rows.failure_positions(job_id, **failure_filter(typed)[0])

    def page(self, rows: RowSource, job_id: int, after: int, limit: int) -> Sequence[FailureRow]:
        return rows.failures(job_id, after=after, limit=limit)

    def cells(self, row: FailureRow) -> Sequence[Content]:
        rule = RULES[row.code]
        tries = row.service_attempts if rule.burn is Burn.SERVICE else row.ticket_attempts
        return (
            Content(ticket_label(row.position)),
            Content(row.complexity or figures.UNKNOWN),
            line((row.code, Tone.BAD)),
            Content(str(tries) if tries else figures.UNKNOWN),
            Content(figures.age(self.view.at - row.failed_at)),
            line((rule.retry_helps, RETRY_TONES[rule.retry_helps])),
            foreign(row.message, 200),
        )

    def name_shown(self, shown: int) -> Content:
        failed, marked = self.view.job.failed, len(self.list.marks)
        hidden = self.list.hidden_marks
        if not failed and not shown:
            done = f". {figures.count(self.view.job.done)} done" if self.view.job.done else ""
            return line(f"No failures{done}" if self.view.job.job_id else "Failures")
        of = f" {figures.count(shown)} of {figures.count(failed)}" if shown != failed else f" {figures.count(failed)}"
        nothing = " match: esc clears" if self.typed and not shown else ""
        by_filter = f", {hidden} hidden by filter" if hidden else ""
        return line("Failures", of, nothing, (f" · {marked} selected{by_filter}" if marked else "", Tone.ACCENT))

    def on_virtual_list_moved(self, message: VirtualList.Moved) -> None:
        self.post_message(self.Current(self.view.job.job_id, message.row_id))

    # -- asking again ---------------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        chosen = tuple(sorted(self.list.marks)) or ((self.list.current,) if self.list.current is not None else ())
        if not chosen:
            self.forge.say("no failed ticket here")
            return
        self.list.marks.clear()
        self._retry(chosen)

    def action_retry_filter(self) -> None:
        self._count_retry(self.view.job.job_id, self.typed, self.forge.hub.rows)

    def action_cluster(self) -> None:
        self._read_causes(self.view.job.job_id, self.forge.hub.rows)

    def _retry(self, positions: tuple[int, ...]) -> None:
        self.forge.order(lambda command_id: Retry(command_id, positions), f"Retrying {len(positions)}")

    @work(thread=True, exclusive=True, group="retry", exit_on_error=False)
    def _count_retry(self, job_id: int, typed: str, rows: RowSource) -> None:
        wanted = failure_filter(typed)[0]
        every = tuple(rows.failure_positions(job_id, **wanted))
        codes = wanted.get("exclude_codes") or ()
        sure = _those_without(rows, job_id, typed, [*codes, *_with_verdict(RetryHelps.NO, RetryHelps.UNLIKELY)])
        possible = _those_without(rows, job_id, typed, [*codes, *_with_verdict(RetryHelps.NO)])
        self.app.call_from_thread(self._ask_retry, RetryCounts(every, possible, len(sure)))

    def _ask_retry(self, counts: RetryCounts) -> None:
        if not counts.every:
            self.forge.say("no failed ticket in this filter")
            return

        def chosen(positions: tuple[int, ...] | None) -> None:
            if positions:
                self.forge.hold(f"Retry {len(positions)}", lambda: self._retry(positions))

        self.app.push_screen(RetryDialog(counts), chosen)

    @work(thread=True, exclusive=True, group="causes", exit_on_error=False)
    def _read_causes(self, job_id: int, rows: RowSource) -> None:
        groups = rows.failure_groups(job_id)
        self.app.call_from_thread(self._show_causes, job_id, groups)

    def _show_causes(self, job_id: int, groups: Sequence[FailureGroup]) -> None:
        def answered(chosen: Sequence[FailureGroup] | None) -> None:
            if chosen:
                self._try_one_of_each(job_id, chosen, self.forge.hub.rows)

        self.app.push_screen(CausesDialog(groups), answered)

    @work(thread=True, exclusive=True, group="causes", exit_on_error=False)
    def _try_one_of_each(self, job_id: int, groups: Sequence[FailureGroup], rows: RowSource) -> None:
        positions = one_of_each(rows, job_id, groups)
        if positions:
            self.app.call_from_thread(self._retry, positions)


def _with_verdict(*verdicts: RetryHelps) -> list[str]:
    return [code for code, rule in RULES.items() if rule.retry_helps in verdicts]


def _those_without(rows: RowSource, job_id: int, typed: str, codes: Sequence[str]) -> tuple[int, ...]:
    wanted = failure_filter(typed)[0]
    wanted["exclude_codes"] = [code for code in RULES if code in codes]
    return tuple(rows.failure_positions(job_id, **wanted))
