"""Help: what the focused pane shows, and the whole key table."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from forge_tui.console.keys import KEYS, WHERE, Scope, typed
from forge_tui.console.presentation import Tone, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame

# What a newcomer asks of each pane, by its name on the frame.
PANES = {
    "Progress": "Where every ticket is. done + failed + retry + in flight + waiting + twins is the total.",
    "Queue": "Tickets by words: simple under 15, medium to 60, complex above. The line is the last latencies,"
    " batch is the size in use of the largest allowed.",
    "Breaker": "CLOSED lets requests out. OPEN holds them while the provider is down: tickets wait, none fails."
    " HALF_OPEN has one probe out.",
    "Limits": "Requests a minute used of the limit, requests in flight of the slots, and a wait the provider asked for.",
    "Latency s": "Seconds per request over the last minutes: half are faster than p50, one in twenty is slower than p95.",
    "Failures": "Tickets that ended without a classification. retry? says whether asking again can help now.",
    "Results": "Classified tickets. from is the batch, the cache, or a twin with the same text.",
    "Jobs": "This job and the earlier ones of this database.",
    "Jobs and history": "Every job of this database. Enter shows one as it stands: its failures can be asked again there."
    " r goes on with an unfinished one, under its own settings.",
    "Events": "What happened, newest last. An accepted command is an event too.",
    "Events and log": "What happened, newest last. An accepted command is an event too. Scrolling back holds the view.",
    "By class": "Tickets by complexity: what waits, runs, is to be retried, took how long and came to what.",
    "Detail": "The ticket under the cursor: its text, each request it rode in, why it failed, whether to ask again.",
    "File": "A path, several, a folder or a glob. Tab completes; enter goes to the preview.",
    "Recent": "Files of earlier jobs with what became of them, then a folder. Enter takes a file, or goes in.",
    "Preview": "What the files hold, will send, cost and take. Nothing is written or sent before enter.",
    "Run with": "The settings of this job. The letters in brackets change them; the preview follows.",
}


_LAUNCH_PANES = frozenset({"File", "Recent", "Preview", "Run with"})


class HelpFrame(Frame):
    """The box around the scrolling text."""

    NAME = "Help"


class HelpDialog(Dialog[None]):
    """Shows help until it is closed; `about` is the name of the pane it was asked from."""

    def __init__(self, about: str = "") -> None:
        super().__init__()
        self._about = about

    def body(self) -> ComposeResult:
        text = Content("\n").join(list(self._lines()))
        yield HelpFrame(VerticalScroll(Static(text, markup=False)))

    def on_mount(self) -> None:
        self.query_one(HelpFrame).caption("Help", "esc closes")
        self.query_one(VerticalScroll).focus()

    def _lines(self) -> Iterator[Content]:
        if self._about in PANES:
            yield line((self._about, Tone.STRONG))
            yield Content(PANES[self._about])
            yield Content("")
        # The launch screen hears its own keys and few others.
        here_first = sorted(WHERE, key=lambda scope: (scope is Scope.LAUNCH) is not (self._about in _LAUNCH_PANES))
        for scope in here_first:
            words = WHERE[scope]
            yield line((words, f"bold {Tone.LEAD}"))
            for key in KEYS:
                if key.scope is scope:
                    yield line("  ", (f"{typed(self.app, key.id):<7}", f"bold {Tone.ACCENT}"), key.does)
            yield Content("")
        yield line(("ids for [keys] in the settings file", f"bold {Tone.LEAD}"))
        for key in KEYS:
            yield line("  ", (f"{key.id:<24}", Tone.DIM), key.shown)
