"""Commands typed in a folder of their own, with no settings, key or state of the person who runs the tests."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forge_tui.cli.main import forge_tui

Type = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with three tickets in tickets.csv and a bad row beside two good ones in hard.csv."""
    for variable in ("SARVAM_API_KEY", "FORGE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / ".home"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets.csv").write_text(
        "id,text\na,my invoice is wrong\nb,the screen of my laptop is black\nc,My invoice is  wrong\n"
    )
    (tmp_path / "hard.csv").write_text("id,text\na,refund my payment\nb,\nc,the app crashes\n")
    return tmp_path


@pytest.fixture
def typed(folder: Path) -> Type:
    """Type a command line in the folder."""
    return lambda *words: CliRunner().invoke(forge_tui, [str(word) for word in words], catch_exceptions=False)
