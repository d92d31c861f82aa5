"""What to say about pieces of text that are no token."""

from __future__ import annotations

import re
import unicodedata

from spec_lang.diagnostics import Diagnostic, Label
from spec_lang.literals import quote
from spec_lang.plain_text import one_line
from spec_lang.quantities import SUFFIXES
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest
from spec_lang.tokens import Token

# Operators of other languages, with ours in their place or, in a sentence, what there is instead.
FOREIGN_OPERATORS = {
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
    "!": "not",
    "<>": "!=",
    "=~": "matches",
    "**": "there is no power operator",
    "=>": "a field is written `name = value`",
    "->": "a field is written `name = value`",
    "?": "a choice is written `if(CONDITION, A, B)`",
    "%": "a share is a number and `%` in one word, such as `10%`",
}
_UNITS = {
    "%": ("percent", "pct"),
    "pt": ("points", "point", "pp"),
    "tok": ("tokens", "token", "t"),
    "rows": ("row",),
    "s": ("seconds", "second", "sec", "secs"),
    "min": ("minutes", "minute", "mins", "m"),
    "h": ("hours", "hour", "hr", "hrs"),
}
_COMMENTS = ("//", "/*")
_PAIRS = {"'": "'", "“": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "”": "”", "‹": "›", "’": "’"}
_QUOTES = "'“”„«»‘’‚‹›"


def explain_unreadable(file: SourceFile, token: Token) -> Diagnostic:
    """The diagnostic for a token that the lexer could not read (terminal ``WRONG``), whatever stands around it."""
    text, span = str(token), token.span
    first = text[0]
    if text.removeprefix("r").startswith(('"', "`")):
        return _unclosed(file, text, span)
    if first in _QUOTES:
        meant = straight(text)
        help = f"write `{one_line(meant, 60)}`" if meant else 'write `"…"`'
        return _found("SFT0103", "strings stand in straight double quotes", file, span, help)
    if first.isdecimal():
        return _number(file, text, span)
    if text.startswith(_COMMENTS):
        return _found(
            "SFT0117", f"`{text[:2]}` does not begin a comment", file, Span(span.start, span.start + 2), "write `#`"
        )
    if text in FOREIGN_OPERATORS:
        instead = FOREIGN_OPERATORS[text]
        help = instead if " " in instead else 'write `matches r"…"`' if text == "=~" else f"write `{instead}`"
        return _found("SFT0116", f"`{text}` is not an operator", file, span, help)
    if first.isalpha():
        name = one_line(text, 40)
        quoted = f"write a column of that name in backticks: `` `{name}` ``"
        return _found("SFT0104", f"`{name}` has letters outside of a-z, A-Z, 0-9 and `_`", file, span, quoted)
    named = unicodedata.name(first, "")
    shown = f"U+{ord(first):04X}" + (f" ({named.lower()})" if named else "")
    if (narrow := narrowed(text)) is not None:
        return _found("SFT0104", f"invalid character {shown}", file, span, f"write `{narrow}`")
    encoding = "save the file as UTF-8 text" if first == "\x00" else None
    return _found("SFT0104", f"invalid character {shown}", file, span, encoding)


def straight(text: str) -> str | None:
    """A string in quotes of another kind as one in straight double quotes; None where it does not end, or has escapes
    that may mean something else there."""
    wide = text.startswith("'''") and text.endswith("'''") and len(text) > 6
    inner = text[3:-3] if wide else text[1:-1]
    if not wide and (len(text) < 3 or text[-1] not in _PAIRS.get(text[0], "")):
        return None
    if "\n" in inner:
        return f'"""{inner}"""' if '"' not in inner and "\\" not in inner else None
    plain = re.sub(r"""\\(['"])""", r"\1", inner)
    return quote(plain) if "\\" not in plain else None


def narrowed(text: str) -> str | None:
    """The sign that a character of double width stands for: ``＝``, ``（``, ``，``."""
    narrow = unicodedata.normalize("NFKC", text)
    signs = len(text) == 1 and narrow != text and len(narrow) == 1 and narrow.isascii()
    return narrow if signs and not narrow.isalnum() and narrow not in " _\"'`" else None


def _found(code: str, message: str, file: SourceFile, span: Span, help: str | None) -> Diagnostic:
    return Diagnostic(code, message, Label(file, span), help)


def _unclosed(file: SourceFile, text: str, span: Span) -> Diagnostic:
    if text.removeprefix("r").startswith('"""'):
        opening = Span(span.start, span.start + text.index('"""') + 3)
        return _found("SFT0102", 'unclosed `"""` string', file, opening, 'end it with `"""`')
    trimmed = Span(span.start, span.start + len(text.rstrip()))
    if text.startswith("`"):
        return _found("SFT0102", "unclosed name in backticks", file, trimmed, "end it with a backtick on the same line")
    help = 'end it with `"` on the same line; text over several lines stands in `"""`'
    return _found("SFT0102", "unclosed string", file, trimmed, help)


def _number(file: SourceFile, text: str, span: Span) -> Diagnostic:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(digits) :]
    shown = one_line(text, 40)
    if unit and digits and digits[-1].isdecimal():
        meant = unit_of(unit)
        units = ", ".join(f"`{suffix}`" for suffix in SUFFIXES)
        help = f"did you mean `{one_line(digits, 30)}{meant}`?" if meant else f"the units are {units}"
        return _found("SFT0113", f"unknown unit `{one_line(unit, 20)}`", file, span, help)
    help = "numbers look like `2_000`, `0.5` or `1e-3`"
    return _found("SFT0113", f"`{shown}` is not a number", file, span, help)


def unit_of(word: str) -> str | None:
    """The suffix of the unit that a word names in some way: ``tokens``, ``Min``, ``pt``."""
    return unit_named(word) or next(iter(closest(word, SUFFIXES)), None)


def unit_named(word: str) -> str | None:
    """The suffix of a unit by one of its common names, without guessing."""
    lowered = word.lower()
    return next((suffix for suffix, others in _UNITS.items() if lowered == suffix or lowered in others), None)
