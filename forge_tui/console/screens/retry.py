"""The dry run of a retry by filter: how many, what it takes, and whether the hopeless ones go too."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import Piece, Tone, line
from forge_tui.console.screens.dialog import Dialog, choices
from forge_tui.console.verdicts import wait_of
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.snapshot import Snapshot
from forge_tui.telemetry import figures

_HOPELESS = {Code.FILTER: "filtered", Code.TOO_LONG: "too long"}


@dataclass(frozen=True, slots=True)
class RetryCounts:
    """The failures of a filter: all of them, those without verdict no, and how many there are of each code."""

    every: tuple[int, ...]
    possible: tuple[int, ...]
    codes: Mapping[Code, int]

    @property
    def now(self) -> int:
        """How many are likely to succeed."""
        return sum(count for code, count in self.codes.items() if RULES[code].retry_helps is RetryHelps.NOW)

    def hopeless(self) -> str:
        """Those with verdict no, in words: `3 refused, 4 filtered`."""
        words: Counter[str] = Counter()
        for code, count in self.codes.items():
            if RULES[code].retry_helps is RetryHelps.NO:
                words[_HOPELESS.get(code, "refused")] += count
        return ", ".join(f"{figures.count(count)} {word}" for word, count in words.items())


class RetryPane(Pane):
    """Counts, price and time of the retry, and the keys."""

    NAME = "Retry?"
    counts = RetryCounts((), (), {})

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - three lines at any height
        counts = self.counts
        possible, hopeless = len(counts.possible), len(counts.every) - len(counts.possible)
        self.caption(f"Retry {figures.count(possible)} of {figures.count(len(counts.every))}?")
        parts: list[Piece] = [
            (f"{figures.count(counts.now)} now", Tone.GOOD),
            " · ",
            (f"{figures.count(possible - counts.now)} unlikely", Tone.WARN),
            " (same answer before) · ",
            (f"{figures.count(hopeless)} no", Tone.DIM),
            ": left out" if hopeless else "",
        ]
        if not possible:
            parts = [f"0 can be retried now: {counts.hopeless()}"]
        return [line(*parts), *self._use(view, possible), self._keys(possible, len(counts.every))]

    def _use(self, view: View, possible: int) -> list[Content]:
        """What it takes, and whether they must wait first."""
        if not possible:
            return [line(("their text or a setting must change first", Tone.DIM))]
        wait = wait_of(view.job, view.now_mono)
        waits = f" · they queue: {wait.cause} {figures.countdown(wait.seconds)}" if wait else ""
        return [line(_takes(view.job, possible), (waits, Tone.WARN))]

    def _keys(self, possible: int, every: int) -> Content:
        does = {"retry.give": f"retry {figures.count(possible)}"} if possible else {}
        return choices(self.app, does | {"retry.force": f"force {figures.count(every)}", "app.back": "leave"})


class RetryDialog(Dialog[tuple[int, ...]]):
    """Answers the positions to retry, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.RETRY)

    def __init__(self, counts: RetryCounts) -> None:
        super().__init__()
        self._counts = counts

    def body(self) -> ComposeResult:
        pane = RetryPane()
        pane.counts = self._counts
        yield pane

    def action_retry(self) -> None:
        self.dismiss(self._counts.possible or None)

    def action_force(self) -> None:
        self.dismiss(self._counts.every)


def _takes(job: Snapshot, tickets: int) -> str:
    """What so many tickets should take, at the job's own averages."""
    if not job.from_model:
        return "what it takes is known after the first answers"
    requests = max(1, round(tickets * job.requests / max(1, job.from_model)))
    cost = f", {figures.money(job.cost / job.from_model * tickets, job.currency)}" if job.currency else ""
    cost = ", free" if job.free else cost
    seconds = tickets / job.tickets_per_s if job.tickets_per_s else requests * job.latency.p50
    return f"≈ {figures.count(requests)} request{'s' * (requests > 1)}{cost}, +{figures.clock(seconds)}"
