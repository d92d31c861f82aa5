"""Hints for fields, rules and heads of blocks that are written another way: ``origin human``, ``train tuned:``, a
column called ``at`` or ``prompt text``.

They are asked after the words of the grammar (`misspelt_words`): what is near to one of those is a slip for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.lexing import OPERATORS
from spec_lang.plain_text import one_line
from spec_lang.source import Span
from spec_lang.syntax_site import VALUE_ENDS, Site, with_fix

_RESERVED = frozenset({"VERB", "CLAUSE", "FLAG", "NAMED", "IN", "MATCHES", "AND", "OR", "NOT"})
_VALUES = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE", "LSQB"})
_CONDITIONS = frozenset({"keep", "drop", "require", "guard"})  # verbs of rules with a condition
_OPENED = re.compile(r'"[^"]*?([ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*=[ \t]*)"\Z')


def entry_habit(site: Site) -> Diagnostic | None:
    """The first of them that the place shows."""
    return next((found for habit in _HABITS if (found := habit(site))), None)


def _unclosed_before(site: Site) -> Diagnostic | None:
    """``user = "{a}   assistant = "{b}"``: the first string ends where the second begins."""
    match = _OPENED.match(str(site.token(-1))) if site.type(-1) == "STRING" else None
    if match is None or site.span(-1).end != site.span().start:
        return None
    start = site.span(-1).start
    end = start + match.start(1)
    help = f'end it with `"` before `{match[1].split("=")[0].strip()}`'
    return with_fix(site.say("SFT0102", "unclosed string", help, span=Span(start, end)), Edit(Span(end, end), '"'))


def _block_colon(site: Site) -> Diagnostic | None:
    """``train tuned:`` of Python."""
    if site.type() != "WRONG" or site.text() != ":" or site.index != 2 or site.type(-2) != "NAME":
        return None
    head = f"{site.text(-2)} {site.text(-1)}"
    found = site.say("SFT0118", "the fields of a block stand in `{ … }`, not behind `:`", f"write `{head} {{ … }}`")
    return with_fix(found, Edit(site.span(), "")) if site.type(1) == "LBRACE" else found


def _block_name(site: Site) -> Diagnostic | None:
    """``train a.tuned {``, ``train my tuned {``, ``eval strict extends format {``."""
    if site.index != 2 or (site.type(-2), site.type(-1)) != ("NAME", "NAME") or site.breaks_line():
        return None
    kind, name = site.text(-2), site.text(-1)
    if site.type() == "DOT" and (site.type(1), site.type(2)) == ("NAME", "LBRACE"):
        dotted = site.span(-1).to(site.span(1))
        help = f"write `{kind} {site.text(1)} {{ … }}`"
        return site.say("SFT0118", f"`{site.file.slice(dotted)}` is not the name of a block", help, span=dotted)
    if site.text() == "extends" and site.type(1) == "NAME":
        help = f"write `{kind} {name} {{ extends = {site.text(1)} … }}`"
        return site.say("SFT0118", "`extends` is a field of the block", help)
    if site.type() == "NAME" and site.type(1) == "LBRACE":
        both = site.span(-1).to(site.span())
        help = f"write `{kind} {name}_{site.text()} {{ … }}`"
        return site.say("SFT0118", "the name of a block is one word", help, span=both)
    return None


def _python_import(site: Site) -> Diagnostic | None:
    """``from "./common.sft" import clean``."""
    tokens = site.segment.tokens
    if str(tokens[0]) != "from" or all(token.type != "IMPORT" for token in tokens[:6]):
        return None
    path = str(tokens[1]) if tokens[1].type == "STRING" else '"./common.sft"'
    help = f"write `import {path} as common`, and `common.NAME` for what is in it"
    return site.say("SFT0101", "this is not how an import is written", help, span=tokens[0].span)


def _column_of_two_words(site: Site) -> Diagnostic | None:
    """``columns { instruction = prompt text }``."""
    if not site.in_columns() or "LBRACE" not in site.accepts:
        return None
    offset = -1 if "_EQUAL" in site.accepts else -2
    words = (site.type(offset - 2), site.type(offset - 1), site.type(offset))
    if words != ("_EQUAL", "NAME", "NAME") or site.breaks_line(offset):
        return None
    both = site.span(offset - 1).to(site.span(offset))
    name = f"`{site.file.slice(both)}`"
    found = site.say("SFT0101", "a name with a blank in it stands in backticks", f"write `` {name} ``", span=both)
    return with_fix(found, Edit(both, name))


