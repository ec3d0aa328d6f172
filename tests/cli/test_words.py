"""What the command line makes of its words, before any work begins."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from forge_tui import __version__
from forge_tui.cli import options
from forge_tui.cli.main import FilesOrCommand, forge_tui
from forge_tui.settings import Settings


def typed(*words: str) -> Result:
    return CliRunner().invoke(forge_tui, list(words))


def test_help_lists_options_and_subcommands():
    output = typed("--help").output
    assert [
        word for word in ("--batch", "--dry-run", "jobs", "export", "doctor", "simulate") if word not in output
    ] == []


@pytest.mark.parametrize("words", ["--help", "jobs --help", "--version"])
def test_help_loads_nothing_heavy(words: str):
    program = (
        "import sys; from forge_tui.__main__ import main; sys.argv = ['forge-tui', *sys.argv[1].split()]\n"
        "try:\n    main()\n"
        "finally:\n    print([m for m in ('textual', 'httpx', 'pydantic', 'structlog') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program, words], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_version_is_the_packages():
    assert typed("--version").output == f"forge-tui {__version__}\n"


def a_command_with_a_jobs_subcommand() -> tuple[FilesOrCommand, list[str]]:
    heard: list[str] = []

    @click.command("jobs")
    def jobs() -> None:
        heard.append("the subcommand")

    @click.command("forge-tui", cls=FilesOrCommand, subcommands={"jobs": jobs})
    @click.argument("files", nargs=-1)
    def main(files: tuple[str, ...]) -> None:
        heard.extend(files)

    return main, heard


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (["jobs"], ["the subcommand"]),
        (["./jobs"], ["./jobs"]),
        (["tickets.csv", "jobs"], ["tickets.csv", "jobs"]),
        (["--", "jobs"], ["jobs"]),
        ([], []),
    ],
)
def test_only_a_first_word_names_a_subcommand(words: list[str], heard: list[str]):
    command, really_heard = a_command_with_a_jobs_subcommand()
    CliRunner().invoke(command, words)
    assert really_heard == heard


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--batch"], "--batch needs a FILE"),
        (["--json", "tickets.csv"], "--json goes with --batch"),
        (["--dry-run", "tickets.csv"], "--dry-run goes with --batch"),
        (["--events", "e.jsonl", "tickets.csv"], "--events goes with --batch"),
        (["--no-such-option"], "No such option"),
        (["jobs", "--no-such-option"], "No such option"),
        (["export", "1"], "Missing option '--output'"),
        (["simulate", "--port", "70000"], "70000 is not in the range"),
    ],
)
def test_a_wrong_use_exits_2_and_says_why(words: list[str], told: str):
    result = typed(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_every_option_that_is_a_setting_bears_a_settings_name():
    """D37: an option that no setting hears would be a silent one."""
    commands = (forge_tui, *forge_tui.subcommands.values())
    names = {option.name for command in commands for option in command.params if isinstance(option, click.Option)}
    assert names - options.NO_SETTINGS - set(Settings.model_fields) == set()


def test_only_what_was_typed_becomes_a_flag():
    seen: list[options.Flag] = []

    @click.command()
    @options.several(*options.RUN)
    def command(**_flags: object) -> None:
        seen.extend(options.typed_flags())

    CliRunner().invoke(command, ["--rpm", "0", "--no-cache", "--model", "small"])
    assert sorted(seen) == [
        ("model", "small", "--model"),
        ("requests_per_min", "0", "--rpm"),
        ("use_cache", False, "--no-cache"),
    ]
