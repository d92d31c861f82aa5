r"""Repeated words: the n-gram rules of Gopher, and distinct-n.

Rae et al. 2021 (arXiv:2112.11446, table A1); Li et al. 2016 (arXiv:1510.03055) for distinct-n. A word is a run of
characters that are not white space; in scripts that are written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar)
each character is one. Shares are of the characters of words, so white space counts nowhere. A text with fewer than n
words repeats nothing: datatrove gives a short text the share of its only n-gram, which drops most instructions.

The lists are built by ``list_zip`` of the words with themselves moved by 1, 2… words and never by slices inside of a
lambda, which copy the whole list for every word. n-grams are told apart by DuckDB's 64-bit hash of them, whose values
go no further. Time is linear in the length: about 1 us a word, 10 to 15 us for a text of 10 words.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from compiler.functions.table import SPACE, Built, Example, Function, Parameter, Written, text
from spec_lang.quantities import Unit

_ALONE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORDS = f"regexp_extract_all({{0}}, '[{_ALONE}]|[^{_ALONE}{SPACE}]+')"
_COUNT = Parameter("n", ("number",), "count", most=20)


def _grams(n: int) -> str:
    """All n-grams of ``__w`` as structs of n words."""
    return f"list_zip({', '.join(['__w', *(f'__w[{k}:]' for k in range(2, n + 1))])}, true)"


def _characters(words: str) -> str:
    return f"list_sum(list_transform({words}, lambda __x: length(__x)))"


def _of_words(share: str) -> str:
    """A share of the characters of the words, which are called ``__w``; null without words."""
    return f"list_transform([{_WORDS}], lambda __w: {share} / nullif({_characters('__w')}, 0))[1]"


def _top(n: int) -> str:
    length = " + ".join(f"length(__g[{k}])" for k in range(1, n + 1))
    counted = f"list_aggregate(list_transform({_grams(n)}, lambda __g: row(hash(__g), {length})), 'histogram')"
    repeated = f"list_filter(map_entries({counted}), lambda __e: __e.value > 1)"
    most = f"list_max(list_transform({repeated}, lambda __e: row(__e.value, __e.key[2])))"
    # n-grams that overlap themselves ("a a a a") would count some characters twice
    covered = f"list_transform([{most}], lambda __m: __m[1] * __m[2])[1]"
    return _of_words(f"least(coalesce({covered}, 0), {_characters('__w')})")


def _repeated(n: int) -> str:
    ordered = f"list_sort(list_transform({_grams(n)}, lambda __g, __i: row(hash(__g), __i)))"
    pairs = "list_filter(list_zip(__s, __s[2:], true), lambda __p: __p[1][1] = __p[2][1])"
    again = f"list_transform([{ordered}], lambda __s: list_transform({pairs}, lambda __p: __p[2][2]))[1]"
    places = f"list_distinct(flatten(list_transform({again}, lambda __i: range(__i, __i + {n}))))"
    return _of_words(f"coalesce({_characters(f'list_select(__w, {places})')}, 0)")


def _distinct(n: int) -> str:
    hashes = f"list_transform({_grams(n)}, lambda __g: hash(__g))"
    grams = f"list_transform([{_WORDS}], lambda __w: {hashes})[1]"
    share = "CAST(len(list_distinct(__h)) AS DOUBLE) / nullif(len(__h), 0)"
    return f"list_transform([{grams}], lambda __h: {share})[1]"


def _of_count(name: str, doc: str, sql: Callable[[int], str], example: Example) -> Function:
    def build(arguments: tuple[Written, ...]) -> Built:
        count = arguments[1]
        assert isinstance(count, Decimal)
        return Built(sql(int(count)))

    zero, one = Decimal(0), Decimal(1)
    parameters = (text(), _COUNT)
    return Function(name, parameters, "number", doc, "", example, low=zero, high=one, unit=Unit.SHARE, build=build)


REPETITION: tuple[Function, ...] = (
    _of_count(
        "top_ngram_share",
        "characters in the most frequent run of n words, where it occurs twice or more, as a share of all; Gopher "
        "drops above 20% for n = 2, 18% for 3 and 16% for 4",
        _top,
        ('top_ngram_share("a b c a b d e f", 2)', 0.5),
    ),
    _of_count(
        "repeated_ngram_share",
        "characters in runs of n words that occurred before, each counted once, as a share of all; Gopher drops above "
        "15% for n = 5, one point less for each word more, down to 10% for 10",
        _repeated,
        ('repeated_ngram_share("a b c a b d e f", 2)', 0.25),
    ),
    _of_count(
        "distinct_ngram_share",
        "different runs of n words, as a share of all runs of n words (distinct-n); null with fewer than n words",
        _distinct,
        ('distinct_ngram_share("no no no no no", 2)', 0.25),
    ),
)
