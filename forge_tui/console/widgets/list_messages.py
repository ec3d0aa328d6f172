"""What a long list tells its owner, who hears it in `on_virtual_list_wanted` and so on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from forge_tui.console.widgets.virtual_list import VirtualList


@dataclass
class FromList(Message):
    """`control` lets the owner of several lists tell them apart."""

    sender: "VirtualList"

    @property
    def control(self) -> "VirtualList":
        return self.sender


@dataclass
class Wanted(FromList, namespace="virtual_list"):
    """Rows of these ids are on screen, or soon, and not here."""

    ids: tuple[int, ...]


@dataclass
class Moved(FromList, namespace="virtual_list"):
    """The cursor stands on another id (None: the list is empty)."""

    row_id: int | None


@dataclass
class Opened(FromList, namespace="virtual_list"):
    """Enter was pressed on this id."""

    row_id: int


@dataclass
class Asked(FromList, namespace="virtual_list"):
    """A key of lists that the owner answers: `filter`, `sort`, `copy_id` or `copy_row`."""

    what: str


@dataclass
class Marked(FromList, namespace="virtual_list"):
    """The marks changed."""
