"""The short way of `clean` agrees with the long one, for every character it is taken for."""

from unicodedata import category

from forge_tui.core.text import _PLAIN, _harmless, clean

PLAIN = "".join(chr(code) for code in range(0x110000) if _PLAIN.fullmatch(chr(code)))


def test_no_character_of_a_plain_text_is_a_mark_or_hidden():
    suspects = {char for char in PLAIN if category(char)[0] == "M" or category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert suspects == {"\n", "\t"}
    assert len(PLAIN) > 40_000


def test_the_short_way_gives_what_the_long_one_gives():
    assert clean(PLAIN) == "".join(_harmless(PLAIN)) == PLAIN
