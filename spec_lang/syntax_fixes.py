"""The edits that mend a syntax error, where it can only be meant one way: one short function a code.

Kept apart from the hints, which say what is wrong: a slip may be sure to be one and still leave open what was
meant. Where a slip is a habit (``:`` for ``=``, commas after fields, ``//``), one fix mends it in the whole block.
What a fix would do elsewhere is not looked at here: `fixes.mend` checks the file again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from spec_lang.bracket_fixes import close_bracket, remove_brace
from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.lexing import OPERATORS
from spec_lang.source import Span
from spec_lang.syntax_site import BEFORE_CONDITIONS, VALUE_ENDS, Site
from spec_lang.tokens import Token
from spec_lang.unreadable import FOREIGN_OPERATORS, narrowed, straight, unit_named

_Fix = Callable[[Site, Diagnostic], tuple[Edit, ...]]
_NOTHING: tuple[Edit, ...] = ()
_REPLACED = {text: new for text, new in FOREIGN_OPERATORS.items() if new in ("and", "or", "not", "!=", "matches")}


def fix_of(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """The edits for a syntax error at its site; none where it is not sure what was meant."""
    make = _FIXES.get(found.code)
    return make(site, found) if make is not None else _NOTHING


def _spaced(site: Site, span: Span, text: str) -> Edit:
    """Words need blanks around them where signs did not."""
    whole = site.file.text
    before = " " if span.start and not whole[span.start - 1].isspace() and whole[span.start - 1] not in "([" else ""
    after = " " if span.end < len(whole) and not whole[span.end].isspace() else ""
    return Edit(span, before + text + after)


def _primary(found: Diagnostic) -> Span:
    assert found.primary is not None
    return found.primary.span


def _pairs(site: Site) -> Iterator[tuple[Token, Token, bool]]:
    """Tokens of the item with what follows each, and whether the first stands inside ``(…)`` or ``[…]``."""
    depth = 0
    for token, following in pairwise(site.segment.tokens):
        depth += token.type in ("LPAR", "LSQB")
        yield token, following, depth > 0
        depth -= token.type in ("RPAR", "RSQB")


# --- one function a code ----------------------------------------------------------------------


def _colon(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    # Blanks around the sign, as everywhere in specs, unless they are there.
    def edit(token: Token) -> Edit:
        span = token.span
        after = "" if site.file.text[span.end : span.end + 1].isspace() else " "
        before = "" if site.file.text[span.start - 1].isspace() else " "
        return Edit(span, f"{before}={after}")

    if not any(token.type == "LBRACE" for token in site.segment.tokens[: site.index]):
        return _NOTHING  # not in a block: the whole file may be of another format
    if site.type(1) == "MINUS" and site.breaks_line(1):
        return _dashed_list(site)
    first = edit(site.segment.tokens[site.index])
    later = [
        edit(colon)
        for name, colon, inside in _pairs(site)
        if name.type in ("NAME", "QUOTED") and colon.text == ":" and colon.type == "WRONG" and not inside
    ]
    return tuple(dict.fromkeys([first, *later]))


def _dashed_list(site: Site) -> tuple[Edit, ...]:
    """A list of YAML, a name or literal a line, as ``= [a, b]``."""
    items: list[str] = []
    at = 1
    while site.type(at) == "MINUS" and site.breaks_line(at):
        start = at = at + 1
        while site.type(at) and not site.breaks_line(at):
            at += 1
        items.append(site.file.slice(site.span(start).to(site.span(at - 1))))
        if any(site.type(item) not in (*VALUE_ENDS, "DOT") for item in range(start, at)) or start == at:
            return _NOTHING
    whole = Span(site.span().start, site.span(at - 1).end)
    plain = "#" not in site.file.slice(whole) and site.type(at - 1) != "RBRACE"
    return (Edit(whole, f" = [{', '.join(items)}]"),) if plain else _NOTHING


def _separator(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    def edit(token: Token) -> Edit:
        span = token.span
        return Edit(span, "" if site.file.text[span.end : span.end + 1].isspace() else " ")

    later = [
        edit(comma)
        for (value, comma, inside), (_, following, _) in zip(_pairs(site), list(_pairs(site))[1:], strict=False)
        if value.type in VALUE_ENDS and str(comma) in (",", ";") and not inside
        if following.type in ("NAME", "QUOTED", "VERB", "NAMED", "RBRACE")
    ]
    return tuple(dict.fromkeys([edit(site.segment.tokens[site.index]), *later]))


def _double_equals(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    return (Edit(_primary(found), "="),)


def _single_equals(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    following = site.token(1)
    if following is not None and following.type == "CMP":  # `=<` and `=>` written apart by the lexer
        both = site.span().to(following.span)
        swapped = {"=<": "<=", "=>": ">="}.get(site.file.slice(both))
        return (Edit(both, swapped),) if swapped else _NOTHING
    return (Edit(site.span(), "=="),)


def _quotes(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    span = _primary(found)
    meant = straight(site.file.slice(span))
    beside = site.file.text[span.start - 1 : span.start] + site.file.text[span.end : span.end + 1]
    return (Edit(span, meant),) if meant is not None and not set(beside) & {*"'\"`"} else _NOTHING


def _unclosed_string(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """A string whose end is the end of its line; a lone quote at the end of a word lacks its beginning."""
    span = _primary(found)
    text = site.file.slice(span)
    if text == '"':
        return _unopened_string(site, span)
    inner = text.lstrip("r")[1:]
    balanced = all(inner.count(opening) == inner.count(closing) for opening, closing in ("{}", "[]", "()"))
    plain = text[0] != "`" and not text.removeprefix("r").startswith('"""') and text[-1] not in "\\," and inner
    if not plain or not balanced or "#" in inner or " = " in inner or '"' in inner or _CODE.search(inner):
        return _NOTHING
    return (Edit(Span(span.end, span.end), '"'),)