def _reserved_column(site: Site) -> Diagnostic | None:
    """``keep at == "x"``, ``words(in) > 3``: what follows says that the word is an operand."""
    for offset in (0, -1):
        kind, before, after = site.type(offset), site.type(offset - 1), site.type(offset + 1)
        starts = before in ("VERB", "LPAR", "COMMA") or before in OPERATORS
        ends = after in ("CMP", "IN", "MATCHES") or (after in ("RPAR", "COMMA") and before in ("LPAR", "COMMA"))
        if kind in _RESERVED and starts and ends and not (kind == "NOT" and after in ("IN", "MATCHES")):
            word = site.text(offset)
            help = f"a column of that name stands in backticks: `` `{word}` ``"
            found = site.say("SFT0112", f"`{word}` is a reserved word", help, span=site.span(offset))
            return with_fix(found, Edit(site.span(offset), f"`{word}`"))
    return None


def _missing_equals(site: Site) -> Diagnostic | None:
    """``origin human``, ``metric exact exact_match()``."""
    if not site.in_block():
        return None
    for name in (-1, -2):
        named = site.type(name - 1) == "NAMED"
        first = name - 1 if named else name
        begins = site.type(name) == "NAME" and (site.type(first - 1) == "LBRACE" or site.breaks_line(first))
        value = name + 1
        word = site.type(value) in _VALUES or (site.type(value) in _RESERVED and not named)
        if begins and word and not site.breaks_line(value) and (named or _lone_value(site, value)):
            head, shown = site.text(name), site.text(value)
            help = f"write `{head} = …`" if shown in "[" or named else f"write `{head} = {shown}`"
            found = site.say("SFT0101", f"no `=` stands between `{head}` and `{shown}`", help, span=site.span(name))
            start = site.span(value).start
            return with_fix(found, Edit(Span(start, start), "= "))
    return None


def _lone_value(site: Site, at: int) -> bool:
    """Whether one value stands at an offset, and then the line or block ends."""
    if site.type(at) == "LSQB":
        return "_EQUAL" in site.accepts
    while (site.type(at + 1), site.type(at + 2)) == ("DOT", "NAME"):
        at += 2
    comment = (site.type(at + 1), site.type(at + 2)) == ("MINUS", "MINUS")
    return comment or site.type(at + 1) in ("RBRACE", "") or site.breaks_line(at + 1)


def _metric_without_value(site: Site) -> Diagnostic | None:
    if (site.type(-2), site.type(-1)) != ("NAMED", "NAME") or site.type() == "_EQUAL":
        return None
    help = f"write `{site.text(-2)} {site.text(-1)} = …`"
    return site.say("SFT0109", f"`{site.text(-1)}` has no value", help, span=site.span(-1))


def _dots_end(site: Site) -> Diagnostic | None:
    """``data = triage.`` at the end of its line or before the next entry."""
    for offset in (-1, -2):
        next_line = offset == -1 or (site.type() == "_EQUAL" and site.breaks_line(-1) and site.type(-1) == "NAME")
        if site.type(offset) == "DOT" and site.type(offset - 1) in ("NAME", "QUOTED") and next_line:
            if offset == -1 and site.type() == "NUMBER":
                return None
            help = f"write `{site.text(offset - 1)}.NAME`"
            return site.say("SFT0110", "nothing stands on the right of `.`", help, span=site.span(offset))
    return None


def _dashes(site: Site) -> Diagnostic | None:
    """``-- a comment``."""
    for offset in range(1, -6, -1):
        pair = (site.type(offset - 1), site.type(offset)) == ("MINUS", "MINUS")
        if pair and site.span(offset - 1).end == site.span(offset).start:
            start = site.span(offset - 1).start
            if "\n" in site.file.text[start : site.span(-1).start]:
                return None
            both = Span(start, start + 2)
            return with_fix(
                site.say("SFT0117", "`--` does not begin a comment", "write `#`", span=both), Edit(both, "#")
            )
    return None


def _subject(site: Site) -> Diagnostic | None:
    """A verb of a rule with nothing behind it, where no condition could stand."""
    needs = {
        "dedup": "write `dedup exact on COLUMN` or `dedup near on COLUMN at 90%`",
        "decontaminate": "write `decontaminate against [EVAL] ngram 8 coverage 50%`",
    }
    verb = site.text(-1)
    if site.type(-1) != "VERB" or verb not in needs or site.can_begin_value() or site.type() in ("CLAUSE", "_EQUAL"):
        return None
    return site.say("SFT0109", f"`{verb}` has no clauses", needs[verb], span=site.span(-1))


