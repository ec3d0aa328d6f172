"""The detail of the failure under the cursor, beside the list on wide screens."""

from textual.content import Content

from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane


class DetailPane(Pane):
    """Follows the cursor of the failures."""

    NAME = "Detail"

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - Pane's signature
        return []
