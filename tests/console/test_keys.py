"""The key table: ids are unique, and a user's keymap is refused rather than half obeyed."""

import pytest

from forge_tui.console.keys import BY_ID, KEYS, checked_keymap
from forge_tui.core.errors import SettingsRefused


def test_every_id_stands_once_and_says_what_it_does():
    assert len(BY_ID) == len(KEYS)
    assert all(key.does and key.shown for key in KEYS)


def test_the_table_itself_has_no_clash():
    assert checked_keymap({}) == {}


def test_a_free_key_may_take_over():
    assert checked_keymap({"job.pause": "P"}) == {"job.pause": "P"}


def test_an_unknown_id_is_refused_by_name():
    with pytest.raises(SettingsRefused, match=r"job\.dance"):
        checked_keymap({"job.dance": "z"})


def test_a_key_that_belongs_to_another_is_refused_with_both_names():
    with pytest.raises(SettingsRefused, match=r"job\.pause.*job\.new|job\.new.*job\.pause"):
        checked_keymap({"job.pause": "n"})


def test_two_ids_may_swap_their_keys():
    assert checked_keymap({"job.pause": "n", "job.new": "p"})
