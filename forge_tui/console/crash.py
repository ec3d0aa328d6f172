"""A bug as text: the way to it through the code, without a single value of a variable."""

import traceback

from forge_tui.core.text import clean


def without_locals(error: BaseException | None) -> str:
    """The traceback of `error`, harmless to print."""
    return clean("".join(traceback.format_exception(error))) if error is not None else ""
