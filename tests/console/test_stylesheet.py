"""Style rules are parsed once under one theme, and again under another."""

from textual.css.stylesheet import Stylesheet

from console_builders import RecordingHub, console, settle
from forge_tui.core.snapshot import Snapshot


async def test_a_new_screen_has_no_rule_parsed_anew_and_another_theme_has_all(monkeypatch):
    parsed = []
    before = Stylesheet._parse_rules

    def counted(self, css, *words, **more):
        fresh = len(self._parse_cache)
        rules = before(self, css, *words, **more)
        parsed.extend([css] * (len(self._parse_cache) - fresh))
        return rules

    monkeypatch.setattr(Stylesheet, "_parse_rules", counted)
    async with console(RecordingHub(Snapshot.empty())).run_test(size=(80, 24)) as pilot:
        for mode in ("2", "3", "4", "5"):
            await pilot.press(mode)
            await settle(pilot)
        once = len(set(parsed))
        assert len(parsed) <= 1.5 * once  # a rule that another class brings too is parsed for its new rank
        await pilot.press("T")
        await settle(pilot)
        assert len(parsed) >= 2 * once
        assert pilot.app.screen.styles.background.hex == pilot.app.theme_variables["background"]
