"""Hints for operators that other languages write otherwise: ``is not None``, ``at least 3``, ``x => x``, ``3...80``.

They are asked by `foreign_habits`, and say what this language writes in the place, with a fix where that is sure.
"""

from __future__ import annotations

from collections.abc import Callable

from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.source import Span
from spec_lang.syntax_site import BEFORE_CONDITIONS, VALUE_ENDS, Site, with_fix
from spec_lang.vocabulary import NULLS

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "∈": "in", "−": "-", "∧": "and", "∨": "or", "¬": "not"}
_WORDS = {"between": "write `x in 3..80`", "like": 'write `x matches r"…"` or `contains(x, "…")`'}
_EQUAL = {("is",): "==", ("equals",): "==", ("is", "not"): "!="}
_PHRASES = {
    ("at", "least"): ">=",
    ("at", "most"): "<=",
    ("greater", "than"): ">",
    ("more", "than"): ">",
    ("less", "than"): "<",
    ("fewer", "than"): "<",
    ("equal", "to"): "==",
}
_LITERALS = frozenset({"STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE"})
_LISTS = "a condition on the items of a list is written `any(LIST, CONDITION)`, where `item` is one of them"
_CHOICE = "a choice is written `if(CONDITION, A, B)`"


def foreign_operator(site: Site) -> Diagnostic | None:
    """The first of them that the place shows."""
    return next((found for habit in _HABITS if (found := habit(site))), None)


def _word(site: Site) -> Diagnostic | None:
    for offset in (0, -1, -2):
        word = site.text(offset)
        if site.type(offset) == "NAME" and site.type(offset - 1) in VALUE_ENDS and not site.breaks_line(offset):
            if word in _WORDS:
                return site.say("SFT0116", f"`{word}` is not an operator", _WORDS[word], span=site.span(offset))
            if word in ("is", "equals"):
                return _equality(site, offset)
    return None


def _equality(site: Site, offset: int) -> Diagnostic:
    """``x is None``, ``x is not "a"``."""
    word = site.text(offset)
    phrase = _PHRASES.get((site.text(offset + 1), site.text(offset + 2)))
    if word == "is" and phrase is not None:
        return _written(site, site.span(offset).to(site.span(offset + 2)), phrase)
    negated = word == "is" and site.type(offset + 1) == "NOT"
    value = offset + 2 if negated else offset + 1
    sign = _EQUAL[(word, "not") if negated else (word,)]
    words = site.span(offset).to(site.span(value - 1))
    message = f"`{site.file.slice(words) if negated else word}` is not an operator"
    if site.type(value) == "NAME" and site.text(value) in NULLS:
        operand = _operand(site, offset - 1)
        text = f"{'not ' if negated else ''}is_null({site.file.slice(operand) if operand else 'x'})"
        found = site.say("SFT0116", message, f"write `{text}`", span=words)
        return with_fix(found, Edit(operand.to(site.span(value)), text)) if operand else found
    found = site.say("SFT0116", message, f"write `{sign}`", span=words)
    return with_fix(found, Edit(words, sign)) if site.type(value) in _LITERALS else found


def _operand(site: Site, last: int) -> Span | None:
    """The dotted name that ends at an offset, when an expression can begin before it."""
    first = last
    while site.type(first - 1) == "DOT":
        first -= 2
    named = site.type(first) in ("NAME", "QUOTED") and site.type(last) in ("NAME", "QUOTED")
    alone = named and site.type(first - 1) in BEFORE_CONDITIONS
    return site.span(first).to(site.span(last)) if alone else None


def _phrase(site: Site) -> Diagnostic | None:
    """``x at least 80%``, ``x is greater than 3``."""
    sign = _PHRASES.get((site.text(-2), site.text(-1)))
    if sign is None or not site.can_begin_value() or site.breaks_line(-2):
        return None
    first = -3 if site.text(-3) == "is" else -2
    if site.type(first - 1) not in VALUE_ENDS:
        return None
    return _written(site, site.span(first).to(site.span(-1)), sign)


def _written(site: Site, words: Span, sign: str) -> Diagnostic:
    found = site.say("SFT0116", f"`{site.file.slice(words)}` is not an operator", f"write `{sign}`", span=words)
    return with_fix(found, Edit(words, sign))


def _sign(site: Site) -> Diagnostic | None:
    sign = site.text()
    if site.type() != "WRONG" or sign not in _SIGNS:
        return None
    found = site.say("SFT0116", f"`{sign}` is not an operator", f"write `{_SIGNS[sign]}`")
    return with_fix(found, Edit(site.span(), _SIGNS[sign]))


