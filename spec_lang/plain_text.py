"""Make untrusted text safe to print.

Model output, data rows and even spec files may hold escape sequences that recolour a terminal,
write the clipboard (OSC 52) or reorder text (bidirectional controls), and characters that draw nothing, so that two
texts look alike and are not. Everything that prints such text passes it through :func:`visible` first.

Some that draw nothing belong to how a text is written: the selector that makes a sign an emoji, the variants of
Mongolian letters and Han characters, the fillers in Korean syllables of old. Where they stand in such a place they
stay, one each, because the text would be hard to read without; anywhere else they are shown.

ASCII that Python calls printable is let through, which it tells in a ns a character; other text is looked through by a
regular expression (30 ns a character), which is compiled when it is needed.
"""

from __future__ import annotations

import re

# Controls, DEL; soft hyphen, joiners, fillers, vowels that are not drawn, variation selectors; zero-width and
# bidirectional controls, separators of lines and paragraphs, BOM, the empty braille cell; controls of hieroglyphs,
# shorthand and music; tags; lone surrogates.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SIGN = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_HAN = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_INITIAL, _VOWEL = "[\u1100-\u115e\ua960-\ua97c]", "[\u1161-\u11a7\ud7b0-\ud7c6]"
_FINAL = "[\u11a8-\u11ff\ud7cb-\ud7fb]"
_BELONGING = "|".join(
    (
        f"{_SIGN}[\ufe0e\ufe0f]|[#*0-9]\ufe0f(?=\u20e3)",  # as a text, or as an emoji
        f"{_HAN}[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        "[\u2200-\u22ff\u2a00-\u2aff\u1000-\u109f\uaa60-\uaa7f]\ufe00",  # mathematics, Burmese
        "[\u1820-\u18aa](?:[\u180b-\u180d\u180f](?:\u180e(?=[\u1820\u1821]))?|\u180e(?=[\u1820\u1821]))",  # Mongolian
        f"{_INITIAL}\u1160|\u115f(?={_VOWEL})|\u115f\u1160(?={_FINAL})",  # a part of a Korean syllable alone
        "[\u2801-\u28ff]\u2800+(?=[\u2801-\u28ff])",  # a blank between letters of braille
    )
)


def visible(text: str, *, newlines: bool = False) -> str:
    """Replace controls by symbols: C0 by the control pictures (␊, ␛), the rest by ``⟨U+200B⟩``.

    With ``newlines`` line breaks and tabs stay as they are.
    """
    if (text.isascii() and text.isprintable()) or not re.search(_UNSAFE, text):
        return text

    def symbol(match: re.Match[str]) -> str:
        char = match.group()
        if match.group(1) is not None or (newlines and char in "\n\t"):
            return char
        code = ord(char)
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"

    return re.sub(f"({_BELONGING})|{_UNSAFE}", symbol, text)


def one_line(text: str, width: int) -> str:
    """Visible text on one line of at most ``width`` characters, with an ellipsis where it was cut."""
    shown = visible(text[: width * 4 + 4])
    return shown if len(shown) <= width and len(text) <= width * 4 else shown[: max(0, width - 1)] + "…"
