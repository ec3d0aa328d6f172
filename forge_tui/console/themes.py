"""Our palettes: quiet greys, one amber for what leads the eye, and green, yellow and red for states alone."""

from collections.abc import Mapping

from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="forge-dark",
    dark=True,
    background="#10141a",
    surface="#151a21",
    panel="#1d242d",
    foreground="#c8d0d9",
    primary="#7fa8d1",
    secondary="#5f7f9c",
    accent="#e3a857",
    success="#8ebf7a",
    warning="#e2b35a",
    error="#e2716a",
    variables={"border": "#2f3a46", "border-blurred": "#2f3a46", "footer-key-foreground": "#e3a857"},
)

LIGHT = Theme(
    name="forge-light",
    dark=False,
    background="#f7f5f0",
    surface="#f1eee7",
    panel="#e4dfd4",
    foreground="#2a2f37",
    primary="#2f6299",
    secondary="#5d7894",
    accent="#9a5410",
    success="#2f7433",
    warning="#8a5d00",
    error="#b02f27",
    variables={"border": "#cbc4b6", "border-blurred": "#cbc4b6", "footer-key-foreground": "#9a5410"},
)

OURS = (DARK, LIGHT)

_DIM, _FAINT = 0.38, 0.66  # how far from the text towards the background


def derived(variables: Mapping[str, str]) -> dict[str, str]:
    """Our two shades of quieter text, `$dim` and `$faint`, mixed from whatever theme is in use.

    Textual's own `$text-muted` is worked out against a background, which a span of text does not have: it is white there.
    """
    text, ground = Color.parse(variables["foreground"]), Color.parse(variables["background"])
    if text.ansi is not None or ground.ansi is not None:
        return {"dim": "ansi_bright_black", "faint": "ansi_bright_black"}
    return {"dim": text.blend(ground, _DIM).hex, "faint": text.blend(ground, _FAINT).hex}
