"""The long list: marks and cursor are ids, rows come a page at a time, and a hundred thousand are as quick as a thousand."""

import pytest
from textual.app import App
from textual.content import Content

from forge_tui.console.widgets.virtual_list import PAGE, Column, VirtualList


class Shelf(App):
    """A list whose rows are answered at once, and what it said."""

    def __init__(self, ids):
        super().__init__()
        self.ids, self.wanted, self.said = ids, [], []

    def compose(self):
        yield VirtualList((Column("id", 8, right=True), Column("words", 0)))

    def on_mount(self):
        self.list = self.query_one(VirtualList)
        self.list.focus()
        self.list.show_ids(self.ids)

    def on_virtual_list_wanted(self, message):
        self.wanted.append(len(message.ids))
        self.list.put_rows({row_id: (Content(str(row_id)), Content(f"row [b]{row_id}[/b]")) for row_id in message.ids})

    def on_virtual_list_opened(self, message):
        self.said.append(message.row_id)


async def on_shelf(ids, *keys):
    app = Shelf(ids)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        app.words = [strip.text for strip in app.screen._compositor.render_strips()]
    return app


async def test_it_shows_head_cursor_and_rows_literally():
    app = await on_shelf(range(1, 6))
    assert app.words[0].split() == ["id", "words"]
    assert app.words[1].startswith("  >        1  row [b]1[/b]")


@pytest.mark.parametrize(
    ("keys", "current"),
    [
        (["j", "j"], 3),
        (["j", "k"], 1),
        (["G"], 50),
        (["G", "g"], 1),
        (["down", "down", "up"], 2),
        (["ctrl+d"], 11),
        (["G", "ctrl+u"], 40),
        (["end", "home"], 1),
        (["pagedown", "pageup"], 1),
    ],
)
async def test_keys_move_the_cursor(keys, current):
    app = await on_shelf(range(1, 51), *keys)
    assert app.list.current == current
    assert any(line.startswith("  >") and f" {current} " in line for line in app.words)


async def test_only_the_pages_that_are_seen_are_asked_for():
    app = await on_shelf(range(1, 100_001), "G", "g")
    assert app.wanted == [PAGE, PAGE]


async def test_space_marks_and_moves_on():
    app = await on_shelf(range(1, 6), "space", "space")
    assert app.list.marks == {1, 2}
    assert app.words[1].startswith("●")


async def test_v_marks_from_the_last_mark_to_here():
    app = await on_shelf(range(1, 9), "space", "j", "j", "v")
    assert app.list.marks == {1, 2, 3, 4}


async def test_a_range_begins_at_the_last_mark_also_in_another_order():
    app = Shelf([1, 2, 3, 4, 5])
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("j", "space")
        app.list.show_ids([5, 2, 4, 3, 1])
        await pilot.press("g", "j", "j", "j", "v")
        assert app.list.marks == {2, 4, 3}


async def test_all_and_none():
    assert (await on_shelf(range(1, 6), "a")).list.marks == {1, 2, 3, 4, 5}
    assert (await on_shelf(range(1, 6), "a", "asterisk")).list.marks == set()


async def test_marks_and_cursor_survive_another_order():
    app = Shelf([1, 2, 3, 4])
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("j", "space")
        app.list.show_ids([4, 3, 1])
        await pilot.pause()
        assert app.list.marks == {2}
        assert app.list.hidden_marks == 1
        assert app.list.current == 3


async def test_enter_opens_the_row():
    assert (await on_shelf([7, 8], "j", "enter")).said == [8]


async def test_an_empty_list_takes_every_key():
    app = await on_shelf([], "j", "G", "space", "v", "a", "enter", "ctrl+d")
    assert app.list.current is None
    assert app.list.marks == set()


async def test_wide_characters_stay_in_their_column():
    app = Shelf([1])
    async with app.run_test(size=(40, 12)) as pilot:
        app.list.put_rows({1: (Content("1"), Content("漢字" * 40))})
        await pilot.pause()
        assert all(strip.cell_length == 40 for strip in app.screen._compositor.render_strips())
