"""Hints for habits from other languages that no single token gives away: ``between 3 and 80``, ``.5``, ``in (a, b)``.

They come before the general hints of `syntax_hints`, recognise their habit by a few tokens, and carry their own fix
where what was meant is sure.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.foreign_operators import foreign_operator
from spec_lang.lexing import OPERATORS
from spec_lang.source import Span
from spec_lang.syntax_site import Site, with_fix


def foreign_habit(site: Site) -> Diagnostic | None:
    """The first habit that the place shows."""
    return next((found for habit in _HABITS if (found := habit(site))), None)


def _adjacent(site: Site, offset: int) -> bool:
    """Whether the token at ``offset`` stands right behind the one before it."""
    return bool(site.type(offset) and site.type(offset - 1)) and site.span(offset).start == site.span(offset - 1).end


def _needless_word(site: Site) -> Diagnostic | None:
    """``keep where x > 3``."""
    for offset in (0, -1, -2):
        word = site.text(offset)
        if site.type(offset) == "NAME" and word in ("if", "where", "when") and site.type(offset - 1) == "VERB":
            help = f"the condition stands right after `{site.text(offset - 1)}`"
            gap = Span(site.span(offset - 1).end, site.span(offset).end)
            found = site.say("SFT0101", f"unexpected `{word}`", help, span=site.span(offset))
            return with_fix(found, Edit(gap, "")) if offset else found
    return None


def _bare_text(site: Site) -> Diagnostic | None:
    """``weights = hf:org/name``, ``path = ./rows.jsonl``: text without its quotes."""
    if site.type() == "WRONG" and site.text() == ":" and site.type(-2) == "_EQUAL" and _adjacent(site, 0):
        start = site.span(-1).start
    elif site.type(-1) == "_EQUAL" and site.type() in ("DOT", "SLASH", "DOTDOT") and site.type(1) != "NUMBER":
        start = site.span().start
    else:
        return None
    text = site.file.text[start:].split(maxsplit=1)[0].rstrip(",;}")
    span = Span(start, start + len(text))
    if text.endswith('"') and text.count('"') == 1:  # only the first quote is missing
        found = site.say("SFT0101", "text stands in quotes", f'write `"{text}`', span=span)
        return with_fix(found, Edit(Span(start, start), '"'))
    found = site.say("SFT0101", "text stands in quotes", f'write `"{text}"`', span=span)
    return with_fix(found, Edit(span, f'"{text}"')) if '"' not in text and "\\" not in text else found


def _number(site: Site) -> Diagnostic | None:
    if site.type() == "DOT" and site.type(1) == "NUMBER" and _adjacent(site, 1) and not _adjacent(site, 0):
        whole = site.span().to(site.span(1))
        text = f"0.{site.text(1)}"
        found = site.say("SFT0113", "a number begins with a digit", f"write `{text}`", span=whole)
        return with_fix(found, Edit(whole, text))
    if site.type() == "DOT" and site.type(-1) == "NUMBER" and _adjacent(site, 0) and not _adjacent(site, 1):
        whole = site.span(-1).to(site.span())
        found = site.say("SFT0113", "a number ends with a digit", f"write `{site.text(-1)}.0`", span=whole)
        return with_fix(found, Edit(whole, f"{site.text(-1)}.0"))
    if site.type() == "PLUS" and site.type(-1) == "_EQUAL" and site.type(1) in ("NUMBER", "QUANTITY"):
        return with_fix(site.say("SFT0113", "numbers have no `+` before them"), Edit(site.span(), ""))
    ends = site.type(-1) == "NUMBER" and site.type(1) in ("NUMBER", "QUANTITY")
    if site.type() == "COMMA" and ends and _adjacent(site, 0) and _adjacent(site, 1) and not site.in_bracket():
        whole = site.span(-1).to(site.span(1))
        first, second = site.text(-1), site.text(1)
        digits = second.rstrip("abcdefghijklmnopqrstuvwxyz% ")
        if len(digits) == 3 and second[3:].strip() in ("tok", "rows"):  # whole numbers of them, so it is thousands
            found = site.say("SFT0113", "numbers have no commas", f"write `{first}_{second}`", span=whole)
            return with_fix(found, Edit(whole, f"{first}_{second}"))
        thousands = f"`{first}_{second}` for thousands, " if len(digits) == 3 else ""
        help = f"write {thousands}`{first}.{second}` for a fraction"
        return site.say("SFT0113", "numbers have no commas", help, span=whole)
    return None


# A function with its one argument, which lacks the `(` between them.
_CALLS = frozenset({("NAME", "NAME"), ("NAME", "QUOTED"), ("NAME", "STRING")})


def _brackets(site: Site) -> Diagnostic | None:
    closing = site.type() in ("RPAR", "RSQB")
    if closing and not site.in_bracket():
        if site.type() == "RPAR" and (site.type(-2), site.type(-1)) in _CALLS and not site.breaks_line(-1):
            gap = Span(site.span(-2).end, site.span(-1).start)
            call = f"{site.text(-2)}({site.text(-1)})"
            return with_fix(site.say("SFT0101", "`)` closes nothing", f"write `{call}`"), Edit(gap, "("))
        return with_fix(site.say("SFT0101", f"`{site.text()}` closes nothing"), Edit(site.span(), ""))
    if site.type() == "COMMA" and site.type(-1) == "COMMA" and site.in_bracket():
        return with_fix(site.say("SFT0101", "unexpected `,`", "one `,` is enough"), Edit(site.span(), ""))
    if site.type() == "WRONG" and site.text() == ";" and site.in_bracket():
        found = site.say("SFT0101", "elements are separated by `,`, not by `;`")
        return with_fix(found, Edit(site.span(), ","))
    if site.type() == "DOTDOT" and (site.type(-2), site.type(-3)) == ("LSQB", "IN") and site.type(2) == "RSQB":
        found = site.say("SFT0101", "a range stands without brackets", f"write `in {site.text(-1)}..{site.text(1)}`")
        return with_fix(found, Edit(site.span(-2), ""), Edit(site.span(2), ""))
    return _listed(site)


def _listed(site: Site) -> Diagnostic | None:
    """``x in (a, b)``: lists stand in square brackets."""
    if site.type() != "COMMA" or (site.type(-2), site.type(-3)) != ("LPAR", "IN"):
        return None
    offset = 1
    while site.type(offset) not in ("RPAR", "LPAR", "LSQB", "LBRACE", ""):
        offset += 1
    if (ends := _as_range(site, offset)) is not None:
        help = (
            f"write `in {ends[0]}..{ends[1]}` for all from one to the other, `in [{ends[0]}, {ends[1]}]` for those two"
        )
        return site.say("SFT0101", "a list stands in `[…]`, a range without brackets", help, span=site.span(-2))
    found = site.say("SFT0101", "a list stands in `[…]`", "write `in [a, b]`", span=site.span(-2))
    edits = (Edit(site.span(-2), "["), Edit(site.span(offset), "]"))
    return with_fix(found, *edits) if site.type(offset) == "RPAR" else found


def _as_range(site: Site, closing: int) -> tuple[str, str] | None:
    """The ends of what may be meant as a range: two numbers, and others lie between them."""
    if closing != 2 or (site.type(-1), site.type(1)) not in (("NUMBER", "NUMBER"), ("QUANTITY", "QUANTITY")):
        return None
    low, high = site.text(-1), site.text(1)
    return None if low.isdecimal() and high.isdecimal() and int(high) == int(low) + 1 else (low, high)


def _braces(site: Site) -> Diagnostic | None:
    if site.type() == "_EQUAL" and site.index == 2 and site.type(1) == "LBRACE" and site.type(-2) == "NAME":
        found = site.say("SFT0118", "no `=` stands before the `{` of a block", f"write `{site.text(-2)} NAME {{ … }}`")
        return with_fix(found, Edit(Span(site.span(-1).end, site.span().end), ""))
    if site.text() == ":" and site.index == 1 and (site.type(1), site.type(2)) == ("NAME", "LBRACE"):
        found = site.say("SFT0118", "no `:` stands after the kind of a block", f"write `{site.text(-1)} NAME {{ … }}`")
        return with_fix(found, Edit(site.span(), ""))
    if site.type() == "LBRACE" and site.type(-1) == "_EQUAL":
        name = site.text(-2)
        help = f"a block is written `{name} {{ … }}`, a choice with options `{name} = WORD {{ … }}`"
        return site.say("SFT0101", "no word stands between `=` and `{`", help, span=site.span(-1).to(site.span()))
    return None


def _missing_on(site: Site) -> Diagnostic | None:
    """``dedup exact instruction``: the columns follow ``on``."""
    for offset in (0, -1):
        if site.type(offset) == "NAME" and site.type(offset - 1) == "FLAG" and not site.breaks_line(offset):
            start = site.span(offset).start
            help = f"write `{site.text(offset - 1)} on {site.text(offset)}`"
            found = site.say("SFT0101", f"`on` is missing before `{site.text(offset)}`", help, span=site.span(offset))
            return with_fix(found, Edit(Span(start, start), "on "))
    return None


def _edition(site: Site) -> Diagnostic | None:
    if site.segment.tokens[0].type != "EDITION":
        return None
    if site.index == 1 and site.type() == "STRING" and str(site.token())[1:-1].isdecimal():
        year = str(site.token())[1:-1]
        found = site.say("SFT0101", "the edition is a year without quotes", f"write `edition {year}`")
        return with_fix(found, Edit(site.span(), year))
    if site.index == 1 and site.type() == "_EQUAL":
        found = site.say("SFT0101", "the edition is no field", "write `edition 2026`")
        return with_fix(found, Edit(Span(site.span(-1).end, site.span(1).start), " "))
    return None


def _rule_without_verb(site: Site) -> Diagnostic | None:
    """``format.exact(tuned) >= 80%`` alone in a line of a block."""
    starts = site.type() in {"DOT", "LPAR", *OPERATORS} and site.type(-1) == "NAME" and site.type(1) != "MINUS"
    if (
        site.accepts != {"NAME", "_EQUAL", "LBRACE"}
        or not starts
        or not site.breaks_line(-1)
        or site.text() in ("-", "==")
    ):
        return None
    help = "a rule begins with its verb, such as `keep`, `drop`, `use` or `require`"
    return site.say("SFT0101", f"`{site.text(-1)}` begins no field, block or rule", help, span=site.span(-1))


def _reserved_function(site: Site) -> Diagnostic | None:
    """``require exact(tuned) >= 80%``: the metric without its eval."""
    if site.type() != "LPAR" or site.type(-1) != "FLAG":
        return None
    word = site.text(-1)
    help = f"a metric is written with its eval: `EVAL.{word}(MODEL)`"
    return site.say("SFT0112", f"`{word}` is a reserved word and no function", help, span=site.span(-1))


def _regex(site: Site) -> Diagnostic | None:
    if site.type() != "SLASH" or site.type(-1) != "MATCHES":
        return None
    return site.say("SFT0101", "a regular expression is a raw string", 'write `matches r"…"`')


def _quote_inside(site: Site) -> Diagnostic | None:
    for offset in (0, -1):
        if site.type(offset) == "NAME" and site.type(offset - 1) == "STRING" and _adjacent(site, offset):
            help = 'a quote inside a string is written `\\"`'
            if (held := _FIELD_INSIDE.fullmatch(str(site.token(offset - 1)))) is not None:
                help = f'the string before has no end: write `{held[1].rstrip()}" {held[2]} = "{site.text(offset)}…`'
            return site.say("SFT0101", f"unexpected `{site.text(offset)}` after a string", help, span=site.span(offset))
    return None


def _prefixed_string(site: Site) -> Diagnostic | None:
    """``f"{instruction}"``: only templates have placeholders, and need no sign for it."""
    prefix = site.text(-1)
    if site.type() != "STRING" or prefix not in ("f", "F", "u", "b", "R") or not _adjacent(site, 0):
        return None
    template = str(site.segment.tokens[0]) == "template"
    if prefix == "R":
        found = site.say("SFT0101", "raw strings begin with a small `r`", span=site.span(-1))
        return with_fix(found, Edit(site.span(-1), "r"))
    help = "the placeholders of templates need no sign" if template else "only templates have placeholders: `{NAME}`"
    found = site.say(
        "SFT0101", f"no `{prefix}` stands before a string", help if prefix in "fF" else None, span=site.span(-1)
    )
    sure = template or "{" not in str(site.token())
    return with_fix(found, Edit(site.span(-1), "")) if sure else found


# `path = "a.jsonl licence = "`: a string that was not closed, and took the next field in.
_FIELD_INSIDE = re.compile(r'("[^"]*?\S)\s+([a-z_]+) *= *"')

_HABITS: tuple[Callable[[Site], Diagnostic | None], ...] = (
    _edition,
    _needless_word,
    foreign_operator,
    _bare_text,
    _number,
    _brackets,
    _braces,
    _missing_on,
    _rule_without_verb,
    _reserved_function,
    _regex,
    _quote_inside,
    _prefixed_string,
)
