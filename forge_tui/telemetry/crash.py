"""A bug as text: the way to it through the code, without a single value of a variable."""

import traceback
from pathlib import Path

from forge_tui.core.text import clean


def without_locals(error: BaseException | None) -> str:
    """The traceback of `error`, harmless to print; its own words may repeat a ticket's."""
    return clean("".join(traceback.format_exception(error))) if error is not None else ""


def name_and_place(error: BaseException) -> tuple[str, str]:
    """What a log may know of it: `KeyError` and `recorder.py:63 record`."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""
    return type(error).__name__, place
