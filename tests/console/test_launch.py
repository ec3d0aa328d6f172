"""The launch screen: what it shows of a file before anything is spent, and what it launches."""

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from console_builders import RecordingHub, console, settle, working_hub
from console_lists import words_of
from console_states import busy
from forge_tui.console.paths import completed, expanded
from forge_tui.console.screens.ask import AskDialog
from forge_tui.console.screens.dashboard import DashboardScreen
from forge_tui.console.screens.help import HelpDialog
from forge_tui.console.screens.launch import LaunchScreen
from forge_tui.console.screens.launch_panes import PathInput, PreviewPane
from forge_tui.console.screens.limits_menu import LimitsMenu
from forge_tui.console.screens.quit import QuitDialog
from forge_tui.console.widgets.file_list import FileList
from forge_tui.core.errors import ColumnUnknown, InputRefused
from launch_builders import REASONS, launch_hub, preview


class Refusing(RecordingHub):
    """A hub whose files cannot be read."""

    def preview(self, launch):
        raise InputRefused("emails.csv: no text column among id, created: name one with --text-column")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder to look into."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archive").mkdir()
    for name in ("backlog.jsonl", "emails.csv", "notes.md", "tickets_1k.csv", "tickets_5k.csv"):
        (tmp_path / name).write_text("text\nhello\n")


def typing(path, *keys):
    async def type_it(pilot):
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        if path:
            pilot.app.screen.query_one("#path", Input).value = path
            await pilot.press("enter")
            await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    return type_it


SHOWN = {
    "empty": ("", launch_hub),
    "read": ("tickets_5k.csv", launch_hub),
    "scanning": ("tickets_5k.csv", lambda: launch_hub(preview(complete=False, read_share=0.42))),
    "refused": ("emails.csv", lambda: Refusing(busy())),
    "audited": ("tickets_5k.csv", lambda: launch_hub(preview(audit_requests=23, audit_cost=0.6))),
    "half_bad": ("tickets_5k.csv", lambda: launch_hub(preview(refused=2503, refused_for=REASONS))),
    "hostile": (
        "tickets_5k.csv",
        lambda: launch_hub(preview(first_texts=("[/b] \x1b[2J", "\x1b]0;owned\x07[@click=app.quit]x[/]"))),
    ),
    "known": ("tickets_5k.csv", lambda: launch_hub(preview(unfinished=working_hub().rows.job_list[2]))),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_launch_screen_looks_as_it_did(snap_compare, name):
    path, make = SHOWN[name]
    assert snap_compare(console(make()), terminal_size=(80, 24), run_before=typing(path))


def test_the_launch_screen_uses_a_wide_terminal(snap_compare):
    assert snap_compare(console(launch_hub()), terminal_size=(140, 40), run_before=typing("tickets_5k.csv"))


async def launched(hub, path, *keys):
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await typing(path, *keys)(pilot)
    return hub.launches


async def test_enter_reads_and_enter_again_starts():
    (launch,) = await launched(launch_hub(), "tickets_5k.csv", "enter")
    assert (launch.files, launch.settings) == (("tickets_5k.csv",), {})


async def test_a_sample_of_twenty_goes_first():
    (launch,) = await launched(launch_hub(), "tickets_5k.csv", "s")
    assert launch.settings == {"limit": 20}


async def test_column_provider_model_and_batch_are_chosen_by_keys():
    (launch,) = await launched(launch_hub(), "tickets_5k.csv", "c", "p", "b", "m", *"glm5.3", "enter", "enter")
    chosen = {"text_column": "id", "provider": "sarvam-v2", "batch_size": 1, "model": "glm5.3"}
    assert launch.settings == chosen


@pytest.mark.parametrize(
    ("keys", "screen"),
    [
        (("question_mark",), HelpDialog),
        (("f1",), HelpDialog),
        (("ctrl+p",), CommandPalette),
        (("ctrl+q",), QuitDialog),
        (("ctrl+c",), QuitDialog),
        (("ctrl+o", "a", "f1"), HelpDialog),
        (("B",), LimitsMenu),
        (("m",), AskDialog),
    ],
)
async def test_keys_that_work_everywhere_work_over_the_launch_screen(keys, screen):
    async with console(launch_hub()).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv", *keys)(pilot)
        assert isinstance(pilot.app.screen, screen)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LaunchScreen)


