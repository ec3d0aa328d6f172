"""The console's desk: reads the newest snapshot on a timer, hands one frame to what is on screen, sends orders back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from textual import work
from textual.filter import NoColor
from textual.reactive import Reactive
from textual.theme import Theme

from forge_tui.console import themes
from forge_tui.console.ascii import AsciiFilter
from forge_tui.console.farewell import Leave
from forge_tui.console.hub import EngineGone, Hub, Launch
from forge_tui.console.in_turn import InTurn
from forge_tui.console.kept_back import KeptBack
from forge_tui.console.keys import checked_keymap
from forge_tui.console.orders import Orders
from forge_tui.console.pace import Pace
from forge_tui.console.stylesheet import ParsedOnce
from forge_tui.console.view import Crashed, EngineState, Live, Refused, Starting, Stopped, View
from forge_tui.core.breaker import BreakerState
from forge_tui.core.clock import Clock
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobRecord, JobState
from forge_tui.core.snapshot import Snapshot
from forge_tui.telemetry import frame
from forge_tui.telemetry.crash import without_locals

if TYPE_CHECKING:  # loaded with the first key that gives one, the first list that asks one
    from forge_tui.console.screens.answers import Answer, Question
    from forge_tui.core.command import Command

Severity = Literal["information", "warning", "error"]

REREAD_JOBS_AFTER_S = 1.0
LATEST_START_S = 0.5
FIRST_HZ = 4.0  # until the settings are known
OPENING_BEAT_S = 0.05  # what can be done is told as soon as it can be
RECENT_FILES = 5
CLIPBOARD_FILE = "forge-clipboard.txt"


@dataclass(frozen=True, slots=True)
class Look:
    """How the console looks and behaves: `hz` 0 leaves drawing to `tick`; without `clipboard`, copies go to a file.

    `hz` and `keymap` are the settings' where they are None.
    """

    hz: float | None = None
    ascii_only: bool = False
    clipboard: bool = True
    theme: str = themes.DARK.name
    keymap: Mapping[str, str] | None = None


class Desk(InTurn[Leave]):
    """What every key of ForgeApp works with; `view` is the frame on screen, `leaving` that there will be no other.

    `first` is launched at once, `offered` files open the launch screen.
    """

    # Ours from the first moment: a theme set later has every style read and applied a second time.
    theme: Reactive[str] = Reactive(themes.DARK.name)

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        look: Look | None = None,
        *,
        first: Launch | None = None,
        offered: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.stylesheet = ParsedOnce(variables=self.get_css_variables())
        self.hub = hub
        self.clock = clock
        self.look = look or Look()
        self.orders = Orders()
        self.pace = Pace(FIRST_HZ if self.look.hz is None else self.look.hz)
        self.view = View()
        self.crash_text = ""
        self.leaving = False
        self.mode_change = KeptBack(self)
        self._first = first
        self._offered = tuple(offered)
        self._frozen: Snapshot | None = None
        self._jobs: tuple[JobRecord, ...] = ()
        self._jobs_read: tuple[int, float] = (-1, float("-inf"))
        self._begun = self._settled = False
        self._marks: dict[int, set[int]] = {}
        self._answers: dict[type, Answer] = {}
        if self.no_color:
            self._filters.append(NoColor())
        if self.look.ascii_only:
            self._filters.append(AsciiFilter())
        self.set_keymap(checked_keymap(self.look.keymap or {}))

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and ours."""
        variables = super().get_css_variables()
        self.theme_variables = variables | themes.derived(variables)
        return self.theme_variables

    @cached_property
    def available_themes(self) -> dict[str, Theme]:  # Textual looks its theme up at every line drawn
        """Textual's themes and ours."""
        return super().available_themes | {theme.name: theme for theme in themes.OURS}

    def on_mount(self) -> None:
        self.theme = self.look.theme
        self.call_after_refresh(self._first_tick)
        # What waits for a refresh is lost with its screen: a key typed ahead may have taken it away.
        self.set_timer(LATEST_START_S, self._first_tick)

    def _first_tick(self) -> None:
        if self._begun:
            return
        self._begun = True
        self.hub.start()
        if self._first is not None:
            self.launch(self._first)
        self.tick()
        if self._offered:
            self.offer(self._offered)
        if self.pace.wanted_hz:
            self._beat()

    def action_key(self) -> None:
        """Ask for the API key."""
        raise NotImplementedError

    def offer(self, files: Sequence[str]) -> None:
        """Ask whether to run these files."""
        raise NotImplementedError

    # -- the frame ------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        # The next one first: a measurement that waits for the refresh is lost when its screen is closed meanwhile.
        opening = isinstance(self.view.engine, Starting)
        self.set_timer(min(OPENING_BEAT_S, self.pace.interval_s) if opening else self.pace.interval_s, self._beat)
        started = self.clock.monotonic()
        self.tick()
        self.call_after_refresh(lambda: self.pace.painted(1000.0 * (self.clock.monotonic() - started)))

    def tick(self) -> None:
        """Read the newest snapshot and show it."""
        if self.leaving:
            return
        now = self.clock.monotonic()
        newest = self.hub.snapshot()
        for reply in self.orders.answered(newest.replies):
            if not reply.accepted or reply.command == "Retry":
                self.say(reply.message, severity="information" if reply.accepted else "warning")
        self.orders.give_due(now)
        before, self.view = self.view, self._view_of(self._frozen or newest, now)
        self._settle(self.view.engine)
        self._tell_changes(before, self.view)
        self._read_jobs_if_changed(now)
        for screen in self.screen_stack:
            show = getattr(screen, "show", None)
            if show is not None and screen.is_mounted:
                show(self.view)

    def _settle(self, engine: EngineState) -> None:
        """Take over what the settings say of the screen, once they are known; where they are refused, end."""
        if self._settled or not isinstance(engine, Live | Refused):
            return
        self._settled = True
        if isinstance(engine, Refused) and engine.final:
            self.exit(Leave.DRAIN)
            return
        if self.look.hz is None:
            self.pace.want(cast("float", self.hub.setting("refresh_hz")))
        if self.pace.wanted_hz:
            self._load_rest()
        if self.look.keymap is None:
            self.set_keymap(checked_keymap(cast("Mapping[str, str]", self.hub.setting("keys"))))

    @work(thread=True, exit_on_error=False)
    def _load_rest(self) -> None:
        self.load_rest()

    def load_rest(self) -> None:
        """Load and lay out what the first frame did without, so that no key waits for it; in a worker's thread."""
        raise NotImplementedError

    def _view_of(self, job: Snapshot, now: float) -> View:
        files = (file for record in self._jobs for file in record.spec.files)
        return View(
            job=job,
            now_mono=now,
            at=self.clock.wall(),
            engine=self.hub.state(),
            frozen=self._frozen is not None,
            paint_ms=self.pace.paint_ms,
            pending=self.orders.pending,
            held=self.orders.held,
            jobs=self._jobs,
            recent_files=tuple(dict.fromkeys(files))[:RECENT_FILES],
        )

    def _tell_changes(self, before: View, after: View) -> None:
        """Rare facts get a toast, and the bell where nobody looks."""
        if _key_wanted(after) and not _key_wanted(before):
            self.call_after_refresh(self.action_key)
        if before.job.job_id != after.job.job_id:
            return
        if before.job.state not in ENDED and after.job.state in ENDED:
            self._call_attention(frame.ending(after.job))
        if before.job.breaker.state == BreakerState.CLOSED and after.job.breaker.state == BreakerState.OPEN:
            self._call_attention(f"breaker opened: {after.job.breaker.reason}", severity="warning")

    def _call_attention(self, words: str, severity: Severity = "information") -> None:
        self.say(words, severity=severity)
        if not self.app_focus:
            self.bell()

    def _read_jobs_if_changed(self, now: float) -> None:
        version, read_at = self._jobs_read
        current = self.view.job.jobs_version
        due = now - read_at >= REREAD_JOBS_AFTER_S
        if due and version != current and isinstance(self.view.engine, Live | Crashed | Stopped):
            self._jobs_read = (current, now)
            self._read_jobs()

    @work(thread=True, exclusive=True, group="jobs", exit_on_error=False)
    def _read_jobs(self) -> None:
        try:
            jobs = self.hub.rows.jobs()
        except ForgeError as error:
            self.call_from_thread(self.say, str(error), severity="error")
            return
        self.call_from_thread(self._put_jobs, jobs)

    def _put_jobs(self, jobs: Sequence[JobRecord]) -> None:
        self._jobs = tuple(jobs)
        self.tick()

    def delay_update(self, delay: float = 0.05) -> None:
        """Textual keeps the frame back so for every new mode; ours lets go as soon as it is ready."""
        self.mode_change.hold(delay)

    # -- orders ---------------------------------------------------------------------------------------------------

    def order(self, make: "Callable[[int], Command]", words: str) -> None:
        """Send the command that `make` builds around a fresh id; `words` name it until it is answered."""
        command_id = self.hub.next_command_id()

        def send() -> int:
            self.hub.send(make(command_id))
            return command_id

        self.ask(send, words)

    def ask(self, ask: Callable[[], int], words: str) -> None:
        """Ask the hub for something that is answered to the command id it returns."""
        try:
            self.orders.sent(ask(), words)
        except EngineGone:
            self.say("engine has stopped", severity="error")
            return
        self.tick()

    def hold(self, words: str, give: Callable[[], None]) -> None:
        """Give an order in five seconds unless it is undone: `u` takes it back, enter gives it now."""
        self.orders.hold(words, give, self.clock.monotonic())
        self.tick()

    def marks_of(self, job_id: int) -> set[int]:
        """The marked failures of a job by position: one set for every screen that lists them."""
        return self._marks.setdefault(job_id, set())

    def answer_to(self, kind: type, asked: "Question") -> "Answer | None":
        """The last answer to lists of this kind, where it is one to this question: two that ask the same share it."""
        last = self._answers.get(kind)
        return last if last is not None and last.asked == asked else None

    def keep_answer(self, kind: type, answer: "Answer") -> None:
        """The newest answer to lists of this kind; 100,000 positions are read and kept once."""
        self._answers[kind] = answer

    def launch(self, launch: Launch) -> None:
        """Ask the engine to run a job."""
        self.ask(lambda: self.hub.launch(launch), "Launching")

    def open_job(self, job_id: int) -> None:
        """Ask the engine to show a job of the store."""
        self.ask(lambda: self.hub.open_job(job_id), "Opening")

    def cancel_job(self, job_id: int) -> None:
        """Ask the engine to end a job of the store."""
        self.ask(lambda: self.hub.cancel_job(job_id), "Cancelling")

    def resume_job(self, job_id: int) -> None:
        """Ask the engine to go on with a job of the store."""
        self.ask(lambda: self.hub.resume_job(job_id), "Resuming")

    def use_key(self, key: str) -> None:
        """Hand an API key to the engine; it is kept nowhere else."""
        self.ask(lambda: self.hub.use_key(key), "Connecting")

    # -- words ----------------------------------------------------------------------------------------------------

    def say(self, text: str, *, severity: Severity = "information") -> None:
        """A toast of literal words."""
        self.notify(text, severity=severity, markup=False)

    def copy(self, text: str) -> None:
        """To the clipboard by OSC 52, or to a file that is named where the terminal has none."""
        if self.look.clipboard:
            self.copy_to_clipboard(text)
            self.say("copied")
            return
        path = Path(CLIPBOARD_FILE)
        try:
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as fault:
            self.say(f"not copied: {path}: {fault.strerror}", severity="error")
        else:
            self.say(f"copied to file {path}")

    # -- one order of things on every Python --------------------------------------------------------------------------

    async def _process_messages(self, *args: Any, **kwargs: Any) -> None:
        """Textual's own loop of messages, with tasks that begin in their turn."""
        # From Python 3.12 on Textual runs a task in the moment it is made: a screen's widgets are then mounted before it
        # is on the stack, which ends the app (Textualize/textual#6444), and tests, which run without, see something else.
        asyncio.get_running_loop().set_task_factory(None)
        await super()._process_messages(*args, **kwargs)

    # -- the end --------------------------------------------------------------------------------------------------

    async def _shutdown(self) -> None:
        # From here on the screens are taken apart: a frame that came between would find half of one.
        self.leaving = True
        await super()._shutdown()

    # -- a bug of ours --------------------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """What asked an engine that never came to be goes with it; the rest is Textual's."""
        if isinstance(error, EngineGone):
            self.exit(Leave.DRAIN)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual would print the values of variables, a key among them: ours says where, never what."""
        self.crash_text = without_locals(self._exception)
        self.bell()
        self._close_messages_no_wait()


def _key_wanted(view: View) -> bool:
    """Whether a key is missing, or was refused by the provider."""
    job = view.job
    refused = job.state is JobState.HALTED and job.state_code == Code.AUTH
    return refused or (isinstance(view.engine, Refused) and view.engine.for_want_of_a_key)
