"""Two quiet themes, and the way from a theme to the colours of text in tables and charts.

Tables and charts draw rich text, which knows no style sheet, so their colours are looked up in the
theme that is active when they draw. Any other Textual theme works as well.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from textual.app import App
from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="sft-dark",
    primary="#7aa2d8",
    secondary="#a08fd0",
    accent="#d9a55b",
    success="#7fb685",
    warning="#d9a55b",
    error="#e07a72",
    foreground="#d5dae3",
    background="#14171c",
    surface="#191d24",
    panel="#222833",
    dark=True,
    variables={"block-cursor-text-style": "none"},
)
LIGHT = Theme(
    name="sft-light",
    primary="#2f5f9e",
    secondary="#6a4fa3",
    accent="#9a5b00",
    success="#2e7040",
    warning="#9a5b00",
    error="#b3362d",
    foreground="#22272f",
    background="#f7f7f4",
    surface="#efefe9",
    panel="#e3e4de",
    dark=False,
    variables={"block-cursor-text-style": "none"},
)


# Name -> what it is called when a key comes to it. The ansi ones draw with the terminal's own 16 colours.
THEMES = {
    DARK.name: "dark colours",
    LIGHT.name: "light colours",
    "ansi-dark": "the terminal's own 16 colours, for a dark background",
    "ansi-light": "the terminal's own 16 colours, for a light background",
}
SHORT_NAMES = {"dark": DARK.name, "light": LIGHT.name, "ansi-dark": "ansi-dark", "ansi-light": "ansi-light"}


def first_theme(wanted: str | None, color_system: str | None, *, no_color: bool) -> str:
    """The theme to open with: the one that was asked for, else dark; where a terminal has no more than 16 colours, or
    wants none, one that never mixes its own."""
    if wanted in SHORT_NAMES:
        return SHORT_NAMES[wanted]
    return "ansi-dark" if no_color or color_system in (None, "standard", "windows") else DARK.name


# How far faint text goes towards the background: as far as its contrast stays above 4.5, and 3.5 under the cursor.
FAINT_ON_DARK, FAINT_ON_LIGHT = 0.36, 0.30


class Ink(Struct, frozen=True):
    """Colours of the active theme as rich styles."""

    text: str
    faint: str
    primary: str
    secondary: str
    accent: str
    good: str
    bad: str
    unsure: str

    def verdict(self, verdict: str | None) -> str:
        return {"pass": self.good, "fail": self.bad, "inconclusive": self.unsure}.get(verdict or "", self.faint)

    def state(self, status: str) -> str:
        return {
            "done": self.good,
            "cached": self.faint,
            "running": self.primary,
            "failed": self.bad,
            "interrupted": self.unsure,
        }.get(status, self.faint)

    def badge(self, badge: str) -> str:
        return {"✓": self.good, "✗": self.bad, "?": self.unsure, "~": self.unsure}.get(badge, self.faint)


def ink(app: App[Any]) -> Ink:
    """The colours to draw with now."""
    variables = app.theme_variables

    def named(name: str) -> str:
        return _rich(Color.parse(variables[name]))

    text = Color.parse(variables["foreground"])
    paler = FAINT_ON_DARK if app.current_theme.dark else FAINT_ON_LIGHT
    faint = text if text.ansi is not None else text.blend(Color.parse(variables["background"]), paler)
    return Ink(
        _rich(text),
        "dim" if faint.ansi is not None else _rich(faint),
        named("primary"),
        named("secondary"),
        named("accent"),
        named("success"),
        named("error"),
        named("warning"),
    )


def _rich(color: Color) -> str:
    """As rich writes it; a terminal's own colours (ansi themes) by number."""
    if color.ansi is None:
        return color.rgb and "#{:02x}{:02x}{:02x}".format(*color.rgb)
    return "default" if color.ansi < 0 else f"color({color.ansi})"
