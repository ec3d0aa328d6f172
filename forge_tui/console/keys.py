"""Every key of the console as data: bindings, footer, help, documentation and the user's keymap all read this table.

Ids are API: a settings file maps them to other keys, so none is renamed silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from forge_tui.core.errors import SettingsRefused

if TYPE_CHECKING:
    from textual.app import App


class Scope(StrEnum):
    """Which part of the console answers to a key."""

    APP = "app"
    SCREEN = "screen"
    LIST = "list"
    FAILURES = "failures"
    JOBS = "jobs"
    LOG = "log"
    LAUNCH = "launch"
    PATH = "path"
    HELD = "held"
    RETRY = "retry"
    CAUSES = "causes"
    BREAKER = "breaker"
    QUIT = "quit"


WHERE = {
    Scope.APP: "everywhere",
    Scope.SCREEN: "on a screen",
    Scope.LIST: "in a list",
    Scope.FAILURES: "among failures",
    Scope.JOBS: "among jobs",
    Scope.LOG: "in the log",
    Scope.LAUNCH: "on the launch screen, outside its path",
    Scope.PATH: "in the path of the launch screen",
    Scope.HELD: "while an order is held",
    Scope.RETRY: "in the dialog of `R`",
    Scope.CAUSES: "among causes",
    Scope.BREAKER: "in the breaker's menu",
    Scope.QUIT: "in the quit dialog",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One binding: `keys` in Textual's names, `shown` as people type it, `label` for the footer, `does` for help."""

    id: str
    keys: str
    shown: str
    action: str
    label: str
    does: str
    scope: Scope = Scope.APP
    wide_label: str = ""


_S, _L, _F, _J, _E = Scope.SCREEN, Scope.LIST, Scope.FAILURES, Scope.JOBS, Scope.LOG
_N = Scope.LAUNCH
_APART = frozenset({Scope.FAILURES, Scope.JOBS, Scope.LOG, Scope.CAUSES})
# Nothing below them hears a key while they listen.
_ALONE = frozenset({Scope.HELD, Scope.LAUNCH, Scope.PATH, Scope.RETRY, Scope.BREAKER, Scope.QUIT})

