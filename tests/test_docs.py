"""The documents say what the code does."""

import re
from pathlib import Path

from click.testing import CliRunner

import defect_table
import reference_tables
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