def _arrow(site: Site) -> Diagnostic | None:
    """``=>`` and ``->``: of a function, of a field, or a slip for ``>=``."""
    arrow = site.text()
    if site.type() != "WRONG" or arrow not in ("=>", "->"):
        return None
    if site.in_bracket() and (site.type(-1), site.type(-2)) in (("NAME", "COMMA"), ("NAME", "LPAR"), ("RPAR", "NAME")):
        return _lambda(site, f"`{arrow}` makes no function here", site.span(-1).to(site.span()))
    if "_EQUAL" in site.accepts:
        found = site.say("SFT0107", "fields are set with `=`", f"write `{site.text(-1)} = …`")
        return with_fix(found, Edit(site.span(), "="))
    if arrow == "=>" and "CMP" in site.accepts:
        found = site.say("SFT0116", "`=>` is not an operator", "write `>=`")
        return with_fix(found, Edit(site.span(), ">="))
    return None


def _lambda(site: Site, message: str, span: Span) -> Diagnostic:
    """``any(tags, x => x == "a")`` with the name of the item in its place, where nothing else can be meant."""
    found = site.say("SFT0101", message, _LISTS, span=span)
    if site.type(-2) != "COMMA" or site.type(-4) != "LPAR":
        return found
    name, offset, depth = site.text(-1), 1, 1
    edits = [Edit(Span(site.span(-1).start, site.span(1).start), "")]
    while site.type(offset) and depth:
        depth += (site.type(offset) in ("LPAR", "LSQB")) - (site.type(offset) in ("RPAR", "RSQB"))
        if site.type(offset) == "NAME" and site.text(offset) == name and site.type(offset - 1) != "DOT":
            # The name may stand right behind the arrow, where the first edit ends.
            if edits[0].span.end == site.span(offset).start:
                edits[0] = Edit(edits[0].span.to(site.span(offset)), "item")
            else:
                edits.append(Edit(site.span(offset), "item"))
        offset += 1
    return with_fix(found, *edits) if not depth else found


def _generator(site: Site) -> Diagnostic | None:
    """``any(t == "a" for t in tags)`` and ``lambda x: …`` of Python."""
    for offset in (0, -1):
        word = site.text(offset)
        if site.type(offset) == "NAME" and site.in_bracket() and word in ("for", "lambda"):
            if word == "for" and site.type(offset - 1) in VALUE_ENDS:
                return site.say("SFT0101", "there is no `for` in an expression", _LISTS, span=site.span(offset))
            if word == "lambda" and site.type(offset + 1) == "NAME":
                return site.say("SFT0101", "`lambda` makes no function here", _LISTS, span=site.span(offset))
    return None


def _ternary(site: Site) -> Diagnostic | None:
    """``a ? b : c`` and ``b if a else c``."""
    if site.type() == "WRONG" and site.text() == "?":
        return site.say("SFT0116", "`?` is not an operator", _CHOICE)
    for offset in (0, -1, -2):
        if site.type(offset) == "NAME" and site.text(offset) == "if" and site.type(offset - 1) in VALUE_ENDS:
            return site.say("SFT0116", "`if` is not an operator", _CHOICE, span=site.span(offset))
    return None


def _subscript(site: Site) -> Diagnostic | None:
    """``meta["score"]``, ``tags[0]``."""
    beside = site.type(-1) in ("NAME", "QUOTED", "RPAR", "RSQB") and site.span(-1).end == site.span().start
    if site.type() != "LSQB" or not beside or "_EQUAL" in site.accepts:
        return None
    message = "no part is taken out with `[…]`"
    if site.type(1) == "NUMBER":
        return site.say("SFT0101", message, f"{_LISTS}; in `columns` a position stands in backticks behind a dot")
    if site.type(1) != "STRING":
        return site.say("SFT0101", message, _LISTS)
    operand = _operand(site, -1)
    call = f"({site.file.slice(operand) if operand else 'x'}, {site.text(1)})"
    return site.say("SFT0101", message, f"write `json_field{call}`, or `json_number{call}` for a number")


def _range(site: Site) -> Diagnostic | None:
    """``3...80``, ``3…80``, ``3..=80``, ``3..<80``."""
    if site.type() == "WRONG" and site.text() == "…" and site.type(-1) == "NUMBER":
        return with_fix(site.say("SFT0101", "a range is written with two dots", "write `..`"), Edit(site.span(), ".."))
    extra = site.type() == "DOT" or site.text() in ("=", "<")
    if site.type(-1) != "DOTDOT" or not extra or site.span(-1).end != site.span().start:
        return None
    whole = site.span(-1).to(site.span())
    if site.text() == "<":
        help = "both ends belong to a range: write `3..79` for less than 80"
        return site.say("SFT0101", "`..<` makes no range", help, span=whole)
    return with_fix(
        site.say("SFT0101", "a range is written with two dots", "write `..`", span=whole), Edit(whole, "..")
    )


_HABITS: tuple[Callable[[Site], Diagnostic | None], ...] = (
    _phrase,
    _word,
    _sign,
    _arrow,
    _generator,
    _ternary,
    _subscript,
    _range,
)
