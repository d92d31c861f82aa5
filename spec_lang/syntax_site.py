"""The place of a syntax error: the tokens around it, and what the parser would have taken there.

Hints (`syntax_hints`) ask it questions; :func:`unexpected` is the message when none of them
knows the slip.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from spec_lang.diagnostics import Diagnostic, Edit, Label
from spec_lang.plain_text import one_line
from spec_lang.recovery import Segment
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token

VALUE_ENDS = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE", "RPAR", "RSQB", "RBRACE"})


_VALUE_STARTS = frozenset(
    {"NAME", "QUOTED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE", "LPAR", "LSQB", "MINUS", "NOT", "WRONG"}
)


# Where a condition begins, so that nothing to the left belongs to its first operand.
BEFORE_CONDITIONS = frozenset({"VERB", "AND", "OR", "NOT", "LPAR", "COMMA", "_EQUAL"})


def with_fix(found: Diagnostic, *edits: Edit) -> Diagnostic:
    """A hint with the edits that do what it says."""
    return replace(found, fix=edits)


class Site(Struct, frozen=True):
    """Where parsing stopped: at ``tokens[index]``, or at the end of the item when there is no such token."""

    file: SourceFile
    segment: Segment
    index: int
    accepts: frozenset[str]

    def token(self, offset: int = 0) -> Token | None:
        at = self.index + offset
        return self.segment.tokens[at] if 0 <= at < len(self.segment.tokens) else None

    def type(self, offset: int = 0) -> str:
        token = self.token(offset)
        return token.type if token is not None else ""

    def text(self, offset: int = 0) -> str:
        return one_line(str(self.token(offset) or ""), 40)

    def span(self, offset: int = 0) -> Span:
        token = self.token(offset)
        if token is not None:
            return token.span
        end = self.segment.tokens[-1].span.end
        return Span(end, end)

    def breaks_line(self, offset: int = 0) -> bool:
        """Whether a line break stands between the token at ``offset`` and the one before it."""
        between = Span(self.span(offset - 1).end, self.span(offset).start)
        return "\n" in self.file.slice(between)

    def say(self, code: str, message: str, help: str | None = None, *, span: Span | None = None) -> Diagnostic:
        return Diagnostic(code, message, Label(self.file, span or self.span()), help)

    def can_begin_value(self) -> bool:
        """Whether the token here could be the first of an expression."""
        return self.type() in _VALUE_STARTS

    def in_block(self) -> bool:
        """Whether the place is inside braces."""
        return self._brace() is not None

    def in_columns(self) -> bool:
        """Whether the place is inside ``columns { … }``, where names are columns."""
        brace = self._brace()
        return bool(brace) and self.segment.tokens[(brace or 0) - 1].text == "columns"

    def _brace(self) -> int | None:
        """The position of the innermost ``{`` around the place."""
        depth = 0
        for at in range(min(self.index, len(self.segment.tokens)) - 1, -1, -1):
            kind = self.segment.tokens[at].type
            if kind == "LBRACE" and not depth:
                return at
            depth += (kind == "RBRACE") - (kind == "LBRACE")
        return None

    def in_bracket(self) -> bool:
        """Whether the place is inside ``(…)`` or ``[…]``, counted from the last brace."""
        depth = 0
        for token in reversed(self.segment.tokens[: self.index]):
            if token.type in ("LBRACE", "RBRACE"):
                break
            depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        return depth > 0


_EXPECTED = (
    ("_EQUAL", "`=`"),
    ("LBRACE", "`{`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("COMMA", "`,`"),
    ("RBRACE", "`}`"),
    ("AS", "`as`"),
)


def unexpected(site: Site) -> Diagnostic:
    """What was expected and what was found, for a slip that no hint knows."""
    accepts = site.accepts
    expected = []
    if "VERB" in accepts:
        expected.append("a field or rule")
    elif "NUMBER" in accepts:
        expected.append("a value" if "NAME" in accepts else "a year")
    elif "STRING" in accepts:
        expected.append("a string")
    elif "EDITION" in accepts:
        expected.append("a block")
    elif "NAME" in accepts:
        expected.append("a name")
    # Inside a bracket only its end and the next element are worth naming.
    brackets = accepts & {"RPAR", "RSQB", "COMMA"}
    expected.extend(shown for kind, shown in _EXPECTED if kind in (brackets or accepts))
    found = f"`{site.text()}`" if site.token() is not None else "the end of the block"
    if not expected:
        return site.say("SFT0101", f"unexpected {found}")
    listed = expected[0] if len(expected) == 1 else ", ".join(expected[:-1]) + " or " + expected[-1]
    return site.say("SFT0101", f"expected {listed}, found {found}")
