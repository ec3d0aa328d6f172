"""The border to the screen: nothing hostile passes, nothing is cleaned twice, nothing is wider than asked."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from forge_tui.core.text import MAX_CODE_POINTS, MAX_MARKS, cell_width, clean, one_line

ZALGO = "Z" + "\u0301\u0489\u0336" * 40
HOSTILE = [
    "\x1b]0;owned\x07 the window title",
    "\x1b]52;c;ZXZpbA==\x07 the clipboard",
    "\x1b[2J\x1b[H erased",
    "\x1b[31mred\x1b[0m",
    "\x9b31m eight-bit CSI",
    "\x90q sixel \x9c",
    "\x9d0;title\x9c",
    "NUL \x00 and DEL \x7f and BEL \x07 and BS \x08\x08\x08",
    "total: 100\rtotal: 0",
    "invoice \u202efdp.exe",
    "\u2066isolate\u2069 \u200e\u200f\u061c",
    "line\u2028separator\u2029paragraph\x85next",
    "\ud83d\ude00 and \udcff lone surrogates",
    "pass\u200bword zero\u2060width \ufeffBOM soft\u00adhyphen",
    "\U000e0041\U000e0042 tags \U000e007f, assigned or not \U000e0000\U000e0010",
    "\u200d\u200c joiners with nothing to join \u200d",
    "[/b] [link=file:///etc/passwd] [@click=app.quit]",
    "\ufff9interlinear\ufffa\ufffb",
    ZALGO,
]
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

any_text = st.text(st.characters(codec=None))
spiteful_text = st.lists(
    st.sampled_from([*HOSTILE, "👩", "\u200d", "\u200c", "\ufe0f", "❤", "\u0301", "क", "\u094d", "漢", "\r", "\n", "a"])
    | any_text,
    max_size=12,
).map("".join)
widths = st.none() | st.integers(0, 1200)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_character_passes(text):
    assert FORBIDDEN.search(clean(text)) is None


@given(spiteful_text, widths)
def test_no_text_at_all_brings_a_forbidden_character_through(text, max_cells):
    assert FORBIDDEN.search(clean(text, max_cells)) is None


@given(spiteful_text, widths)
def test_cleaning_twice_changes_nothing(text, max_cells):
    once = clean(text, max_cells)
    assert clean(once, max_cells) == once
    assert clean(once) == once


@given(spiteful_text, st.integers(0, 1200))
def test_cut_text_is_within_its_cells_and_a_thousand_code_points(text, max_cells):
    shown = clean(text, max_cells)
    assert cell_width(shown) <= max_cells
    assert len(shown) <= MAX_CODE_POINTS


@given(spiteful_text)
def test_cleaned_text_is_never_longer_and_can_always_be_encoded(text):
    shown = clean(text)
    assert len(shown) <= len(text)
    shown.encode()


@given(spiteful_text)
def test_no_base_carries_more_than_eight_marks(text):
    run = 0
    for char in clean(text):
        if unicodedata.category(char).startswith("M"):
            run += 1
        elif char not in "\u200c\u200d":
            run = 0
        assert run <= MAX_MARKS


@given(spiteful_text, st.integers(0, 100))
def test_one_line_is_one_line(text, max_cells):
    shown = one_line(text, max_cells)
    assert shown.splitlines() in ([shown], [])
    assert "\t" not in shown
    assert cell_width(shown) <= max_cells
    assert one_line(shown, max_cells) == shown


# U+2630 and the like became wide in Unicode 16, after the database of the Pythons we run on.
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cn"], max_codepoint=0x2600)) | st.sampled_from(HOSTILE)
)
def test_the_terminal_never_needs_more_cells_than_we_count(text):
    shown = clean(text)
    assert cell_len(shown) <= cell_width(shown)


@pytest.mark.parametrize(
    "text", ["日本語のチケット", "नमस्ते दुनिया", "한국어", "café", "cafe\u0301", "❤️ thanks", "\uff46\uff55\uff4c\uff4c"]
)
def test_ordinary_scripts_measure_as_textual_measures_them(text):
    assert clean(text) == text
    assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize("text", ["👩‍💻 dev", "🏳️‍🌈", "👨‍👩‍👧‍👦", "🧑🏽‍🚀", "❤️‍🔥", "क्‍ष", "श्रीमान्‌को"])
def test_joiners_stay_where_they_join(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2J", "a␛[2J"),
        ("a\x00b\x7f", "a␀b␡"),
        ("a\x9bb", "a\ufffdb"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("pay\u200dpal", "pay\ufffdpal"),
        ("👩\u200dx", "👩\ufffdx"),
        ("[/b] [@click=x]", "[/b] [@click=x]"),
        ("e" + "\u0301" * 20 + "x", "e" + "\u0301" * 8 + "x"),
        ("", ""),
    ],
)
def test_hostile_characters_become_visible(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "max_cells", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("abcdef", 1, "…"),
        ("a", 1, "a"),
        ("abcdef", 0, ""),
        ("", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("👩\u200d💻x", 4, "👩…"),
        ("\x1b[31m", 3, "␛[…"),
    ],
)
def test_text_is_cut_by_cells_with_an_ellipsis(text, max_cells, shown):
    assert clean(text, max_cells) == shown


def test_marks_without_end_are_cut_by_code_points():
    assert len(clean("a\u0301" * 3000, 10_000)) == MAX_CODE_POINTS


def test_one_line_joins_lines_with_a_space():
    assert one_line("first\r\nsecond\tthird\n", 40) == "first second third "


def test_a_megabyte_in_a_table_cell_is_a_few_characters():
    assert one_line("é\n" * 1_000_000, 6) == "é é é…"
