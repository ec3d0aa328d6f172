"""What the plan's count of twins rests on."""

from hypothesis import given
from hypothesis import strategies as st

from forge_tui.pipeline.seen_texts import SeenTexts


@given(st.lists(st.sampled_from([bytes([a, 0, 0, 0, 0, 0, 0, b]) + bytes(24) for a in range(4) for b in range(8)])))
def test_a_key_is_new_once(keys):
    seen, known = SeenTexts(), set()
    for key in keys:
        assert seen.add(key) == (key not in known)
        known.add(key)