def _lowest(site: Site, verb: int) -> Diagnostic | None:
    """``keep bottom 20% by length``: there is `top` alone, and it takes any number."""
    if site.text(-1) not in ("bottom", "lowest", "worst") or verb != -2 or site.type() == "STRING":
        return None
    end = 2
    while site.token(end) is not None and not site.breaks_line(end) and site.type(end) not in ("RBRACE", "CLAUSE"):
        end += 1
    by = site.file.slice(site.span(2).to(site.span(end - 1))) if site.text(1) == "by" and end > 2 else "NUMBER"
    number = by if end <= 3 or (site.type(3), site.type(end - 1)) == ("LPAR", "RPAR") else f"({by})"
    help = f"write `keep top {site.text()} by -{number}`"
    if site.text(verb) != "keep":
        share = site.text().removesuffix("%")
        rest = f"{100 - int(share)}%" if share.isdecimal() and site.text() == f"{share}%" else "SHARE"
        help = f"say what is kept: `keep top {rest} by {by}`"
    return site.say("SFT0101", f"there is `top`, and no `{site.text(-1)}`", help, span=site.span(-1))


def _infix(site: Site, before: int) -> Diagnostic | None:
    """``keep output contains "x"``: tests of texts are functions."""
    word = site.text(-1)
    if word not in ("contains", "starts_with", "ends_with") or site.type() != "STRING" or before >= -2:
        return None
    place = site.span(before + 1).to(site.span())
    call = f"{word}({site.file.slice(site.span(before + 1).to(site.span(-2)))}, {site.file.slice(site.span())})"
    found = site.say("SFT0101", f"`{word}` is a function", f"write `{one_line(call, 80)}`", span=site.span(-1))
    return with_fix(found, Edit(place, call))


def _position(site: Site) -> Diagnostic | None:
    """``x = instances.0.input``: the parts of a path are names."""
    if site.type() != "NUMBER" or site.type(-1) != "DOT" or not site.text().isdecimal():
        return None
    if re.search(rf"^\s*loop\s+{re.escape(site.text(-2))}\s*{{", site.file.text, re.MULTILINE):
        help = f"a round has no name: write `{site.text(-2)}`, which stands for the model of the round that counts"
        return site.say("SFT0101", f"`{site.text(-2)}` is a loop, and `{site.text()}` is no name", help)
    help = f"a position in a list stands in backticks: write `{site.text(-2)}.`{site.text()}``"
    found = site.say("SFT0101", f"`{site.text()}` is no name", help)
    return with_fix(found, Edit(site.span(), f"`{site.text()}`"))


def _missing_operator(site: Site) -> Diagnostic | None:
    """``require format.exact(tuned) 80%``: two values, and nothing says how they compare."""
    values = site.type(-1) in VALUE_ENDS and site.type() in ("STRING", "NUMBER", "QUANTITY")
    if not values or site.in_bracket() or site.breaks_line():
        return None
    first = -1
    while site.type(first) not in ("VERB", "LBRACE", "RBRACE", "CLAUSE", "FLAG", "_EQUAL", "", *OPERATORS - {"DOTDOT"}):
        first -= 1
    if site.text(first) not in _CONDITIONS or first == -1:
        return None
    gap = Span(site.span(-1).end, site.span().start)
    left, right = site.file.slice(site.span(first + 1).to(site.span(-1))), site.text()
    if (found := _lowest(site, first) or _infix(site, first)) is not None:
        return found
    if site.type(1) == "DOTDOT":
        help = f"write `{left} in {right}..{site.text(2)}`"
        return with_fix(site.say("SFT0101", f"`in` is missing before `{right}`", help), Edit(gap, " in "))
    sign = "==" if site.type() == "STRING" else ">="
    return site.say("SFT0101", f"no operator stands before `{right}`", f"write `{left} {sign} {right}`")


_HABITS: tuple[Callable[[Site], Diagnostic | None], ...] = (
    _unclosed_before,
    _block_colon,
    _block_name,
    _python_import,
    _column_of_two_words,
    _reserved_column,
    _dashes,
    _dots_end,
    _subject,
    _missing_equals,
    _missing_operator,
    _position,
    _metric_without_value,
)
