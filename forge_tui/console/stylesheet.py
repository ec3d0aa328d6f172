"""The app's style rules, parsed once: Textual (8.2.8) parses all of them anew, twice, for every screen that comes up."""

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

# One entry a widget class and style sheet: of more than these Textual's own 64 would forget some while it parses others.
_KEPT = 512


class ParsedOnce(Stylesheet):
    """Under the same variables the same text has the same rules; a theme of other colours has them parsed again."""

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(_KEPT)

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        self.parse()
