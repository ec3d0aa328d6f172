"""What the five screens share: header above, footer below, the frame handed to every part, and the size classes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.widget import Widget

from forge_tui.console.keys import BY_ID, Scope, bindings, typed
from forge_tui.console.screens.jumps import Jumps
from forge_tui.console.view import Crashed, View
from forge_tui.console.widgets.footer import WIDE, Footer, Hint
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.header import Header
from forge_tui.console.widgets.line import Line
from forge_tui.console.widgets.notice import Notice
from forge_tui.console.widgets.too_small import TooSmall
from forge_tui.core.job import JobState

if TYPE_CHECKING:
    from forge_tui.console.desk import Desk

# What a screen offers at its foot unless it says otherwise; an entry is shown while its binding is active.
_RESUMABLE = frozenset({JobState.PAUSED, JobState.HALTED, JobState.READY})
_FIXED = ("app.help", "app.command")
# Stands among a footer's key ids for the five digits together.
SCREENS = "screen.*"


class ConsoleScreen(Jumps):
    """One of the five modes. Subclasses compose `body`, name their footer's entries and may take in a frame."""

    CSS_PATH: ClassVar[str | None] = "../console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SCREEN)
    FOOTER: ClassVar[tuple[str, ...]] = ()
    FOOTER_WIDE: ClassVar[tuple[str, ...]] = ()
    ALLOW_IN_MAXIMIZED_VIEW = "Header, Notice, Footer"

    def on_mount(self) -> None:
        self._parts = [part for part in self.query(Widget) if isinstance(part, Frame | Line)]

    def compose(self) -> ComposeResult:
        yield Header(id="header")
        yield from self.body()
        yield Notice(id="notice")
        yield Footer(id="footer")
        yield TooSmall(id="too-small")

    def body(self) -> ComposeResult:
        """What stands between header and footer."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        # Textual's own answer to this event, the styles, comes after ours.
        self.call_later(self.forge.mode_change.let_go)

    def _compositor_refresh(self) -> None:
        # Textual (8.2.8) draws all of a screen that is kept back, and throws it away.
        if not self.app._batch_count:  # noqa: SLF001 - it has no reader
            super()._compositor_refresh()

    @property
    def forge(self) -> "Desk":
        """The app, as what it is."""
        return self.app  # type: ignore[return-value]  # the console's screens run in no other app

    def show(self, view: View) -> None:
        """Hand the frame to every part that is on screen."""
        self.set_class(view.stale_s > 0, "-stale")
        self.set_class(isinstance(view.engine, Crashed), "-crashed")
        footer = self.query_one(Footer)
        footer.hints, footer.fixed = tuple(self.hints()), tuple(self._fixed_hints())
        for part in self._parts:
            if part.size.width or part.SPEAKS_UP:
                part.show(view)

    # -- panes ----------------------------------------------------------------------------------------------------

    def action_step_back(self) -> None:
        """Out of the zoom."""
        self.minimize()

    def action_export(self) -> None:
        """Screens with rows write them."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        return None if action == "export" and not self.can_export() else True

    def can_export(self) -> bool:
        """Whether there is anything to write."""
        return False

    def action_zoom(self) -> None:
        frame = self._frame_of(self.focused)
        if frame is not None:
            self.maximize(frame, container=False)

    def action_unzoom(self) -> None:
        self.minimize()

    def _frame_of(self, widget: Widget | None) -> Frame | None:
        return next((node for node in widget.ancestors_with_self if isinstance(node, Frame)), None) if widget else None

    # -- the foot ---------------------------------------------------------------------------------------------------

    def label(self, key_id: str, *, wide: bool) -> str:
        """The footer's words for a key; screens put counts into theirs."""
        key = BY_ID[key_id]
        if key_id == "job.pause":
            return self._pause_label()
        return (key.wide_label if wide else "") or key.label

    def _pause_label(self) -> str:
        waits = [words for words in self.forge.view.pending if words in {"Pausing", "Resuming"}]
        if waits:
            in_flight = self.forge.view.job.limits.slots_in_use
            return f"{waits[0]} {in_flight}" if in_flight else waits[0]
        return "Resume" if self.forge.view.job.state in _RESUMABLE else "Pause"

    def offers(self, bound: ActiveBinding) -> bool:
        """Whether the footer names this key: one that does something here."""
        return bound.enabled

    def hints(self) -> Iterator[Hint]:
        """The footer's entries, those that work here only."""
        wide = self.size.width >= WIDE
        active = {bound.binding.id: bound for bound in self.active_bindings.values()}
        for key_id in (wide and self.FOOTER_WIDE) or self.FOOTER:
            if key_id == SCREENS:
                yield Hint("1-5", "Screens")
                continue
            bound = active.get(key_id)
            if bound is not None and self.offers(bound):
                shown = typed(self.app, key_id)
                yield Hint("space" if wide and shown == "spc" else shown, self.label(key_id, wide=wide))

    def _fixed_hints(self) -> Iterator[Hint]:
        wide = self.size.width >= WIDE
        for key_id in _FIXED:
            yield Hint(typed(self.app, key_id), self.label(key_id, wide=wide))
