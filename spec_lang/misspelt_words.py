"""Misspelt words of the grammar: ``kep words(x) > 3``, ``becuase "…"``, ``metrc exact = …``, ``editon 2026``.

Such a word is read as a plain name, and parsing stops at it or a few tokens later. Every name just before that
place is tried with the reserved words near to it: what lets the parser take the token there is what was meant. So
no table of positions has to be kept beside the grammar. A trial reads the item again, a millisecond or two.
"""

from __future__ import annotations

from spec_lang.diagnostics import Diagnostic, Edit, Label
from spec_lang.lexing import tokens_of
from spec_lang.shift_reduce import Reading
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest, surely
from spec_lang.syntax_site import Site
from spec_lang.vocabulary import RESERVED

_FARTHEST = 3  # tokens between the word and the place where parsing stopped
# What other tools call the same, with the word that is surely meant.
_SYNONYMS = {
    "deduplicate": "dedup",
    "unique": "dedup",
    "remove": "drop",
    "exclude": "drop",
    "reject": "drop",
    "retain": "keep",
    "include": "keep",
    "assert": "require",
    "ensure": "require",
    "expect": "require",
    "reason": "because",
}
_LONGEST_ITEM = 4_000  # tokens of an item that is read again


def misspelt_word(site: Site) -> Diagnostic | None:
    """A name near the place that is a slip for a reserved word, and reads on when it is taken for that word."""
    if len(site.segment.tokens) > _LONGEST_ITEM:
        return None
    for offset in range(0, -_FARTHEST - 1, -1):
        if site.type(offset) != "NAME":
            continue
        word, span = site.text(offset), site.span(offset)
        fitting = [near for near in _near(word) if _reads_on(site, span, near)]
        if fitting:
            help = f"did you mean {' or '.join(f'`{near}`' for near in fitting)}?"
            sure = len(word) == 2 or word in _SYNONYMS or surely(word, fitting) == fitting[0]
            fix = (Edit(span, fitting[0]),) if sure else ()
            return Diagnostic("SFT0101", f"unexpected `{word}`", Label(site.file, span), help, fix=fix)
    return None


def _near(word: str) -> tuple[str, ...]:
    """Reserved words that a word may stand for; of two letters only those in the other order (``ro``, ``ta``)."""
    if word in _SYNONYMS:
        return (_SYNONYMS[word],)
    if len(word) == 2:
        return (word[::-1],) if word[::-1] in RESERVED else ()
    return closest(word, RESERVED, 2)


def _reads_on(site: Site, span: Span, word: str) -> bool:
    """Whether the item, with another word at a span, is read up to and with the token that is not read now."""
    whole = site.segment.tokens[0].span.to(site.segment.tokens[-1].span)
    before = site.file.slice(Span(whole.start, span.start))
    tried = SourceFile(site.file.path, before + word + site.file.slice(Span(span.end, whole.end)))
    longer = len(word) - (span.end - span.start)
    place = site.span().start - whole.start + (longer if site.span() != span else 0)
    reading = Reading()
    for token in tokens_of(tried)[0]:
        if not reading.take(token.type):
            return False
        if token.span.start >= place:
            return True
    return reading.ends()
