"""Slips of the keyboard: something missing, something doubled, something strayed in, and habits of other languages.

Each is wrong by counting (braces, brackets and quotes that do not pair) or because the grammar lets no two values stand
side by side and takes no such character.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from spec_lang import ast
from spec_lang.source import Span
from tests.mutations.mutant import Mutant, Original, mutant

_PAIRS = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}
_STRAY = (";", ",", ")", "]", "}", "@", "?", "$", "&", "|", "~", "^", "!", "\\", "%")


def broken_syntax(original: Original) -> Iterator[Mutant]:
    yield from _missing_brackets(original)
    yield from _missing_quotes(original)
    yield from _missing_signs(original)
    yield from _missing_values(original)
    yield from _missing_header_words(original)
    yield from _stray_characters(original)
    yield from _habits(original)


def _some(original: Original, what: str, spans: list[Span], count: int) -> list[Span]:
    chance = random.Random(f"{original.name} {what}")
    return sorted(chance.sample(spans, min(count, len(spans))), key=lambda span: span.start)


def _pairs(original: Original) -> Iterator[tuple[str, Span, Span]]:
    """Every pair of brackets of any kind."""
    open_ones: list[tuple[str, Span]] = []
    for kind, _, span in original.tokens:
        if kind in _PAIRS:
            open_ones.append((kind, span))
        elif kind in _PAIRS.values():
            opening, start = open_ones.pop()
            assert _PAIRS[opening] == kind
            yield opening, start, span


def _missing_brackets(original: Original) -> Iterator[Mutant]:
    """A missing closing one may be shown where it was opened or where it had to be."""
    names = {"LBRACE": "brace", "LPAR": "parenthesis", "LSQB": "bracket"}
    for kind, opening, closing in sorted(_pairs(original), key=lambda pair: pair[1].start):
        both = (original.line(opening.start), original.line(closing.start))
        yield mutant(f"missing closing {names[kind]}", original, closing, "", lines=both)
        yield mutant(f"missing opening {names[kind]}", original, opening, "")


def _missing_quotes(original: Original) -> Iterator[Mutant]:
    strings = [span for kind, text, span in original.tokens if kind == "STRING" and not text.endswith('"""')]
    for span in _some(original, "quotes", strings, 8):
        yield mutant("missing quote", original, Span(span.end - 1, span.end), "")
        opening = original.text.index('"', span.start)
        yield mutant("missing quote", original, Span(opening, opening + 1), "")


def _missing_signs(original: Original) -> Iterator[Mutant]:
    equals = [span for kind, _, span in original.tokens if kind == "_EQUAL"]
    for span in _some(original, "equals", equals, 12):
        yield mutant("missing equals sign", original, span, "")
    for kind, _, span in original.tokens:
        if kind == "COMMA":
            yield mutant("missing comma", original, span, "")
        elif kind == "CMP":
            yield mutant("missing operator", original, span, "")
            yield mutant("doubled operator", original, span, f"{original.text[span.start : span.end]} >")


def _fields(body: ast.Body) -> Iterator[ast.Field]:
    for entry in body.entries:
        if isinstance(entry, ast.Field):
            yield entry
        elif isinstance(entry, ast.Block):
            yield from _fields(entry.body)


def _missing_values(original: Original) -> Iterator[Mutant]:
    fields = [field for block in original.tree.blocks for field in _fields(block.body)]
    for span in _some(original, "values", [field.value.span for field in fields], 8):
        yield mutant("missing value", original, span, "")
    for block in original.tree.blocks:
        for rule in block.body.entries:
            if isinstance(rule, ast.Rule):
                for operand in [clause.operand for clause in rule.clauses if clause.operand][:1]:
                    yield mutant("missing value", original, operand.span, "")


def _missing_header_words(original: Original) -> Iterator[Mutant]:
    for block in _some(original, "headers", [block.span for block in original.tree.blocks], 4):
        found = next(b for b in original.tree.blocks if b.span == block)
        assert found.name is not None
        yield mutant("missing name of a block", original, found.name.span, "")
        yield mutant("missing kind of a block", original, found.kind.span, "")
    edition = original.tree.edition
    assert edition is not None
    # Whatever stands first then is where the edition had to be.
    first = original.tokens[2][2]
    yield mutant("missing edition", original, edition.span, "", lines=(1, original.line(first.start)))
    yield mutant("unknown edition", original, edition.span, "edition 2019")


def _stray_characters(original: Original) -> Iterator[Mutant]:
    """Before a token, apart: no value ends there, and no character of these begins one."""
    places = [
        Span(span.start, span.start)
        for (_, _, before), (kind, _, span) in zip(original.tokens, original.tokens[1:], strict=False)
        if kind not in ("RSQB", "RPAR", "COMMA", "_EQUAL") and before.end < span.start
    ]
    chance = random.Random(f"{original.name} stray")
    for span in _some(original, "stray", places, 12):
        here = original.line(span.start)
        # At the beginning of a line it may be seen as the end of what stands before it.
        lines = (
            (here,) if original.text[: span.start].rpartition("\n")[2].strip() else (here, _line_before(original, span))
        )
        yield mutant("stray character", original, span, f"{chance.choice(_STRAY)} ", lines=lines)


def _line_before(original: Original, at: Span) -> int:
    return original.line(max(span.end for _, _, span in original.tokens if span.end <= at.start))


def _habits(original: Original) -> Iterator[Mutant]:
    """How other languages would write it."""
    equals = [span for kind, _, span in original.tokens if kind == "_EQUAL"]
    for span in _some(original, "habits", equals, 6):
        yield mutant("colon for equals", original, span, ":")
        yield mutant("double equals", original, span, "==")
        yield mutant("arrow for equals", original, span, "=>")
    strings = [
        span for kind, text, span in original.tokens if kind == "STRING" and text.startswith('"') and "'" not in text
    ]
    for span in _some(original, "single quotes", strings, 3):
        inner = original.text[span.start + 1 : span.end - 1]
        yield mutant("other quotes", original, span, f"'{inner}'")
        yield mutant("other quotes", original, span, f"“{inner}”")
    for block in original.tree.blocks[:2]:
        assert block.name is not None
        yield mutant("name in quotes", original, block.name.span, f'"{block.name.text}"')
        yield mutant("foreign comment", original, Span(block.span.start, block.span.start), "// a remark\n")
