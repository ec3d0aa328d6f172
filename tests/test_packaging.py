"""What an installation gets."""

import re
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import forge_tui

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]


def test_every_dependency_has_an_upper_bound():
    """D39: a newer release of a dependency cannot break an installation."""
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    unbounded = [line for group in groups for line in group if not re.search(r"<[0-9]|==", line)]
    assert unbounded == []


def test_the_version_is_told_once():
    assert version("forge_tui") == forge_tui.__version__ == PROJECT["version"]


def test_the_packages_that_the_user_named_are_required():
    names = {re.split(r"[<>=;\[ ]", line)[0] for line in requires("forge_tui")}
    assert {"textual", "httpx", "aiosqlite", "pydantic", "structlog", "plotext"} <= names
