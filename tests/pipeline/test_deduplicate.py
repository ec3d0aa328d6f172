"""When two tickets are the same, and that a key changes with all that shapes an answer."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.pipeline.deduplicate import cache_key, canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("my  screen", "my screen"),
        (" My Screen\r\n", "my screen"),
        ("my\tscreen\n\nis black", "my screen is black"),
        ("my\u00a0screen", "my screen"),
        ("CAFÉ", "cafe\u0301"),
        ("Straße", "STRASSE"),
        ("ΌΣΟΣ", "όσος"),
        ("\u1e9b\u0323", "\u1e9b\u0323"),
    ],
)
def test_the_same_ticket_written_otherwise_has_the_same_key(one, other):
    """D20: two inner spaces against one were two calls. Ours: one."""
    assert cache_key(one, "f") == cache_key(other, "f")


@pytest.mark.parametrize("other", ["my screen!", "myscreen", "my screen s", "", "मेरी screen"])
def test_another_ticket_has_another_key(other):
    assert cache_key("my screen", "f") != cache_key(other, "f")


def test_the_key_is_a_sha_256_and_changes_with_the_fingerprint():
    """D21: model or prompt changed, and old labels were served. Ours: another key."""
    assert len(cache_key("text", "model-a")) == 16
    assert cache_key("text", "model-a") != cache_key("text", "model-b")


@given(st.text(), st.text())
def test_canonical_text_is_canonical(one, other):
    for text in (one, one + " " + other, one + "\u0345\u0301" + other):
        assert canonical(canonical(text)) == canonical(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_unicode_forms_and_margins_do_not_matter(text):
    assert canonical(unicodedata.normalize("NFC", text)) == canonical(f"\n {unicodedata.normalize('NFD', text)}\t")


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_ascii_takes_the_same_way_as_all_text(text):
    assert canonical(text + " \u00e9").removesuffix("\u00e9").strip() == canonical(text)


def test_a_lone_surrogate_has_a_key_too():
    assert cache_key("\ud800", "f") != cache_key("\ud801", "f")
