"""The launch screen: name files, see what they hold, will cost and take, choose with what to run, start.

typing ──enter──▶ preview read and in focus ──enter──▶ launched;  escape leaves without starting anything
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input
from textual.worker import get_current_worker

from forge_tui.console.hub import Launch, Preview
from forge_tui.console.keys import Scope, as_binding, bindings
from forge_tui.console.launch_lines import run_lines
from forge_tui.console.paths import expanded, typed_for
from forge_tui.console.screens.ask import AskDialog
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.screens.jumps import Jumps
from forge_tui.console.screens.launch_panes import PathFrame, PathInput, PreviewPane
from forge_tui.console.screens.limits_menu import LimitsMenu
from forge_tui.console.view import View
from forge_tui.console.widgets.file_list import FileList
from forge_tui.console.widgets.footer import WIDE, Footer, Hint
from forge_tui.console.widgets.frame import Pane
from forge_tui.console.widgets.header import Header, LaunchHeader
from forge_tui.core.command import SetLimits
from forge_tui.core.errors import ForgeError

SAMPLE_TICKETS = 20
PREVIEW_AFTER_S = 0.3
BATCH_SIZES: tuple[str | int, ...] = ("auto", 1, 5, 10, 20)
PROVIDERS = ("sarvam", "sarvam-v2", "local", "simulated")
_CHOSEN = ("provider", "model", "batch_size", "concurrency", "requests_per_min", "max_cost")
_PANES, _BACK = Hint("ctrl+o", "Panes"), Hint("esc", "Back")
_TYPING = (Hint("⏎", "Preview"), Hint("tab", "Complete"), _PANES, _BACK)
_CHOOSING = (Hint("⏎", "Choose"), Hint("j k", "Move"), _PANES, _BACK)
_READY = (Hint("⏎", "Start"), Hint("s", f"Sample {SAMPLE_TICKETS} first"), _PANES, _BACK)
_WAITING = (_PANES, _BACK)
_COLUMN = Hint("c", "Column of the text")


class RunPane(Pane):
    """With what the job would run."""

    NAME = "Run with"

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - of choices, not of the job
        screen = self.screen
        if not isinstance(screen, LaunchScreen):
            return []
        return run_lines(screen.preview, screen.chosen, screen.folder, width)


class LaunchScreen(Dialog[Launch], Jumps):
    """Answers what to launch, or None. `files` are those named before it opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Scope.LAUNCH),
        as_binding("app.help", "app.help"),
        as_binding("pane.jump", "jump"),
        Binding("ctrl+p", "app.command_palette", "Commands", show=False),
    ]

    def __init__(self, files: Sequence[str] = ()) -> None:
        super().__init__()
        self._files = tuple(files)
        self._settings: dict[str, object] = {}

    def body(self) -> ComposeResult:
        yield LaunchHeader(id="header")
        yield PathFrame(
            PathInput(typed_for(self._files), placeholder="a file, a folder, *.csv", compact=True, id="path"), id="file"
        )
        yield Horizontal(FileList(id="files"), PreviewPane(id="preview"), id="middle")
        yield Vertical(RunPane(id="run"), id="bottom")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(PathFrame).caption("File", "tab completes · a folder or glob takes all")
        if self._files:
            self._read_now()
        # Files that were named already need one look and one enter, not two.
        self.query_one(PreviewPane if self._files else PathInput).focus()

    def show(self, view: View) -> None:
        footer = self.query_one(Footer)
        footer.hints = self._hints()
        # While a path is typed, a question mark is a part of it.
        typing, wide = isinstance(self.focused, PathInput), self.size.width >= WIDE
        footer.fixed = (Hint("F1" if typing else "?", "Help"), Hint("^p", "Commands" if wide else ""))
        super().show(view)
        for part in (self.query_one(Header), footer):
            part.show(view)

    def _hints(self) -> tuple[Hint, ...]:
        """What the footer offers where the focus is."""
        if isinstance(self.focused, PathInput):
            return _TYPING
        if isinstance(self.focused, FileList):
            return _CHOOSING
        if self.preview is not None:
            return _READY
        return (_COLUMN, *_WAITING) if self.query_one(PreviewPane).columns[0] else _WAITING

    def on_descendant_focus(self) -> None:
        self._draw()

    @property
    def preview(self) -> Preview | None:
        return self.query_one(PreviewPane).preview

    @property
    def chosen(self) -> dict[str, object]:
        """The settings that the job would run with, as far as they can be changed here."""
        hub = self.forge.hub
        return {name: self._settings.get(name, hub.setting(name)) for name in _CHOSEN}

    @property
    def folder(self) -> str:
        """Where results would go."""
        set_folder = self.forge.hub.setting("output")
        return str(set_folder) if set_folder else f"./{Path(self._files[0]).stem}-results" if self._files else "."

    # -- files ----------------------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if expanded(event.value) != self._files:
            self.set_timer(PREVIEW_AFTER_S, lambda: self._read_if_still(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._read_now()
        self.query_one(PreviewPane).focus()

    def on_file_list_chosen(self, message: FileList.Chosen) -> None:
        path = Path(message.path)
        if path.is_dir():
            self.query_one(FileList).look_into(path)
            return
        self.query_one(PathInput).value = typed_for([message.path])
        self._read_now()
        self.query_one(PreviewPane).focus()

    def _read_if_still(self, typed: str) -> None:
        if self.is_mounted and self.query_one(PathInput).value == typed:
            self._read_now()

    def _read_now(self) -> None:
        before, self._files = self._files, expanded(self.query_one(PathInput).value)
        if self._files != before:
            self._settings.pop("text_column", None)  # a column of other files
        pane = self.query_one(PreviewPane)
        pane.preview, pane.failed, pane.reading = None, None, bool(self._files)
        self._draw()
        if self._files:
            self._read(self._launch())

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def _read(self, launch: Launch) -> None:
        worker = get_current_worker()
        try:
            for preview in self.forge.hub.preview(launch):
                if worker.is_cancelled:
                    return
                self.app.call_from_thread(self._put, launch, preview)
        except ForgeError as error:
            self.app.call_from_thread(self._put_refusal, launch, error)

    def _put(self, launch: Launch, preview: Preview) -> None:
        if launch == self._launch():
            pane = self.query_one(PreviewPane)
            pane.preview, pane.failed = preview, None
            pane.caption(f"Preview {Path(launch.files[0]).name}" if len(launch.files) == 1 else "Preview")
            self._draw()

    def _put_refusal(self, launch: Launch, error: ForgeError) -> None:
        if launch == self._launch():
            pane = self.query_one(PreviewPane)
            pane.preview, pane.failed = None, error
            self._draw()

    def _draw(self) -> None:
        self.show(self.forge.view)

    # -- choices --------------------------------------------------------------------------------------------------

    def action_next_column(self) -> None:
        columns, now = self.query_one(PreviewPane).columns
        if columns:
            self._choose("text_column", _after(columns, now))

    def action_next_provider(self) -> None:
        now = self.chosen["provider"] or (self.preview.provider if self.preview else PROVIDERS[0])
        self._settings["model"] = None  # another provider's model
        self._choose("provider", _after(PROVIDERS, now))

    def action_model(self) -> None:
        if self.preview is None:
            return
        if self.preview.provider == "local":
            self.forge.say("local rules answer: p takes a provider with a model")
            return
        start = str(self.chosen["model"] or self.preview.model)
        dialog = AskDialog("Model", asked=f"of {self.preview.provider}", start=start, hint="⏎ takes it")
        self.app.push_screen(dialog, lambda model: self._choose("model", model) if model else None)

    def action_next_batch(self) -> None:
        self._choose("batch_size", _after(BATCH_SIZES, self.chosen["batch_size"]))

    def action_budget(self) -> None:
        chosen = self.chosen
        start = SetLimits(0, chosen["concurrency"], chosen["requests_per_min"], chosen["max_cost"])  # type: ignore[arg-type]  # settings have these types
        self.app.push_screen(LimitsMenu(start), self._limits_chosen)

    def _limits_chosen(self, limits: SetLimits | None) -> None:
        if limits is None:
            return
        wanted = {
            "concurrency": limits.concurrency,
            "requests_per_min": limits.requests_per_min,
            "max_cost": limits.max_cost,
        }
        self._settings |= {name: value for name, value in wanted.items() if value is not None}
        self._settings["max_cost"] = self._settings.get("max_cost") or None
        self._read_now()

    def _choose(self, name: str, value: object) -> None:
        self._settings[name] = value
        self._read_now()

    # -- start ----------------------------------------------------------------------------------------------------

    def action_start(self) -> None:
        if self.preview is not None:
            self.dismiss(self._launch())

    def action_sample(self) -> None:
        if self.preview is not None:
            self._settings["limit"] = SAMPLE_TICKETS
            self.dismiss(self._launch())

    def _launch(self) -> Launch:
        return Launch(self._files, dict(self._settings))


def _after(values: Sequence[object], now: object) -> object:
    at = values.index(now) if now in values else -1
    return values[(at + 1) % len(values)]
