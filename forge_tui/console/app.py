"""The console: a start page, five modes, and what each key of the table does.

A key loads its own dialog, a mode its own screen: all of them together take two thirds as long as Textual, and the
first frame shows the start page alone.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.screen import Screen

from forge_tui.console import themes
from forge_tui.console.desk import Desk, Look
from forge_tui.console.farewell import Leave
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.screens.start import StartScreen
from forge_tui.console.view import Crashed, Refused
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.start import idle
from forge_tui.core.job import ENDED, UNDER_WAY, JobRecord, JobState, job_label
from forge_tui.telemetry import figures

__all__ = ["ForgeApp", "Look"]

AGAIN_WITHIN_S = 5.0
# The modules whose first use would be felt: dashboard and launch screen bring nearly all others with them.
SCREENS = ("dashboard", "launch", "results", "jobs", "events")


def _dashboard() -> Screen[Any]:
    from forge_tui.console.screens.dashboard import DashboardScreen

    return DashboardScreen()


def _failures() -> Screen[Any]:
    from forge_tui.console.screens.failures import FailuresScreen

    return FailuresScreen()


def _results() -> Screen[Any]:
    from forge_tui.console.screens.results import ResultsScreen

    return ResultsScreen()


def _jobs() -> Screen[Any]:
    from forge_tui.console.screens.jobs import JobsScreen

    return JobsScreen()


def _events() -> Screen[Any]:
    from forge_tui.console.screens.events import EventsScreen

    return EventsScreen()


def _typed_commands() -> type[Provider]:
    from forge_tui.console.screens.palette import Typed

    return Typed


class ForgeApp(Desk):
    """Reads snapshots, sends commands and nothing else; the hub is all it knows of the engine."""

    TITLE = "forge"
    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.APP, Scope.HELD)
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "start": StartScreen,
        "dashboard": _dashboard,
        "jobs": _jobs,
        "failures": _failures,
        "results": _results,
        "events": _events,
    }
    DEFAULT_MODE = "start"
    COMMANDS = App.COMMANDS | {_typed_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-w0"), (60, "-w60"), (80, "-w80"), (100, "-w100"), (140, "-w140")]  # noqa: RUF012 - Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-h0"), (16, "-h16"), (20, "-h20"), (24, "-h24"), (30, "-h30"), (39, "-h39")]  # noqa: RUF012 - as above

    _quit_asked_at = float("-inf")

    # -- screens --------------------------------------------------------------------------------------------------

    def action_screen(self, name: str) -> None:
        from forge_tui.console.screens.launch import LaunchScreen

        if isinstance(self.screen, LaunchScreen):
            self.screen.dismiss(None)
        self.switch_mode("start" if name == "dashboard" and idle(self.view) else name)
        self.tick()  # a screen that was laid out begins to read at once
        self.call_after_refresh(self.tick)

    def tick(self) -> None:
        super().tick()
        # A dialog over the start page is finished first: the dashboard would hide it.
        if not self.leaving and isinstance(self.screen, StartScreen) and not idle(self.view):
            self.action_screen("dashboard")

    def load_rest(self) -> None:
        from forge_tui.console.widgets.latency import PLOTTER

        for name in SCREENS:
            import_module(f"forge_tui.console.screens.{name}")
        for mode in self.MODES:
            self.call_from_thread(self._lay_out, mode)
        PLOTTER.load()

    def _lay_out(self, mode: str) -> None:
        """Mount a mode's screen before it is gone to: the first way there takes three times as long as any other."""
        if mode not in self._screen_stacks and not self.leaving:
            # Textual (8.2.8) does all three on the way, and has no other words for them.
            self._init_mode(mode)
            screen = self._screen_stacks[mode][0]
            screen._css_update_count = self._css_update_count  # noqa: SLF001 - it is styled by all rules there are
            screen._update_timer.resume()  # noqa: SLF001 - a new clock lets its first frame wait 17 ms

    def action_help(self) -> None:
        from forge_tui.console.screens.help import HelpDialog

        if isinstance(self.screen, HelpDialog):
            return
        frame = (
            next((node for node in self.focused.ancestors_with_self if isinstance(node, Frame)), None)
            if self.focused
            else None
        )
        self.push_screen(HelpDialog(frame.NAME if frame else ""))

    def set_pace(self, hz: float) -> None:
        """So many frames a second, for this session."""
        self.pace.want(hz)
        self.say(f"{hz:g} frames a second")

    def action_debug(self) -> None:
        from forge_tui.console.screens.debug import DebugDialog

        if not isinstance(self.screen, DebugDialog):
            self.push_screen(DebugDialog())

    def action_new_job(self) -> None:
        self.offer(())

    def offer(self, files: Sequence[str]) -> None:
        from forge_tui.console.screens.launch import LaunchScreen

        if isinstance(self.screen, LaunchScreen):
            return
        self.push_screen(LaunchScreen(files), lambda launch: None if launch is None else self.launch(launch))

    def action_key(self) -> None:
        from forge_tui.console.screens.api_key import KeyPrompt

        if not isinstance(self.screen, KeyPrompt):
            self.push_screen(KeyPrompt(), lambda key: self.use_key(key) if key else None)

    def action_breaker_menu(self) -> None:
        from forge_tui.console.screens.breaker_menu import BreakerMenu
        from forge_tui.core.command import BreakerOrder, SetBreaker

        def chosen(order: BreakerOrder | None) -> None:
            if order is not None:
                self.order(lambda command_id: SetBreaker(command_id, order), f"Breaker {order.value}")

        self.push_screen(BreakerMenu(), chosen)

    def action_limits_menu(self) -> None:
        from forge_tui.console.screens.limits_menu import LimitsMenu
        from forge_tui.core.command import SetLimits

        def chosen(limits: SetLimits | None) -> None:
            if limits is not None:
                self.order(
                    lambda command_id: SetLimits(
                        command_id, limits.concurrency, limits.requests_per_min, limits.max_cost
                    ),
                    "Setting limits",
                )

        self.push_screen(LimitsMenu(), chosen)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            from forge_tui.console.screens.palette import EXAMPLES

            self.push_screen(CommandPalette(placeholder=EXAMPLES, id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from forge_tui.console.screens.palette import commands

        yield from commands(screen)

    # -- the job --------------------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        from forge_tui.core.command import Pause, Resume

        if self.view.job.state is JobState.RUNNING:
            self.order(Pause, "Pausing")
        else:
            self.order(Resume, "Resuming")

    def action_drain(self) -> None:
        from forge_tui.core.command import Drain

        self.order(Drain, "Draining")

    def action_cancel(self) -> None:
        from forge_tui.core.command import Cancel

        other = self._other_job()
        if other is None:
            self.hold(f"Cancel {job_label(self.view.job.job_id)}", lambda: self.order(Cancel, "Cancelling"))
        else:
            self.hold(f"Cancel {other.label}", lambda: self.cancel_job(other.job_id))

    def _other_job(self) -> JobRecord | None:
        """The job under the cursor of the jobs screen, where that is not the one at hand."""
        if self.current_mode != "jobs":
            return None
        from forge_tui.console.screens.jobs import JobsScreen

        job = self.screen.current if isinstance(self.screen, JobsScreen) else None
        return job if job is not None and job.job_id != self.view.job.job_id else None

    def action_undo(self) -> None:
        words = self.orders.undo()
        if words:
            self.say(f"{words}: undone")
        self.tick()

    def action_give_now(self) -> None:
        self.orders.give_now()
        self.tick()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        job, obeys = self.view.job, not isinstance(self.view.engine, Crashed | Refused)
        if action in {"undo", "give_now"}:
            return self.orders.held is not None
        if action == "cancel" and (other := self._other_job()) is not None:
            return True if other.state not in ENDED and job.state not in UNDER_WAY and obeys else None
        if action in {"pause", "cancel"}:
            return True if job.job_id and job.state not in ENDED and obeys else None
        if action == "drain":
            return True if job.job_id and job.state in UNDER_WAY and obeys else None
        if action in {"limits_menu", "breaker_menu"}:
            return True if job.job_id and obeys else None
        return True

    # -- the screen itself ----------------------------------------------------------------------------------------

    def action_freeze(self) -> None:
        self._frozen = None if self._frozen else self.hub.snapshot()
        self.tick()

    def action_theme(self) -> None:
        names = [theme.name for theme in themes.OURS]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def action_shot(self) -> None:
        at = figures.time_of_day(self.clock.wall()).replace(":", "")
        try:
            path = self.save_screenshot(f"forge-{at}.svg", str(Path.cwd()))
        except OSError as fault:
            self.say(f"no screenshot: {fault.strerror}", severity="error")
        else:
            self.say(f"screenshot in {Path(path).name}")

    # -- the end --------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        self._ask_to_quit()

    def action_help_quit(self) -> None:
        """ctrl+c where nothing is selected: the quit dialog; again within five seconds it drains and quits."""
        now = self.clock.monotonic()
        again, self._quit_asked_at = now - self._quit_asked_at < AGAIN_WITHIN_S, now
        if again:
            self.exit(Leave.DRAIN)
        else:
            self._ask_to_quit()

    def _ask_to_quit(self) -> None:
        from forge_tui.console.screens.quit import QuitDialog

        if self.view.job.state not in UNDER_WAY:
            self.exit(Leave.DRAIN)
        elif not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(), lambda leave: None if leave is None else self.exit(leave))
