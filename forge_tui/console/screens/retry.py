"""The dry run of a retry by filter: how many, what it takes, and whether the hopeless ones go too."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from forge_tui.console.presentation import Piece, Tone, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.snapshot import Snapshot
from forge_tui.telemetry import figures


@dataclass(frozen=True, slots=True)
class RetryCounts:
    """The failures of a filter: all of them, those without verdict no, and how many of these are likely to succeed."""

    every: tuple[int, ...]
    possible: tuple[int, ...]
    now: int


class RetryPane(Pane):
    """Counts, price and time of the retry, and the keys."""

    NAME = "Retry?"
    counts = RetryCounts((), (), 0)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - three lines at any height
        counts = self.counts
        possible, hopeless = len(counts.possible), len(counts.every) - len(counts.possible)
        self.caption(f"Retry {possible} of {len(counts.every)}?")
        parts: list[Piece] = [
            (f"{counts.now} now", Tone.GOOD),
            " · ",
            (f"{possible - counts.now} unlikely", Tone.WARN),
            " (same answer before) · ",
            (f"{hopeless} no", Tone.DIM),
            ": left out",
        ]
        if not possible:
            parts = [f"0 can be retried now: {hopeless} need another text or setting"]
        return [line(*parts), Content(_takes(view.job, possible)), self._keys(possible, len(counts.every))]

    def _keys(self, possible: int, every: int) -> Content:
        go: list[Piece] = [("[⏎]", f"bold {Tone.ACCENT}"), f" retry {possible}   "] if possible else []
        return line(
            *go, ("[f]", f"bold {Tone.ACCENT}"), f" force {every}   ", ("[esc]", f"bold {Tone.ACCENT}"), " leave"
        )


class RetryDialog(Dialog[tuple[int, ...]]):
    """Answers the positions to retry, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "retry", "Retry", show=False),
        Binding("f", "force", "Force", show=False),
    ]

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
    if not tickets or not job.from_model:
        return "what it takes is known after the first answers"
    requests = max(1, round(tickets * job.requests / max(1, job.from_model)))
    cost = f", {figures.money(job.cost / job.from_model * tickets, job.currency)}" if job.currency else ""
    seconds = tickets / job.tickets_per_s if job.tickets_per_s else requests * job.latency.p50
    return f"≈ {figures.count(requests)} requests{cost}, +{figures.clock(seconds)}"
