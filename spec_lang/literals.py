"""Literals between the text of a spec and their values, both ways.

Reading reports what is wrong at the place inside the literal, and gives None where the value is
not known for that. Writing (:func:`quote`, :func:`quote_raw`) gives the canonical spelling,
which reads back to the same value.

``\"\"\"`` strings: a line break right after the opening is not part of the value, nor is the last
line when it holds only the closing; the indentation that all lines share (the closing line
counts) is removed, and lines of blanks become empty.
"""

from __future__ import annotations

import math
import re

from spec_lang.diagnostics import Diagnostics, Edit
from spec_lang.quantities import Quantity
from spec_lang.source import SourceFile, Span

# Patterns as text: only few specs need them, and `re` keeps what it has compiled.
_ESCAPE = r"\\(?:u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|u(?P<four>[0-9A-Fa-f]{4})|(?P<letter>[\s\S]))"
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
_RAW_LINE = r'(?!"")(?:\\[^\r\n]|[^"\\\r\n])*'
_RAW_BLOCK = r'(?:\\[\s\S]|(?!""")[^\\])*(?<!")'


def read_string(token: str, span: Span, file: SourceFile, diagnostics: Diagnostics) -> str | None:
    """The value of a string token; None after SFT0114 at every escape that does not exist."""
    raw = token.startswith("r")
    quotes = 3 if token.removeprefix("r").startswith('"""') else 1
    content = token[quotes + raw : -quotes]
    if raw:
        return content.replace("\r\n", "\n")
    if "\\" not in content:
        return dedent(content) if quotes == 3 else content
    start = span.start + quotes

    # Dedent before escapes are resolved, so that `\n` and `\t` are never taken for layout.
    found = list(re.finditer(_ESCAPE, content))
    wrong = [match for match in found if _unescape(match) is None]
    # Where no backslash begins an escape, a raw string was meant: a regular expression or a path.
    raw_meant = quotes == 1 and len(wrong) == len(found)
    for match in wrong:
        diagnostics.error(
            "SFT0114",
            f"`{match.group()}` is not an escape sequence",
            file,
            Span(start + match.start(), start + match.end()),
            help='write `\\\\` for a backslash, or start the string with `r"` for a regular expression',
            fix=(Edit(Span(span.start, span.start), "r"),) if raw_meant else (),
        )
    if wrong:
        return None
    if quotes == 3:
        content = dedent(content)
    return re.sub(_ESCAPE, lambda match: _unescape(match) or "", content)


def _unescape(match: re.Match[str]) -> str | None:
    digits = match["braced"] or match["four"]
    if digits is None:
        return _LETTERS.get(match["letter"])
    code = int(digits, 16)
    return None if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def dedent(text: str) -> str:
    """The value of a ``\"\"\"`` string by the rule in the module's docstring."""
    lines = re.split(r"\r\n|\r|\n", text)
    first, rest = lines[0], lines[1:]
    if not rest:
        return text
    closing_alone = not rest[-1].strip(" \t")
    counted = [line for line in rest[:-1] if line.strip(" \t")] + [rest[-1]]
    margins = [line[: len(line) - len(line.lstrip(" \t"))] for line in counted]
    shared = min(margins, key=len)
    while not all(margin.startswith(shared) for margin in margins):
        shared = shared[:-1]  # Tabs and spaces are never taken for one another.
    shown = [line[len(shared) :] if line.strip(" \t") else "" for line in (rest[:-1] if closing_alone else rest)]
    if first.strip(" \t"):
        shown.insert(0, first)
    return "\n".join(shown)


def read_number(token: str, span: Span, file: SourceFile, diagnostics: Diagnostics) -> int | float | None:
    """An int, or a float when it has a point or an exponent; None after SFT0113 when it is out of range."""
    text = token.replace("_", "")
    if not set(text) & set(".eE"):
        help = "whole numbers have at most 18 digits"
        if len(text) <= 18:
            return int(text)
    else:
        help = "numbers go up to about 1.8e308"
        if math.isfinite(value := float(text)):
            return value
    diagnostics.error("SFT0113", "number out of range", file, span, help=help)
    return None


def read_quantity(token: str, span: Span, file: SourceFile, diagnostics: Diagnostics) -> Quantity | None:
    """The exact value of a quantity token; None after SFT0113 when it has too many digits."""
    try:
        return Quantity.parse(token)
    except ValueError:
        diagnostics.error("SFT0113", "quantity out of range", file, span, help="quantities have at most 18 digits")
        return None


def quote(value: str) -> str:
    """A string on one line, with escapes for controls, line breaks and invisible characters."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    escaped = escaped.replace("\r", "\\r")
    shown = re.sub(_UNPRINTABLE, lambda match: "\\u" + format(ord(match.group()), "04x"), escaped)
    return f'"{shown}"'


def quote_raw(value: str) -> str:
    """A raw string; a value that no raw string can hold is written as an ordinary string."""
    if re.fullmatch(_RAW_LINE, value):
        return f'r"{value}"'
    return f'r"""{value}"""' if re.fullmatch(_RAW_BLOCK, value) and value else quote(value)


def quote_block(value: str, margin: str) -> str | None:
    """A ``\"\"\"`` string over lines at the given margin, or None when the value would not survive the layout."""
    lines = value.split("\n")
    blanks = any(line and line.isspace() for line in lines)
    if blanks or re.search(_UNPRINTABLE, value.replace("\n", "").replace("\t", "")):
        return None
    escaped = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines]
    body = "\n".join(margin + line if line else "" for line in escaped)
    return f'"""\n{body}\n{margin}"""'
