"""What the command palette finds: every key of the table under its words, and commands typed with a value."""

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand
from textual.command import Hit, Hits, Provider
from textual.screen import Screen

from forge_tui.console.keys import BY_ID, typed

MOST_HZ = 10.0
EXAMPLES = "a command by its words, or: filter code:E-JSON · hz 2"


def commands(screen: Screen[object]) -> Iterable[SystemCommand]:
    """The entries for `screen`: every key that does something there and now."""
    told = set()
    for bound in screen.active_bindings.values():
        key = BY_ID.get(bound.binding.id or "")
        if key is not None and bound.enabled and key.id not in told:
            told.add(key.id)
            run = partial(screen.app.run_action, bound.binding.action, bound.node)
            yield SystemCommand(key.does, f"{typed(screen.app, key.id)}  {key.id}", run)


class Typed(Provider):
    """`filter code:E-JSON` narrows the list of this screen, `hz 2` sets the frames a second."""

    async def search(self, query: str) -> Hits:
        word, _, value = query.strip().lstrip(":").partition(" ")
        run = self._meaning(word, value.strip())
        if run is not None:
            yield Hit(1.0, f"{word} {value}", run, help="as typed")

    def _meaning(self, word: str, value: str) -> Callable[[], None] | None:
        narrow = getattr(self.screen, "filter_by", None)
        if word == "filter" and narrow is not None:
            return lambda: narrow(value)
        if word == "hz" and value.replace(".", "", 1).isdigit() and 0 < float(value) <= MOST_HZ:
            return lambda: self.app.set_pace(float(value))  # type: ignore[attr-defined]  # our own app
        return None
