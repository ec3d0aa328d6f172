"""The documents say what the code does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import defect_table
import reference_tables
from benchmarks.__main__ import SECTIONS
from forge_tui.cli.main import forge_tui

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_reference_page_has_the_tables_of_the_code():
    page = reference_tables.PAGE.read_text("utf-8")
    assert reference_tables.with_tables(page) == page, "write them: python tests/reference_tables.py"


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert named
    assert named <= targets


def test_every_option_that_the_readme_and_the_guide_name_exists():
    guide = (ROOT / "docs" / "how-to.md").read_text("utf-8")
    known = {
        option for command in [forge_tui, *forge_tui.subcommands.values()] for p in command.params for option in p.opts
    }
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", README + guide))
    assert named <= known | {"--help"}


def test_every_link_between_the_documents_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_help_names_every_subcommand():
    shown = CliRunner().invoke(forge_tui, ["--help"]).output
    assert all(name in shown for name in forge_tui.subcommands)


def test_the_page_of_defects_names_the_tests_that_answer_them():
    assert defect_table.PAGE.read_text("utf-8") == defect_table.page(), "write it: python tests/defect_table.py"


SHOTS = ROOT / "tests" / "console" / "__snapshots__"
PICTURES = {
    "dashboard.svg": SHOTS / "test_lists" / "test_a_screen_looks_as_it_did[140x40-dashboard].svg",
    "launch.svg": SHOTS / "test_launch" / "test_the_launch_screen_uses_a_wide_terminal.svg",
    "breaker-open.svg": SHOTS / "test_dashboard_snapshots" / "test_the_breaker_open_on_a_large_screen.svg",
    "failures.svg": SHOTS / "test_lists" / "test_a_screen_looks_as_it_did[140x40-failures].svg",
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_what_the_console_draws(name):
    assert (ROOT / "docs" / name).read_bytes() == PICTURES[name].read_bytes(), f"copy it: {PICTURES[name].name}"


def test_every_promise_has_its_row_with_a_test_both_scales_and_a_result():
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    rows = {row[0]: row[1:] for row in re.findall(r"^\| (P\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|(.*)\|$", page, re.MULTILINE)}
    assert list(rows) == [f"P{number}" for number in range(1, 32)]
    for promise, (says, tests, *figures) in rows.items():
        assert says.strip(), promise
        assert "`tests/" in tests, promise
        assert all(figure.strip() for figure in figures), promise
        assert re.search(r"\d|every|no |one ", figures[2]), f"{promise}: a result is a figure"


def test_every_promise_names_tests_that_exist():
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = re.findall(r"`(tests/[a-z_/]+\.py)(?:::(test_[a-z0-9_]+))?`", page)
    assert named
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert f"def {test}(" in (ROOT / path).read_text("utf-8") if test else True, test


def test_the_page_of_benchmarks_tells_of_every_section():
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    told = re.findall(r"^## ([a-z]+):", page, re.MULTILINE)
    assert told == list(SECTIONS), "measure them: python -m benchmarks --full --document"
