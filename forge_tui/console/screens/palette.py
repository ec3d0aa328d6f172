"""What the command palette finds: every key of the table, under its words."""

from collections.abc import Iterable

from textual.app import SystemCommand
from textual.screen import Screen

from forge_tui.console.keys import KEYS, Scope


def commands(screen: Screen[object]) -> Iterable[SystemCommand]:
    """The entries for `screen`."""
    for key in KEYS:
        if key.scope is Scope.APP:
            yield SystemCommand(key.does, key.id, lambda action=key.action: screen.app.run_action(action))
