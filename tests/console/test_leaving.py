"""What is left when the screen is: six lines, or where it died without a single value."""

import pytest

import console_states as states
from console_builders import console, settle, working_hub
from forge_tui.console.farewell import farewell
from forge_tui.console.run import Start, _again
from forge_tui.core.snapshot import Snapshot

AGAIN = "forge-tui tickets_5k.csv"


def test_six_lines_tell_counts_cost_time_results_and_how_to_go_on():
    lines = farewell(states.busy(), AGAIN)
    assert len(lines) == 6
    told = "\n".join(lines)
    for words in ("J-0042 tickets_5k.csv", "done 2416", "failed 30", "₹24.00", "09:12", "export J-0042", AGAIN):
        assert words in told


def test_a_finished_job_names_its_results_and_how_to_look_at_it():
    told = "\n".join(farewell(states.finished(), AGAIN))
    assert "tickets_5k-results" in told
    assert "forge-tui jobs J-0042" in told
    assert AGAIN not in told


def test_without_a_job_nothing_is_left():
    assert farewell(Snapshot.empty(), AGAIN) == []


@pytest.mark.parametrize(
    ("files", "again", "said"),
    [
        (("a.csv",), "forge-tui a.csv --rpm 36", "forge-tui --rpm 36 tickets_5k.csv"),
        (("tickets_5k.csv",), "forge-tui tickets_5k.csv --rpm 36", "forge-tui tickets_5k.csv --rpm 36"),
        ((), "forge-tui --rpm 36", "forge-tui --rpm 36 tickets_5k.csv"),
    ],
)
async def test_the_command_that_goes_on_names_the_files_of_the_job_that_is_left(files, again, said):
    app = console(working_hub())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert _again(app, Start(files, again=again)) == said


def test_the_command_that_goes_on_is_never_cut():
    again = f"forge-tui {'x' * 300}.csv"
    assert farewell(states.busy(), again)[-1].endswith(again)


def test_a_hostile_file_name_moves_no_cursor():
    told = "\n".join(farewell(states.busy(file="\x1b]0;owned\x07.csv"), AGAIN))
    assert "\x1b" not in told
    assert "\x07" not in told


async def break_down(app, hidden):
    """Run until the screen fails on its own, beside a value that nobody may see."""

    def broken(view, key=hidden):
        raise KeyError(len(key))

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.screen.show = broken
        app.call_later(app.tick)
        await pilot.pause()


async def test_a_bug_of_the_screen_is_told_without_values(capsys):
    app, hidden = console(), "sk_do_not_show"
    with pytest.raises(KeyError):
        await break_down(app, hidden)
    assert "in broken" in app.crash_text
    assert "KeyError: 14" in app.crash_text
    printed = capsys.readouterr()
    assert hidden not in app.crash_text + printed.out + printed.err
