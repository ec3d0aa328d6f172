"""Breaker and latency in one line, where their panes have no room."""

from textual.content import Content

from forge_tui.console.presentation import line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.breaker import breaker_words
from forge_tui.console.widgets.latency import latency_words
from forge_tui.console.widgets.line import Line


class StatusLine(Line):
    """Breaker at the left, percentiles at the right."""

    def content(self, view: View, width: int) -> Content:
        left = line("  ", breaker_words(view.job.breaker, view.now_mono))
        return spread(left, line(latency_words(view.job.latency), "  "), width)
