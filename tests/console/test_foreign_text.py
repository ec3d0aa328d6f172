"""P26: whatever stands in a text, what is made of it for a screen is that text: no markup, no link, no control character."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

import console_states as states
from console_lists import ticket
from forge_tui.console.farewell import farewell
from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.console.screens.ticket import facts, text_of
from forge_tui.console.view import View
from forge_tui.console.widgets.events_tail import _styled
from forge_tui.core.event import Notice
from forge_tui.core.text import clean, one_line
from forge_tui.telemetry.event_log import log_entry

PIECES = (
    *("[", "]", "[/", "/]", "[@click=app.quit]", "[link=", "[b]", "[/]", "\\", "$accent", "[$", "on red", "{", "}"),
    *("\x1b[2J", "\x1b]52;c;aGk=\x07", "\x9b", "\r", "\n", "\t", "\u202e", "\u2066", "\x00", "\ud800", "\U000e0041"),
)
texts = st.lists(st.sampled_from(PIECES) | st.text(st.characters(codec=None), max_size=8), max_size=10).map("".join)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
TONES = {str(tone) for tone in Tone}


@settings(max_examples=2_000, deadline=None)
@given(texts)
def test_a_text_is_shown_literally(text):
    row = replace(ticket(1, text=text, message=text), external_id=text, columns={text: text})
    entry = log_entry(Notice(0.0, 1, "error", text), "INR")
    shown = foreign(text, 80, Tone.BAD)
    made = [shown, line(("name ", Tone.DIM), shown), text_of(row), _styled(entry, 80)]
    made += [value for _, values in facts(row, (), View(job=states.busy()), 60) for value in values]
    assert shown.plain == one_line(text, 80)
    assert text_of(row).plain == clean(text[:20_000])
    for content in made:
        assert CONTROL.search(content.plain) is None
        assert {str(span.style) for span in content.spans} <= TONES
    assert CONTROL.search("".join(farewell(states.busy(file=text), text))) is None
