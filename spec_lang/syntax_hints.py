"""What to say about a syntax error: the slip that people make at such a place, in its own words.

A hint is a function of the place (tokens before and after, and what the parser would have
taken); the first that recognises its slip speaks. They look at tokens and never at parser
states, so they survive changes of the grammar. When none does, the message is what was expected
and what was found.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from spec_lang.diagnostics import Diagnostic
from spec_lang.entry_habits import entry_habit
from spec_lang.foreign_habits import foreign_habit
from spec_lang.lexing import OPERATORS
from spec_lang.misspelt_words import misspelt_word
from spec_lang.plain_text import one_line
from spec_lang.recovery import Segment
from spec_lang.source import SourceFile, Span
from spec_lang.syntax_fixes import fix_of
from spec_lang.syntax_site import VALUE_ENDS, Site, unexpected
from spec_lang.unreadable import explain_unreadable, unit_of
from spec_lang.vocabulary import CLAUSES, RESERVED

_WORDS = frozenset({"VERB", "CLAUSE", "FLAG", "NAMED", "EDITION", "IMPORT", "AS", "PARAM"})

_Hint = Callable[[Site], Diagnostic | None]


def explain(file: SourceFile, segment: Segment, index: int, accepts: frozenset[str]) -> Diagnostic:
    """The diagnostic for the first syntax error of an item."""
    site = Site(file, segment, index, accepts)
    for hint in _HINTS:
        if found := hint(site):
            break
    else:
        found = unexpected(site)
    return replace(found, fix=found.fix or fix_of(site, found))


# --- hints, the most telling first ------------------------------------------------------------


def _colon(site: Site) -> Diagnostic | None:
    if site.text() not in (":", ":=") or site.type() != "WRONG" or site.type(-1) not in ("NAME", "QUOTED", *_WORDS):
        return None
    dashes = site.type(1) == "MINUS" and site.breaks_line(1)
    help = f"a list is written `{site.text(-1)} = [a, b]`" if dashes else f"write `{site.text(-1)} = …`"
    return site.say("SFT0107", "fields are set with `=`", help)


def _separator(site: Site) -> Diagnostic | None:
    semicolon = site.type() == "WRONG" and site.text() == ";"
    if not semicolon and (site.type() != "COMMA" or site.type(-1) not in VALUE_ENDS or site.in_bracket()):
        return None
    return site.say("SFT0111", f"fields are not separated by `{site.text()}`", "a line break or a blank is enough")


def _unreadable(site: Site) -> Diagnostic | None:
    token = site.token()
    return explain_unreadable(site.file, token) if token is not None and token.type == "WRONG" else None


def _overrun(site: Site) -> int | None:
    """Where an operand is missing although parsing went on: the offset of the ``=``, operator or clause before the gap.

    After ``model =`` the name on the next line is taken for the value, and in ``top by score`` the ``by`` for the
    operand of ``top``, so the error shows one to three tokens later.
    """
    for offset in (-1, -2, -3):
        if site.type(offset) == "NAME" and site.text(offset) in CLAUSES and site.type(offset - 1) == "CLAUSE":
            return offset - 1
        starts_entry = site.text(offset) in RESERVED or (offset == -1 and site.type() == "_EQUAL")
        if site.type(offset) == "NAME" and starts_entry and site.breaks_line(offset):
            before = site.type(offset - 1)
            return offset - 1 if before in ("_EQUAL", "CLAUSE") or before in OPERATORS else None
    return None


def _missing_value(site: Site) -> Diagnostic | None:
    gap = _overrun(site)
    if gap is not None and site.type(gap) == "_EQUAL":
        return site.say("SFT0109", f"`{site.text(gap - 1)}` has no value", span=site.span(gap))
    if gap is not None and site.type(gap) == "CLAUSE":
        return site.say("SFT0109", f"`{site.text(gap)}` has no value", span=site.span(gap))
    if site.can_begin_value():
        return None
    if site.type(-1) == "_EQUAL":
        return site.say("SFT0109", f"`{site.text(-2)}` has no value", span=site.span(-1))
    if site.type(-1) in ("CLAUSE", "VERB") and site.type() != "_EQUAL":
        what = "condition" if site.type(-1) == "VERB" else "value"
        return site.say("SFT0109", f"`{site.text(-1)}` has no {what}", span=site.span(-1))
    return None


def _dangling_operator(site: Site) -> Diagnostic | None:
    gap = _overrun(site)
    if gap is not None and site.type(gap) in OPERATORS:
        return site.say("SFT0110", f"nothing stands on the right of `{site.text(gap)}`", span=site.span(gap))
    if site.type(-1) in OPERATORS and not site.can_begin_value():
        if site.type() in OPERATORS:
            return None
        return site.say("SFT0110", f"nothing stands on the right of `{site.text(-1)}`", span=site.span(-1))
    return None


def _equality(site: Site) -> Diagnostic | None:
    if site.text() == "==" and "_EQUAL" in site.accepts:
        return site.say("SFT0108", "`==` compares; fields are set with `=`", f"write `{site.text(-1)} = …`")
    compares = site.type() == "_EQUAL" and "CMP" in site.accepts and not site.breaks_line(-1)
    if compares and site.type(-2) != "_EQUAL":
        return site.say("SFT0119", "`=` sets a field; two values are compared with `==`", "write `==`")
    return None


def _reserved_word(site: Site) -> Diagnostic | None:
    if site.type() == "_EQUAL" and site.type(-1) in ("NAMED", "PARAM"):
        word = site.text(-1)
        return site.say("SFT0112", f"`{word}` has no name", f"write `{word} NAME = …`", span=site.span(-1))
    for offset in (-1, 0):
        if site.type(offset + 1) == "_EQUAL" and site.type(offset) != "NAME" and site.text(offset) in RESERVED:
            help = f"no field is called so; a column of that name stands in backticks: `` `{site.text(offset)}` ``"
            message = f"`{site.text(offset)}` is a reserved word and no field name"
            return site.say("SFT0112", message, help, span=site.span(offset))
    names_only = "NAME" in site.accepts and not site.accepts & {"STRING", "RBRACE", "EDITION"}
    if names_only and str(site.token() or "") in RESERVED:
        return site.say("SFT0112", f"`{site.text()}` is a reserved word", "choose another name")
    return None


def _unclosed_bracket(site: Site) -> Diagnostic | None:
    # After `(` a word that begins the next entry is taken for a name: `exact_match(`, and `metric json` below it.
    overrun = site.type(-1) == "NAME" and site.text(-1) in RESERVED and site.breaks_line(-1)
    if site.type() in ("RBRACE", "", "VERB", "NAMED", "_EQUAL") or site.breaks_line() or overrun:
        opening = Segment(site.segment.tokens[: site.index], site.segment.stray).unclosed_bracket
        if opening is not None:
            closing = ")" if opening.text == "(" else "]"
            help = f"end it with `{closing}`"
            return site.say("SFT0105", f"unclosed `{opening}`", help, span=opening.span)
    return None


def _unclosed_brace(site: Site) -> Diagnostic | None:
    opening = site.segment.unclosed_brace(site.file)
    if site.token() is not None or opening is None:
        return None
    return site.say("SFT0105", "unclosed `{`", "end the block with `}`", span=opening.span)


def _outside_block(site: Site) -> Diagnostic | None:
    if site.type() == "RBRACE" and (site.index == 0 or site.segment.stray):
        return site.say("SFT0106", "`}` closes nothing")
    first = site.segment.tokens[0]
    alone = first.type in ("NAME", "QUOTED") and site.index == 1 and site.type() == "_EQUAL"
    if not (alone or site.index == 0 or site.segment.stray):
        return None
    kind = "field" if alone else "rule" if first.type in ("VERB", "NAMED") else "text"
    message = f"`{one_line(str(first), 40)}` stands outside of any block"
    help = f"move the {kind} into the braces of a block" if kind != "text" else None
    return site.say("SFT0106", message, help, span=first.span)


def _block_header(site: Site) -> Diagnostic | None:
    first = site.segment.tokens[0]
    if first.type != "NAME" or site.index not in (1, 2) or not site.accepts & {"NAME", "LBRACE"}:
        return None
    kind = one_line(str(first), 40)
    pattern = f"write `{kind} NAME {{ … }}`"
    if site.index == 1 and site.type() == "LBRACE":
        return site.say("SFT0118", f"the `{kind}` block has no name", pattern, span=first.span)
    if site.index == 1 and site.type() == "STRING":
        return site.say("SFT0118", "the name of a block stands without quotes", pattern)
    if site.index == 2 and site.type() != "MINUS":
        name = site.text(-1)
        help = f"write `{kind} {name} {{ … }}`"
        return site.say("SFT0118", f"the block `{name}` has no `{{`", help, span=site.span(-1))
    return None


def _dashed_name(site: Site) -> Diagnostic | None:
    if site.type() != "MINUS" or site.type(-1) != "NAME" or site.type(1) not in ("NAME", "VERB", "CLAUSE"):
        return None
    dashed = Span(site.span(-1).start, site.span(1).end)
    name = site.file.slice(dashed)
    help = f"write `{site.text(-1)}_{site.text(1)}`"
    return site.say("SFT0101", f"`{one_line(name, 40)}` is not a name", help, span=dashed)


def _unit_apart(site: Site) -> Diagnostic | None:
    for offset in (0, -1, -2):  # The unit itself, or what follows when it was taken for the next field.
        unit = unit_of(site.text(offset)) if site.type(offset) == "NAME" else None
        if unit and site.type(offset - 1) == "NUMBER" and not site.breaks_line(offset):
            apart = site.span(offset - 1).to(site.span(offset))
            help = f"write `{site.text(offset - 1)}{unit}`"
            return site.say("SFT0113", "a number and its unit are one word", help, span=apart)
    return None


def _loose_word(site: Site) -> Diagnostic | None:
    """``model = a b`` or a lone ``word``: taken for the beginning of the next field or block."""
    if "LBRACE" not in site.accepts or site.accepts - {"NAME", "_EQUAL", "LBRACE"}:
        return None
    offset = -1 if "_EQUAL" in site.accepts else -2
    word, span = site.text(offset), site.span(offset)
    if site.type(offset - 1) in VALUE_ENDS and not site.breaks_line(offset):
        help = "text stands in quotes, several values in `[a, b]`"
        return site.say("SFT0101", f"unexpected `{word}` after a complete value", help, span=span)
    help = f"a field is written `{word} = …`, a block `{word} {{ … }}`"
    return site.say("SFT0101", f"`{word}` is neither a field nor a block", help, span=span)


def _range(site: Site) -> Diagnostic | None:
    if site.type() != "DOTDOT":
        return None
    return site.say("SFT0101", "a range stands only on the right of `in`", "write `x in 3..80`")


def _import(site: Site) -> Diagnostic | None:
    if site.segment.tokens[0].type != "IMPORT":
        return None
    return site.say("SFT0101", "this is not how an import is written", 'write `import "./common.sft" as common`')


def _chain(site: Site) -> Diagnostic | None:
    if site.type() not in ("CMP", "IN", "MATCHES") or site.type(-1) not in VALUE_ENDS or "AND" not in site.accepts:
        return None
    help = "join two comparisons with `and`, or write `x in 3..80`"
    return site.say("SFT0123", "comparisons do not chain", help)


def _not_in(site: Site) -> Diagnostic | None:
    if site.type() != "NOT" or site.type(1) not in ("IN", "MATCHES"):
        return None
    word = site.text(1)
    both = site.span().to(site.span(1))
    return site.say("SFT0116", f"`not {word}` is not an operator", f"write `not x {word} …`", span=both)


_HINTS: tuple[_Hint, ...] = (
    foreign_habit,
    misspelt_word,
    entry_habit,
    _missing_value,
    _dangling_operator,
    _colon,
    _separator,
    _unreadable,
    _unclosed_bracket,
    _equality,
    _reserved_word,
    _dashed_name,
    _import,
    _outside_block,
    _block_header,
    _unclosed_brace,
    _unit_apart,
    _chain,
    _not_in,
    _range,
    _loose_word,
)