KEYS = (
    Key("app.help", "question_mark,f1", "?", "help", "Help", "help of the focused pane, and the key table"),
    Key("app.command", "ctrl+p,colon", "^p", "command_palette", "", "command palette; `:` too", wide_label="Commands"),
    Key("screen.dashboard", "1", "1", "screen('dashboard')", "Dashboard", "the dashboard"),
    Key("screen.jobs", "2", "2", "screen('jobs')", "Jobs", "jobs and history"),
    Key("screen.failures", "3", "3", "screen('failures')", "Failures", "failures"),
    Key("screen.results", "4", "4", "screen('results')", "Results", "results"),
    Key("screen.events", "5", "5", "screen('events')", "Events", "events and log"),
    Key("pane.next", "tab", "tab", "app.focus_next", "Pane", "next pane (shift+tab: the one before)", _S),
    Key("pane.jump", "ctrl+o", "ctrl+o", "jump", "Panes", "letters on panes: type one to go there", _S),
    Key("list.down", "j,down", "j", "move(1)", "Down", "one row down", _L),
    Key("list.up", "k,up", "k", "move(-1)", "Up", "one row up", _L),
    Key("list.page_down", "ctrl+d,pagedown", "ctrl+d", "page(1)", "Page", "a page down", _L),
    Key("list.page_up", "ctrl+u,pageup", "ctrl+u", "page(-1)", "Page up", "a page up", _L),
    Key("list.top", "g,home", "g", "top", "Top", "first row", _L),
    Key("list.bottom", "G,end", "G", "bottom", "Bottom", "last row", _L),
    Key("list.open", "enter", "⏎", "open", "Detail", "open the row", _L),
    Key("app.back", "escape", "esc", "step_back", "Back", "out of a dialog, filter or zoom; never quits", _S),
    Key("mark.toggle", "space", "spc", "mark", "Mark", "mark the row, or take the mark off", _L),
    Key("mark.range", "v", "v", "mark_range", "Range", "mark from the last mark to here", _L, "Mark range"),
    Key("mark.all", "a", "a", "mark_all", "All", "mark all in the filter", _L, "Mark all"),
    Key("mark.none", "asterisk", "*", "mark_none", "None", "take all marks off", _L, "Unmark all"),
    Key("failures.retry", "r", "r", "retry", "Retry", "retry what is marked, or this row; at once, no undo", _F),
    Key(
        "failures.retry_filter",
        "R",
        "R",
        "retry_filter",
        "Retry",
        "retry all in the filter less verdict no: counts first, then held 5 s",
        _F,
        "Retry filter",
    ),
    Key("failures.cluster", "c", "c", "cluster", "Causes", "group by cause, try one of each", _F),
    Key("jobs.resume", "r", "r", "resume", "Resume", "go on with this job, under its own settings", _J),
    Key("job.undo", "u", "u", "undo", "Undo", "undo R or x while it is held (enter: now)"),
    Key("held.now", "enter", "⏎", "give_now", "Now", "give R or x at once while it is held", Scope.HELD),
    Key("job.key", "K", "K", "key", "Key", "enter the API key, masked; kept for this session only"),
    Key("job.new", "n", "n", "new_job", "New", "launch screen"),
    Key("job.pause", "p", "p", "pause", "Pause", "stop sending, or resume"),
    Key("job.drain", "d", "d", "drain", "Drain", "finish what is in flight, then stop"),
    Key("job.cancel", "x", "x", "cancel", "Cancel", "cancel the job (on screen 2: this one), held 5 s"),
    Key("list.filter", "slash", "/", "filter", "Filter", "filter: code:E-JSON !class:simple words", _L),
    Key("list.sort", "o", "o", "sort", "Sort", "sort menu", _L),
    Key("view.freeze", "s", "s", "freeze", "Freeze", "freeze the screen only"),
    Key("breaker.menu", "b", "b", "breaker_menu", "Breaker", "why it is so; trip, reset"),
    Key("pane.zoom", "plus", "+", "zoom", "Zoom", "the focused pane alone", _S),
    Key("pane.unzoom", "underscore", "_", "unzoom", "Unzoom", "all panes again", _S),
    Key("copy.id", "y", "y", "copy_id", "Copy", "copy the id; without a clipboard to a file, named", _L),
    Key("copy.row", "Y", "Y", "copy_row", "Copy row", "copy the row as JSON", _L),
    Key("export.filter", "e", "e", "export", "Export", "rows in the filter to CSV or JSONL", _S),
    Key("limits.menu", "l", "l", "limits_menu", "Limits", "slots, requests/min and budget, live"),
    Key("screen.log", "L", "L", "screen('events')", "Log", "the events, following"),
    Key("log.level", "f", "f", "level", "Level", "least level shown", _E),
    Key("log.wrap", "w", "w", "wrap", "Wrap", "wrap long lines, or cut them", _E),
    Key("launch.start", "enter", "⏎", "start", "Start", "start with what the preview shows", _N),
    Key("launch.sample", "s", "s", "sample", "Sample 20 first", "start with the first 20 tickets only", _N),
    Key("launch.column", "c", "c", "next_column", "Column", "the next column holds the text", _N),
    Key("launch.provider", "p", "p", "next_provider", "Provider", "another provider", _N),
    Key("launch.model", "m", "m", "model", "Model", "another model of this provider", _N),
    Key("launch.batch", "b", "b", "next_batch", "Batch", "another batch size", _N),
    Key("launch.limits", "B", "B", "budget", "Budget", "budget, slots and requests/min", _N),
    Key("launch.complete", "tab", "tab", "complete", "Complete", "complete the path; again: next pane", Scope.PATH),
    Key("retry.give", "enter", "⏎", "retry", "Retry", "retry those it may help", Scope.RETRY),
    Key("retry.force", "f", "f", "force", "Force", "retry all in the filter, verdict no too", Scope.RETRY),
    Key(
        "causes.try_each",
        "t",
        "t",
        "try_each",
        "Try",
        "retry one of each cause marked, or of all it may help",
        Scope.CAUSES,
    ),
    Key("breaker.trip", "t", "t", "ask('trip')", "Trip", "open the breaker (twice: sure)", Scope.BREAKER),
    Key("breaker.reset", "r", "r", "ask('reset')", "Reset", "close the breaker (twice: sure)", Scope.BREAKER),
    Key("quit.drain", "d,enter", "d", "leave('drain')", "Drain", "finish what is in flight, then quit", Scope.QUIT),
    Key("quit.now", "k", "k", "leave('now')", "Stop now", "quit at once; the job can be resumed", Scope.QUIT),
    Key("app.theme", "T", "T", "theme", "Theme", "next theme"),
    Key("app.shot", "f8", "F8", "shot", "Shot", "the screen as an SVG file"),
    Key("app.debug", "f12", "F12", "debug", "Debug", "settings, versions, paint ms, stalls"),
    Key("app.quit", "q,ctrl+q", "q", "quit", "Quit", "quit dialog"),
)

BY_ID = {key.id: key for key in KEYS}


def as_binding(key_id: str, action: str) -> Binding:
    """A key of the table that does `action` where it is bound so: what it is for stays, how it is done differs."""
    key = BY_ID[key_id]
    return Binding(key.keys, action, key.label, id=key_id, show=False)


def typed(app: "App[object]", key_id: str) -> str:
    """The key as it is typed in this app: the user's own where the keymap names one."""
    own = app._keymap.get(key_id)  # noqa: SLF001 - Textual has no reader for the keymap it was given
    return own.split(",")[0].strip() if own else BY_ID[key_id].shown


def bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings of one part of the console."""
    return [
        Binding(
            key.keys, key.action, key.label or key.wide_label, id=key.id, show=False, priority=key.scope is Scope.HELD
        )
        for key in KEYS
        if key.scope in scopes
    ]


def checked_keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """The user's `[keys]`: id to key, as Textual takes it.

    Raises SettingsRefused for an unknown id and for a key that already belongs to another id: Textual would
    ignore the first and silently drop the other's action for the second.
    """
    for key_id in wanted:
        if key_id not in BY_ID:
            raise SettingsRefused(f"[keys] {key_id}: there is no such key id; forge-tui's help (?) lists them")
    taken: dict[str, str] = {}
    for key in KEYS:
        for name in wanted.get(key.id, key.keys).split(","):
            owner = taken.setdefault(name.strip(), key.id)
            if owner != key.id and not _apart(BY_ID[owner].scope, key.scope):
                raise SettingsRefused(f"[keys] {name.strip()} is both {owner} and {key.id}: give one of them another")
    return dict(wanted)


def _apart(one: Scope, other: Scope) -> bool:
    """Whether two parts never listen at once."""
    return one is not other and (not _ALONE.isdisjoint({one, other}) or {one, other} <= _APART)
