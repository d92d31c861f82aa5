"""Make untrusted text safe to print.

Model output, data rows and even spec files may hold escape sequences that recolour a terminal,
write the clipboard (OSC 52) or reorder text (bidirectional controls). Everything that prints
such text passes it through :func:`visible` first. Text that Python calls printable holds none of them, which it tells
in a ns a character; for other text a regular expression is compiled.
"""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, zero-width and bidirectional controls, line/paragraph separators, BOM, tags, lone surrogates.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, *, newlines: bool = False) -> str:
    """Replace controls by symbols: C0 by the control pictures (␊, ␛), the rest by ``⟨U+200B⟩``.

    With ``newlines`` line breaks and tabs stay as they are.
    """

    if text.isprintable():
        return text

    def symbol(match: re.Match[str]) -> str:
        char = match.group()
        code = ord(char)
        if newlines and char in "\n\t":
            return char
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"

    return re.sub(_UNSAFE, symbol, text)


def one_line(text: str, width: int) -> str:
    """Visible text on one line of at most ``width`` characters, with an ellipsis where it was cut."""
    shown = visible(text[: width * 4 + 4])
    return shown if len(shown) <= width and len(text) <= width * 4 else shown[: max(0, width - 1)] + "…"
