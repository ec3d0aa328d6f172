"""What an installation gets."""

import re
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import forge_tui

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = ROOT / "requirements.lock"


def test_every_dependency_has_an_upper_bound():
    """D39: a newer release of a dependency cannot break an installation."""
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    unbounded = [line for group in groups for line in group if not re.search(r"<[0-9]|==", line)]
    assert unbounded == []


def test_every_locked_version_is_one_that_the_project_allows():
    """D39: what the checks and tests passed with is what a clone installs."""
    locked = dict(line.split("==") for line in LOCK.read_text("utf-8").splitlines() if not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in locked.items()}
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for needed in (Requirement(line) for group in groups for line in group):
        assert versions[canonicalize_name(needed.name)] in needed.specifier, needed


def test_the_version_is_told_once():
    assert version("forge_tui") == forge_tui.__version__ == PROJECT["version"]


def test_the_packages_that_the_user_named_are_required():
    names = {re.split(r"[<>=;\[ ]", line)[0] for line in requires("forge_tui")}
    assert {"textual", "httpx", "aiosqlite", "pydantic", "structlog", "plotext"} <= names
