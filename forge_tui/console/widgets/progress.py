"""The progress pane: bar and ETA, where the tickets are, rates and cost, what binds."""

from textual.content import Content

from forge_tui.console.presentation import Tone
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.telemetry import frame


class ProgressPane(Pane):
    """Four lines of the one renderer, with styles."""

    NAME = "Progress"

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - four lines whatever the height
        if not view.job.job_id:
            return [Content.assemble("No jobs yet. ", ("n", Tone.ACCENT), " picks a file")]
        return [Content(text) for text in frame.render_frame(view.job, width)[1:5]]
