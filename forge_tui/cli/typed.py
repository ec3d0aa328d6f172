"""The command line as it was typed, so that it can be typed again."""

import shlex
import shutil
import sys
from pathlib import Path

import click

PROGRAM = "forge-tui"


def typed_command() -> str:
    """This command line."""
    return f"{program()} {shlex.join(click.get_current_context().obj)}"


def program() -> str:
    """How this program is called from here: an environment that is not activated is not on the path."""
    if shutil.which(PROGRAM):
        return PROGRAM
    typed = Path(sys.argv[0])
    return shlex.quote(str(typed)) if typed.name == PROGRAM else f"{shlex.quote(sys.executable)} -m forge_tui"
