"""Random syntax trees of every shape that the grammar can produce."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from spec_lang import ast
from spec_lang.literals import quote_raw
from spec_lang.quantities import SUFFIXES, Quantity
from spec_lang.source import Span
from spec_lang.vocabulary import CLAUSES, FLAGS, LITERALS, NAMED, OPERATORS, RESERVED, SOFT_WORDS, VERBS

NOWHERE = Span(0, 0)


def _name(text: str, *, quoted: bool = False) -> ast.Name:
    return ast.Name(text, NOWHERE, quoted)


plain = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda text: text not in RESERVED)
soft = plain | st.sampled_from(sorted(SOFT_WORDS))
any_word = soft | st.sampled_from([*OPERATORS, *LITERALS])
printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_DIRECTIONS = "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))  # an error wherever they stand
_in_a_name = st.characters(exclude_characters="\r\n" + _DIRECTIONS, exclude_categories=["Cs"])
quoted = st.text(_in_a_name, min_size=1, max_size=8)

names = st.builds(_name, plain)
soft_names = st.builds(_name, soft)
quoted_names = quoted.map(lambda text: _name(text, quoted=True))
field_names = names | quoted_names


def _as_raw(value: str) -> ast.StringLit:
    return ast.StringLit(value, NOWHERE, raw=quote_raw(value).startswith("r"))


# A raw string may hold line breaks only as "\n": reading makes every line break of a file that.
raw_texts = st.text(st.sampled_from('ab\\d+"\n (){}'), max_size=12)
strings = st.builds(ast.StringLit, printable, st.just(NOWHERE)) | raw_texts.map(_as_raw)
floats = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
numbers = st.builds(ast.NumberLit, st.integers(0, 10**18 - 1) | floats, st.just(NOWHERE))
quantities = st.builds(
    lambda number, digits, unit: Quantity.parse(f"{Decimal(number).scaleb(-digits):f}{unit}"),
    st.integers(0, 10**12),
    st.integers(0, 4),
    st.sampled_from(sorted(SUFFIXES)),
)
literals = (
    strings
    | numbers
    | st.builds(ast.BoolLit, st.booleans(), st.just(NOWHERE))
    | st.builds(ast.QuantityLit, quantities, st.just(NOWHERE))
)
refs = st.builds(
    lambda first, rest: ast.Ref((first, *rest), NOWHERE),
    soft_names | quoted_names,
    st.lists(st.builds(_name, any_word) | quoted_names, max_size=2),
)


def _tuples(items: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(items, max_size=most).map(tuple)


def _compound(inner: st.SearchStrategy) -> st.SearchStrategy:
    here = st.just(NOWHERE)
    arithmetic = st.sampled_from(["and", "or", "==", "!=", "<", "<=", ">", ">=", "in", "matches", "+", "-", "*", "/"])
    arg = st.builds(ast.Arg, st.none() | soft_names | quoted_names, inner, here)
    ranges = st.builds(ast.RangeLit, inner, inner, here)
    field = st.builds(ast.Field, field_names, inner, here)
    return st.one_of(
        st.builds(ast.Call, refs, _tuples(arg), here),
        st.builds(ast.ListLit, _tuples(inner), here),
        st.builds(ast.Unary, st.sampled_from(["not", "-"]), inner, here),
        st.builds(ast.Binary, arithmetic, inner, inner, here, here),
        st.builds(ast.Binary, st.just("in"), inner, ranges, here, here),
        st.builds(lambda tag, fields: ast.Tagged(tag, ast.Body(fields, NOWHERE), NOWHERE), soft_names, _tuples(field)),
    )


expressions = st.recursive(literals | refs, _compound, max_leaves=8)

_here = st.just(NOWHERE)
clauses = st.builds(ast.Clause, st.sampled_from(sorted(CLAUSES)).map(_name), expressions, _here) | st.builds(
    ast.Clause, st.sampled_from(sorted(FLAGS)).map(_name), st.none(), _here
)
rules = st.builds(
    lambda verb, expr, found: ast.Rule(verb, expr, found, NOWHERE),
    st.sampled_from(sorted(VERBS)).map(_name),
    st.none() | expressions,
    _tuples(clauses),
).filter(lambda rule: rule.expr is not None or rule.clauses)
named_rules = st.builds(
    ast.NamedRule, st.sampled_from(sorted(NAMED)).map(_name), soft_names, expressions, _tuples(clauses, 2), _here
)
fields = st.builds(ast.Field, field_names, expressions, _here)


def _bodies(nested: st.SearchStrategy) -> st.SearchStrategy:
    return _tuples(fields | rules | named_rules | nested, 5).map(lambda entries: ast.Body(entries, NOWHERE))


_leaf = st.builds(ast.Block, names, st.none() | names, _bodies(fields), _here)
_nested = st.builds(ast.Block, names, st.none() | names, _bodies(_leaf), _here)
blocks = st.builds(ast.Block, names, names, _bodies(_nested), _here)
specs = st.builds(
    ast.SpecFile,
    st.builds(ast.Edition, st.just(2026), _here),
    _tuples(st.builds(ast.Import, st.builds(ast.StringLit, printable, _here), soft_names, _here), 2),
    _tuples(st.builds(ast.Param, soft_names, expressions, _here), 2),
    _tuples(blocks, 3),
    _here,
)

# --- text that is no spec ------------------------------------------------------------------------

_WORDS = [*sorted(RESERVED), "2026", "x", "rows", "500", "10%", "lint", "source", "path", "train", "eval"]
_SIGNS = [*"{}()[],.=-+*/<#\n", "..", "==", '"', '"""', 'r"', "`", "\r\n", "\t", "\ufeff", "\u202e", "é", "\x00"]
_soup = st.lists(st.sampled_from([*_WORDS, *_SIGNS]), max_size=60).map(" ".join)
_bytes = st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))
any_text = st.text(max_size=80) | _bytes | _soup | _soup.map("edition 2026\n".__add__)
