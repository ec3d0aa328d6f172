"""The files to choose from: recent ones with what became of them, then the folder at hand, ticket files first."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from forge_tui.console.keys import as_binding
from forge_tui.console.paths import is_ticket_file
from forge_tui.console.presentation import Tone, foreign, line, spread
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane

_MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that can be chosen; without a `path` it is a heading."""

    words: str
    path: str = ""
    note: str = ""
    usable: bool = True


class FileList(Pane):
    """Recent files and one folder; enter chooses a file or goes into a folder."""

    NAME = "Recent"
    BINDINGS: ClassVar[list[BindingType]] = [
        as_binding("list.down", "step(1)"),
        as_binding("list.up", "step(-1)"),
        as_binding("list.page_down", "step(10)"),
        as_binding("list.page_up", "step(-10)"),
        as_binding("list.open", "choose"),
    ]

    class Chosen(Message):
        """A file, or a folder to look into, was chosen."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, folder: str = ".", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._folder = Path(folder)
        self._recent: dict[str, str] = {}
        self._cursor = 0
        self._entries: list[Entry] = []

    def look_into(self, folder: Path) -> None:
        """Show another folder."""
        self._folder = folder
        self._cursor = 0
        self._read()

    def show(self, view: View) -> None:
        recent = {file: _outcome(view, file) for file in view.recent_files}
        if recent != self._recent or not self._entries:
            self._recent = recent
            self._read()
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - only what was read
        top = max(0, min(self._cursor - height // 2, len(self._entries) - height))
        return [
            self._line(entry, width, here=number == self._cursor and self.has_focus)
            for number, entry in enumerate(self._entries[top : top + height], start=top)
        ]

    def action_step(self, by: int) -> None:
        choosable = [number for number, entry in enumerate(self._entries) if entry.path]
        if choosable:
            at = choosable.index(self._cursor) if self._cursor in choosable else -1
            self._cursor = choosable[max(0, min(len(choosable) - 1, at + by))]
            self.show(self._view)

    def action_choose(self) -> None:
        if self._cursor < len(self._entries) and self._entries[self._cursor].path:
            self.post_message(self.Chosen(self._entries[self._cursor].path))

    def on_focus(self) -> None:
        if self._entries and not self._entries[self._cursor].path:
            self.action_step(1)
        self.show(self._view)

    def on_blur(self) -> None:
        self.show(self._view)

    def _line(self, entry: Entry, width: int, *, here: bool) -> Content:
        if not entry.path:
            return foreign(entry.words, width, Tone.STRONG)
        tone = Tone.FAINT if not entry.usable else Tone.PLAIN
        lead = line(("> ", f"bold {Tone.ACCENT}") if here else "  ")
        name = foreign(entry.words, max(1, width - 2 - len(entry.note) - 1), tone)
        return spread(line(lead, name), line((entry.note, Tone.DIM)), width)

    def _read(self) -> None:
        recent = [Entry(Path(name).name, name, note) for name, note in self._recent.items() if Path(name).is_file()]
        self._entries = [*recent, *([Entry("")] if recent else []), *self._folder_entries()]
        self.show_again()

    def show_again(self) -> None:
        """Draw what was read."""
        super().show(self._view)

    def _folder_entries(self) -> list[Entry]:
        try:
            found = sorted(self._folder.iterdir(), key=_rank)
        except OSError as fault:
            return [Entry(f"{self._folder}: {fault.strerror}")]
        shown = [path for path in found if not path.name.startswith(".")][:_MOST_ENTRIES]
        entries = [Entry(f"Tree {self._folder}"), Entry("../", str(self._folder / ".."))]
        for path in shown:
            if path.is_dir():
                entries.append(Entry(f"▸ {path.name}/", str(path)))
            else:
                usable = is_ticket_file(path)
                entries.append(Entry(path.name, str(path), "" if usable else "no rows", usable))
        return entries


def _rank(path: Path) -> tuple[bool, bool, str]:
    """Folders before ticket files before what holds no rows, each by name."""
    return (not path.is_dir(), not is_ticket_file(path), path.name.lower())


def _outcome(view: View, file: str) -> str:
    """In what state the newest job of a file is."""
    return next((job.state.shown for job in view.jobs if file in job.spec.files), "")
