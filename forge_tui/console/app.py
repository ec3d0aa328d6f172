"""The console: five modes over one hub; a timer reads the newest snapshot and hands one frame to what is on screen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from forge_tui.console import themes
from forge_tui.console.ascii import AsciiFilter
from forge_tui.console.hub import EngineGone, Hub, Launch
from forge_tui.console.keys import Scope, bindings, checked_keymap
from forge_tui.console.orders import Orders
from forge_tui.console.screens import palette
from forge_tui.console.screens.api_key import KeyPrompt
from forge_tui.console.screens.breaker_menu import BreakerMenu
from forge_tui.console.screens.dashboard import DashboardScreen
from forge_tui.console.screens.debug import DebugDialog
from forge_tui.console.screens.events import EventsScreen
from forge_tui.console.screens.failures import FailuresScreen
from forge_tui.console.screens.help import HelpDialog
from forge_tui.console.screens.jobs import JobsScreen
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.console.screens.limits_menu import LimitsMenu
from forge_tui.console.screens.quit import Leave, QuitDialog
from forge_tui.console.screens.results import ResultsScreen
from forge_tui.console.view import View
from forge_tui.core.clock import Clock
from forge_tui.core.command import BreakerOrder, Cancel, Command, Drain, Pause, Resume, SetBreaker
from forge_tui.core.job import ENDED, JobState
from forge_tui.core.snapshot import Snapshot

AGAIN_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """How the console looks and how often it draws; `hz` 0 leaves drawing to `tick`."""

    hz: float = 4.0
    ascii_only: bool = False
    keymap: Mapping[str, str] | None = None


class ForgeApp(App[Leave]):
    """Reads snapshots, sends commands and nothing else; the hub is all it knows of the engine."""

    TITLE = "forge"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.APP)
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "dashboard": DashboardScreen,
        "jobs": JobsScreen,
        "failures": FailuresScreen,
        "results": ResultsScreen,
        "events": EventsScreen,
    }
    DEFAULT_MODE = "dashboard"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-w0"),
        (60, "-w60"),
        (80, "-w80"),
        (100, "-w100"),
        (140, "-w140"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-h0"),
        (16, "-h16"),
        (20, "-h20"),
        (24, "-h24"),
        (30, "-h30"),
        (39, "-h39"),
    ]

    def __init__(self, hub: Hub, clock: Clock, look: Look | None = None, *, open_first: Launch | None = None) -> None:
        super().__init__()
        self.hub = hub
        self.clock = clock
        self.look = look or Look()
        self.orders = Orders()
        self.view = View()
        self._open_first = open_first
        self._frozen: Snapshot | None = None
        self._quit_asked_at = float("-inf")
        if self.look.ascii_only:
            self._filters.append(AsciiFilter())
        self.set_keymap(checked_keymap(self.look.keymap or {}))

    def on_mount(self) -> None:
        for theme in themes.OURS:
            self.register_theme(theme)
        self.theme = themes.DARK.name
        self.hub.start()
        if self.look.hz:
            self.set_interval(1 / self.look.hz, self.tick)
        self.call_after_refresh(self.tick)

    # -- the frame ------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Read the newest snapshot and show it."""
        now = self.clock.monotonic()
        newest = self.hub.snapshot()
        for reply in self.orders.answered(newest.replies):
            if not reply.accepted:
                self.say(reply.message, severity="warning")
        self.orders.give_due(now)
        self.view = View(
            job=self._frozen or newest,
            now_mono=now,
            at=self.clock.wall(),
            engine=self.hub.state(),
            frozen=self._frozen is not None,
            paint_ms=self.view.paint_ms,
            pending=self.orders.pending,
            held=self.orders.held,
        )
        for screen in self.screen_stack:
            show = getattr(screen, "show", None)
            if show is not None and screen.is_mounted:
                show(self.view)

    # -- orders ---------------------------------------------------------------------------------------------------

    def order(self, make: Callable[[int], Command], words: str) -> None:
        """Send the command that `make` builds around a fresh id; `words` name it until it is answered."""
        command_id = self.hub.next_command_id()
        try:
            self.hub.send(make(command_id))
        except EngineGone:
            self.say("engine has stopped", severity="error")
            return
        self.orders.sent(command_id, words)
        self.tick()

    def hold(self, words: str, give: Callable[[], None]) -> None:
        """Give an order in five seconds unless it is undone: `u` takes it back, enter gives it now."""
        self.orders.hold(words, give, self.clock.monotonic())
        self.tick()

    def say(self, text: str, *, severity: str = "information") -> None:
        """A toast of literal words."""
        self.notify(text, severity=severity, markup=False)  # type: ignore[arg-type]  # one of Textual's three words

    def launch(self, launch: Launch) -> None:
        """Ask the engine to run a job."""
        self._ask(lambda: self.hub.launch(launch), "Launching")

    def resume_job(self, job_id: int) -> None:
        """Ask the engine to go on with a job of the store."""
        self._ask(lambda: self.hub.resume_job(job_id), "Resuming")

    def _ask(self, ask: Callable[[], int], words: str) -> None:
        try:
            self.orders.sent(ask(), words)
        except EngineGone:
            self.say("engine has stopped", severity="error")

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_screen(self, name: str) -> None:
        self.switch_mode(name)
        self.call_after_refresh(self.tick)

    def action_pause(self) -> None:
        if self.view.job.state is JobState.RUNNING:
            self.order(Pause, "Pausing")
        else:
            self.order(Resume, "Resuming")

    def action_drain(self) -> None:
        self.order(Drain, "Draining")

    def action_cancel(self) -> None:
        self.hold("Cancel", lambda: self.order(Cancel, "Cancelling"))

    def action_undo(self) -> None:
        words = self.orders.undo()
        if words:
            self.say(f"{words}: undone")
        self.tick()

    def action_new_job(self) -> None:
        self.push_screen(LaunchScreen(), self._launch_answered)

    def _launch_answered(self, launch: Launch | None) -> None:
        if launch is not None:
            self.launch(launch)

    def action_help(self) -> None:
        self.push_screen(HelpDialog())

    def action_debug(self) -> None:
        self.push_screen(DebugDialog())

    def action_breaker_menu(self) -> None:
        def chosen(order: BreakerOrder | None) -> None:
            if order is not None:
                self.order(lambda command_id: SetBreaker(command_id, order), f"Breaker {order.value}")

        self.push_screen(BreakerMenu(), chosen)

    def action_limits_menu(self) -> None:
        self.push_screen(LimitsMenu())

    def action_key(self) -> None:
        def entered(key: str | None) -> None:
            if key:
                self._ask(lambda: self.hub.use_key(key), "Connecting")

        self.push_screen(KeyPrompt(), entered)

    def action_freeze(self) -> None:
        self._frozen = None if self._frozen else self.hub.snapshot()
        self.tick()

    def action_theme(self) -> None:
        names = [theme.name for theme in themes.OURS]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        job = self.view.job
        if action == "undo":
            return self.orders.held is not None
        if action in {"pause", "drain", "cancel"}:
            return True if job.job_id and job.state not in ENDED else None
        return True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from palette.commands(screen)

    # -- the end --------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        self._ask_to_quit()

    def _ask_to_quit(self) -> None:
        if self.view.job.state not in {JobState.RUNNING, JobState.DRAINING, JobState.LOADING, JobState.PAUSED}:
            self.exit(Leave.DRAIN)
            return

        def answered(leave: Leave | None) -> None:
            if leave is not None:
                self.exit(leave)

        self.push_screen(QuitDialog(), answered)

    def action_help_quit(self) -> None:
        """ctrl+c where nothing is selected: the quit dialog; again within five seconds it drains and quits."""
        now = self.clock.monotonic()
        again, self._quit_asked_at = now - self._quit_asked_at < AGAIN_WITHIN_S, now
        if again:
            self.exit(Leave.DRAIN)
        elif not isinstance(self.screen, QuitDialog):
            self._ask_to_quit()
