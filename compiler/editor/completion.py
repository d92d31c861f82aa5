"""What may stand at the cursor: only what is valid there, the nearest first.

The word that is being typed does not count, nor does anything after it, so the file may be as broken
as files are while they are typed. Filtering by what was typed is the editor's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.editor import descriptions
from compiler.editor.document import Document
from compiler.editor.meaning import columns_at
from compiler.editor.outline import shape_at
from compiler.editor.suggestions import Completion, insertable, item
from compiler.editor.values import parts, values
from compiler.editor.words import Role, Site
from compiler.extends import EXTENDS, KINDS, OVERRIDE
from compiler.lints.registry import ADOPTED, BY_NAME
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import BlocksSpec, Clauses, FieldSpec, NamedSpec, NestedSpec, RulesSpec, Shape, declared
from spec_lang.source import Span
from spec_lang.vocabulary import CLAUSES, EDITIONS, FLAGS, HEADERS, NAMED, VERBS

_PLAIN = ("gate", "mixture", "loop", "train", "guardrail", "redteam")  # rules that compare, or name rows
_TYPED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OPEN_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z0-9_ ]*)\Z")


def complete(document: Document, offset: int) -> tuple[Completion, ...]:
    """Everything that may stand where the word at the cursor stands."""
    if any(comment.span.start < offset <= comment.span.end for comment in document.comments):
        return ()
    word = document.word_at(offset)
    if word is not None and word.role is Role.STRING and word.span.start < offset:
        closed = len(word.text) > 1 and word.text.endswith('"') and offset == word.span.end
        return () if closed else tuple(_placeholders(document, word.site, word.span.start, offset))
    typed = _TYPED.search(document.text, 0, offset)
    start = typed.start() if typed is not None else offset
    if start and document.text[start - 1].isdigit():
        return ()
    site = document.site_at(start)
    found = _outside(document, site, start) if not site.frames else _inside(document, site, start)
    return insertable(found, Span(start, offset))


def _placeholders(document: Document, site: Site, start: int, offset: int) -> Iterator[Completion]:
    """In a string of a template, after ``{``: the columns."""
    before = _OPEN_PLACEHOLDER.search(document.text, start, offset)
    if before is None or not site.frames or site.frames[0].word != "template":
        return
    replaced = Span(before.start(1), offset)
    for name, columns in columns_at(document, site).items():
        closing = "" if document.text[offset : offset + 1] == "}" else "}"
        yield Completion(
            name, "column", f"{columns[0].type or 'column'} of {columns[0].source}", "", name + closing, replaced
        )


# --- between blocks ---------------------------------------------------------------------------------


def _outside(document: Document, site: Site, start: int) -> Iterator[Completion]:
    on_a_new_line = "\n" in document.text[site.entry_start : start] or site.role is None
    if not on_a_new_line:
        if site.entry == "edition":
            yield from (item(str(year), "word", "edition") for year in EDITIONS)
        elif site.role is Role.PARAM and site.operand:
            yield from (item(word, "word", "") for word in ("true", "false"))
        elif site.entry == "import":
            yield item("as", "word", HEADERS["as"])
        return
    for kind in BLOCKS:
        text = f"{kind} ${{1:name}} {{\n  $0\n}}"
        yield item(kind, "kind", "block", descriptions.about_kind(kind), snippet=text)
    for word in ("import", "param", "edition"):
        if word != "edition" or not any(w.text == "edition" and w.role is Role.HEADER for w in document.words):
            yield item(word, "word", HEADERS[word])


# --- in a block -------------------------------------------------------------------------------------


def _inside(document: Document, site: Site, start: int) -> Iterator[Completion]:
    shape = shape_at(site)
    if site.path:
        yield from parts(document, site)
    elif site.operand or site.calls:
        rule = descriptions.verb_of(shape, site.entry) if site.role is Role.VERB and not site.calls else None
        begins = rule is not None and not site.clause
        if rule is None or not begins or rule.expr != "none":
            yield from values(document, shape, site)
        if rule is not None and begins and (rule.expr != "required" or rule.instead):
            yield from _clauses(shape, site, document, start)
    else:
        continues = site.role is not None and "\n" not in document.text[site.entry_start : start].rstrip(" \t")
        going_on = [*_clauses(shape, site, document, start), *_operators(site, shape)]
        entries = list(_entries(document, shape, site))
        yield from (*going_on, *entries) if continues else (*entries, *going_on)


def _entries(document: Document, shape: type[Shape] | None, site: Site) -> Iterator[Completion]:
    """Fields and blocks that are not there yet, verbs, ``metric`` and ``slice``."""
    if shape is None:
        return
    brace = site.frames[-1].start
    there = {
        word.text
        for word in document.words
        if word.role in (Role.FIELD, Role.KIND) and word.site.frames and word.site.frames[-1].start == brace
    }
    fields = declared(shape, FieldSpec)
    for name, spec in sorted(fields.items(), key=lambda pair: not pair[1].required):
        if name not in there:
            doc = descriptions.about_field(name, spec)
            yield item(name, "field", descriptions.default_of(spec), doc, insert=f"{name} = ")
    yield from _inheritance(site, there)
    if site.frames[-1].word == "lint":
        names = (name for name in (*BY_NAME, *ADOPTED) if name not in there)
        yield from (
            item(name, "field", "lint", descriptions.about_lint(name) or "", insert=f"{name} = ") for name in names
        )
    for name, nested in declared(shape, NestedSpec).items():
        if name not in there:
            yield item(name, "block", "block", nested.doc, insert=f"{name} {{ ", snippet=f"{name} {{ $0 }}")
    for blocks in declared(shape, BlocksSpec).values():
        if blocks.word:
            text = f"{blocks.head} {{\n  $0\n}}"
            yield item(blocks.head, "block", "block", blocks.doc, insert=f"{blocks.head} {{ ", snippet=text)
            continue
        text = f"{blocks.kind} ${{1:name}} {{\n  $0\n}}"
        yield item(blocks.kind, "block", "block", blocks.doc, insert=f"{blocks.kind} ", snippet=text)
    for rules in declared(shape, RulesSpec).values():
        for verb in rules.verbs:
            yield item(verb, "verb", VERBS.get(verb, ""), descriptions.about_verb(shape, verb), insert=f"{verb} ")
    for named in declared(shape, NamedSpec).values():
        word = named.word
        yield item(word, "verb", NAMED[word], insert=f"{word} ", snippet=f"{word} ${{1:name}} = $0")


def _inheritance(site: Site, there: set[str]) -> Iterator[Completion]:
    if len(site.frames) > 1 or site.frames[0].word not in KINDS:
        return
    if EXTENDS not in there:
        yield item(EXTENDS, "field", descriptions.EXTENDING[EXTENDS], insert=f"{EXTENDS} = ")
    elif OVERRIDE not in there:
        snippet = f"{OVERRIDE} {{ $0 }}"
        yield item(OVERRIDE, "block", descriptions.EXTENDING[OVERRIDE], insert=f"{OVERRIDE} {{ ", snippet=snippet)


def _clauses(shape: type[Shape] | None, site: Site, document: Document, start: int) -> Iterator[Completion]:
    """Clauses of the verb that the rule has not yet, and that go with what it has."""
    rule = descriptions.verb_of(shape, site.entry) if site.role is Role.VERB else None
    there = {
        word.text
        for word in document.words
        if word.role is Role.CLAUSE and word.site.entry_start == site.entry_start and word.site.frames == site.frames
    }
    if there & FLAGS.keys():
        there |= FLAGS.keys()  # `dedup` is exact or near
    if "exact" in there:
        there.add("at")
    if rule is not None:
        there |= _excluded(rule, there, document.text[site.entry_start + len(site.entry) : start])
    for word in rule.words if rule is not None else ():
        if word not in there:
            yield item(word, "clause", (CLAUSES | FLAGS).get(word, ""), insert=f"{word} ")


# The rules of a gate that compare two models, with the margin of each.
_COMPARED = {"no_worse_than": "by", "no_significant_regression": "", "equivalent": "within"}
_COMPARING = {word for pair in _COMPARED.items() for word in pair if word}


def _others_compared(there: set[str]) -> set[str]:
    """What does not go with the comparison that a requirement has; a margin goes with nothing else."""
    found = there & _COMPARED.keys()
    own = {_COMPARED[word] for word in found}
    return _COMPARING - own - found if found else {"by", "within"}


def _excluded(rule: Clauses, there: set[str], written: str) -> set[str]:
    """Clauses that do not go with what a rule begins with: a comparison with a number, or any expression."""
    if re.search(r"[<>]", written):
        return _COMPARING
    if _COMPARED.keys() & rule.words.keys():
        return _others_compared(there)
    stands = bool(written.strip()) and rule.instead and rule.instead not in there
    return {rule.instead, "by", "per"} if stands else set()


def _operators(site: Site, shape: type[Shape] | None) -> Iterator[Completion]:
    rule = descriptions.verb_of(shape, site.entry) if site.role is Role.VERB else None
    if rule is not None and rule.expr != "none" and not site.clause and site.frames[-1].word not in _PLAIN:
        for word in ("in", "matches", "and", "or"):
            yield item(word, "word", descriptions.about_word(word) or "", insert=f"{word} ")