@pytest.mark.parametrize(
    ("letter", "widget", "offers"),
    [("a", PathInput, "tab Complete"), ("b", FileList, "⏎ Choose"), ("c", PreviewPane, "s Sample 20 first")],
)
async def test_a_letter_goes_to_a_pane_and_the_footer_says_what_enter_does_there(letter, widget, offers):
    async with console(launch_hub()).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv", "ctrl+o", letter)(pilot)
        assert isinstance(pilot.app.focused, widget)
        assert offers in words_of(pilot)
        assert ("F1 Help" if widget is PathInput else "? Help") in words_of(pilot)


async def test_going_to_another_screen_from_the_palette_leaves_the_launch_screen():
    async with console(launch_hub()).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv")(pilot)
        await pilot.app.run_action("screen('results')")
        await settle(pilot)
        await pilot.app.run_action("screen('dashboard')")
        await settle(pilot)
        assert isinstance(pilot.app.screen, DashboardScreen)
    assert pilot.app.hub.launches == []


async def test_where_rules_answer_there_is_no_model_to_choose():
    async with console(launch_hub(preview(provider="local"))).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv", "m")(pilot)
        assert [note.message for note in pilot.app._notifications] == [
            "local rules answer: p takes a provider with a model"
        ]


class WithoutAKnownColumn(RecordingHub):
    """A hub whose file is read once its text column was chosen."""

    def preview(self, launch):
        if "text_column" not in launch.settings:
            raise ColumnUnknown("odd.csv: which column is the ticket?", ("foo", "bar"))
        yield preview()


async def test_where_the_text_column_is_not_known_c_chooses_it():
    hub = WithoutAKnownColumn(busy())
    async with console(hub).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv")(pilot)
        assert "c Column of the text" in words_of(pilot)
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
    assert [launch.settings for launch in hub.launches] == [{"text_column": "foo"}]


async def test_a_column_chosen_for_one_file_is_not_kept_for_another():
    async with console(launch_hub()).run_test(size=(100, 30)) as pilot:
        await typing("tickets_5k.csv", "c")(pilot)
        assert pilot.app.screen._launch().settings == {"text_column": "id"}
        pilot.app.screen.query_one("#path", Input).value = "emails.csv"
        pilot.app.screen._read_now()
        assert pilot.app.screen._launch().settings == {}


async def test_nothing_starts_without_a_preview_or_after_escape():
    assert await launched(Refusing(busy()), "emails.csv", "enter") == []
    assert await launched(launch_hub(), "tickets_5k.csv", "escape") == []


async def test_files_named_at_the_start_are_shown_and_not_started():
    hub = launch_hub()
    app = console(hub)
    app._offered = ("tickets_1k.csv", "emails.csv")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert isinstance(pilot.app.screen, LaunchScreen)
        assert pilot.app.screen.query_one("#path", Input).value == "tickets_1k.csv emails.csv"
    assert hub.launches == []


def test_a_folder_and_a_glob_take_all_ticket_files():
    assert expanded(".") == ("backlog.jsonl", "emails.csv", "tickets_1k.csv", "tickets_5k.csv")
    assert expanded("tickets_*.csv") == ("tickets_1k.csv", "tickets_5k.csv")
    assert expanded("emails.csv emails.csv missing.csv") == ("emails.csv", "missing.csv")


@pytest.mark.parametrize(
    ("typed", "completion"),
    [("tick", "tickets_"), ("em", "emails.csv"), ("arch", "archive/"), ("emails.csv back", "emails.csv backlog.jsonl")],
)
def test_tab_completes_as_far_as_names_agree(typed, completion):
    assert completed(typed) == completion
    assert completed("zzz") == "zzz"