def _unopened_string(site: Site, span: Span) -> tuple[Edit, ...]:
    line_start = site.file.text.rfind("\n", 0, span.start) + 1
    before = site.file.text[line_start : span.start]
    name, sign, value = before.rpartition("= ")
    bare = value.lstrip()
    if not sign or not name.strip() or not bare or any(char in '"\\#{}[]()' for char in bare):
        return _NOTHING
    at = span.start - len(bare)
    return (Edit(Span(at, at), '"'),)


def _character(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    span = _primary(found)
    text = site.file.slice(span)
    if text[:1] in "\u00a0\u2007\u202f\u3000":
        return (Edit(Span(span.start, span.start + 1), " "),)
    if text[:1] in "\u200b\u2060\ufeff":
        return (Edit(Span(span.start, span.start + 1), ""),)
    if narrowed(text) is not None:
        wide = [token for token in site.segment.tokens if token.type == "WRONG" and narrowed(str(token)) is not None]
        return tuple(Edit(token.span, narrowed(str(token)) or "") for token in wide)
    in_body = any(token.type == "LBRACE" for token in site.segment.tokens[: site.index])
    return (Edit(span, f"`{text}`"),) if in_body and text[:1].isalpha() else _NOTHING


def _reserved(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """Where names are columns, a reserved word is one too."""
    span = _primary(found)
    before = [token for token in site.segment.tokens if token.span.start < span.start]
    braces = [index for index, token in enumerate(before) if token.type == "LBRACE"]
    inside = braces and braces[-1] and not any(token.type == "RBRACE" for token in before[braces[-1] :])
    word = site.file.slice(span)
    return (Edit(span, f"`{word}`"),) if inside and before[braces[-1] - 1].text == "columns" else _NOTHING


def _number(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    span = _primary(found)
    text = site.file.slice(span)
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    meant = unit_named(text[len(digits) :])
    return (Edit(span, digits.rstrip() + meant),) if meant and digits else _NOTHING


def _operator(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    span = _primary(found)
    text = site.file.slice(span)
    if text in _REPLACED:
        return (_spaced(site, span, _REPLACED[text]),)
    if text == "%" and site.type(-1) == "NUMBER" and not site.breaks_line():
        return (Edit(Span(site.span(-1).end, span.end), "%"),)
    return _not_in(site) if text.startswith("not ") else _NOTHING


def _not_in(site: Site) -> tuple[Edit, ...]:
    """``x not in [a]`` is written ``not x in [a]``."""
    offset, depth = -1, 0
    while (kind := site.type(offset)) and (
        depth or kind not in ("VERB", "AND", "OR", "NOT", "LPAR", "COMMA", "_EQUAL")
    ):
        depth += (kind in ("RPAR", "RSQB")) - (kind in ("LPAR", "LSQB"))
        offset -= 1
    start = site.span(offset + 1).start
    return (Edit(Span(start, start), "not "), Edit(Span(site.span(-1).end, site.span().end), ""))


def _comment(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """All `//` of the item; a `/* … */` that ends with its line."""
    slashes = [token.span.start for token in site.segment.tokens if token.type == "WRONG" and token.text[:2] == "//"]
    edits = [Edit(Span(start, start + 2), "#") for start in slashes]
    opening = _primary(found)
    if site.file.slice(opening) == "/*":
        line, _, _ = site.file.text[opening.start :].partition("\n")
        if line.count("*/") != 1 or not line.rstrip().endswith("*/"):
            return _NOTHING
        end = opening.start + line.index("*/")
        text_end = opening.start + len(line[: line.index("*/")].rstrip())
        edits += [Edit(opening, "#"), Edit(Span(text_end, end + 2), "")]
    return tuple(edits)


def _header(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    if site.type() == "STRING" and str(site.token())[1:-1].isidentifier() and str(site.token()).isascii():
        return (Edit(site.span(), str(site.token())[1:-1]),)
    closed = any(token.type == "RBRACE" for token in site.segment.tokens)
    if site.index == 2 and closed and site.type(1) == "_EQUAL":
        end = site.span(-1).end
        return (Edit(Span(end, end), " {"),)
    return _NOTHING


def _chain(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """``3 <= x <= 80`` is ``x in 3..80``, when ``3`` is the whole lower end: not in ``-3 <= x <= 80``."""
    offset = -1
    while site.type(offset) and site.type(offset) not in ("CMP", "VERB"):
        offset -= 1
    ends = (site.type(offset - 1), site.type(1)) == ("NUMBER", "NUMBER")
    if site.text() != "<=" or site.text(offset) != "<=" or not ends or site.type(-1) in OPERATORS:
        return _NOTHING
    if site.type(offset - 2) not in BEFORE_CONDITIONS:
        return _NOTHING
    value = site.file.slice(site.span(offset + 1).to(site.span(-1)))
    whole = site.span(offset - 1).to(site.span(1))
    return (Edit(whole, f"{value} in {site.text(offset - 1)}..{site.text(1)}"),)


def _unexpected(site: Site, found: Diagnostic) -> tuple[Edit, ...]:
    """A dash in a name, and the comma that a list or call lacks."""
    span = _primary(found)
    text = site.file.slice(span)
    if site.type() == "MINUS" and text == f"{site.text(-1)}-{site.text(1)}":
        return (Edit(span, text.replace("-", "_")),)
    starts = site.type() in ("NAME", "STRING", "NUMBER", "QUANTITY", "QUOTED")
    if found.help is None and "COMMA" in site.accepts and site.in_bracket() and starts and site.type(-1) in VALUE_ENDS:
        end = site.span(-1).end
        return (Edit(Span(end, end), ","),)
    return _NOTHING


# In a string that lost its end, what was rather written behind it.
_CODE = re.compile(r"[<>]|==|\w\(")

_FIXES: dict[str, _Fix] = {
    "SFT0101": _unexpected,
    "SFT0102": _unclosed_string,
    "SFT0103": _quotes,
    "SFT0104": _character,
    "SFT0105": close_bracket,
    "SFT0106": remove_brace,
    "SFT0107": _colon,
    "SFT0108": _double_equals,
    "SFT0111": _separator,
    "SFT0112": _reserved,
    "SFT0113": _number,
    "SFT0116": _operator,
    "SFT0117": _comment,
    "SFT0118": _header,
    "SFT0119": _single_equals,
    "SFT0123": _chain,
}
