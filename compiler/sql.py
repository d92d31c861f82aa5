"""Typed expressions as DuckDB SQL with bound parameters.

The only text that reaches the SQL is ours (operators, function bodies) and quoted identifiers;
identifiers are quoted here and nowhere else. Parameters stand in the order of their ``?``.
Division by zero is null, as everything that cannot be computed.

Calls inside of calls grow by what is written and not by its powers: a long argument that a function needs twice is
computed once, under a name (``list_transform([argument], lambda __v1: …)[1]``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from compiler.hashing import decimal_text, hash_value
from compiler.params_base import Prepared
from compiler.step_params import Scalar, Sql
from compiler.typed import Apply, Between, Column, Constant, Matches, OneOf, Operation, Typed, written_out

_SLOT = re.compile(r"\{(\d|#\d+|\*|\|)\}")
_SHORT = 500  # characters of SQL that may stand there twice; most arguments are columns and short calls
_FLAT = 8  # operands of `||` in a row; DuckDB refuses what is nested more than 1,000 levels deep


def quoted(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


class _Piece(Struct, frozen=True):
    """``names``: how many names for arguments stand one inside the other, so that none hides another."""

    sql: str
    params: tuple[Scalar, ...] = ()
    names: int = 0
    prepared: tuple[Prepared, ...] = ()


def lower(expr: Typed) -> Sql:
    """An expression as SQL. Needs no parentheses around it."""
    piece = _lower(expr)
    sql = piece.sql[1:-1] if _wrapped(piece.sql) else piece.sql
    assert expr.type != "null"  # columns without any value are refused by the checker
    return Sql(sql=sql, params=piece.params, type=expr.type, prepared=piece.prepared)


def lower_measured(expr: Typed) -> Sql:
    """What the ledger records of a dropped row: a match as the text that matched (the whole text without one)."""
    if not isinstance(expr, Matches):
        return lower(expr)
    value, pattern = _lower(expr.value), _Piece("?", (expr.pattern,))
    piece = _fill("coalesce(nullif(regexp_extract({0}, {1}), ''), {2})", [value, pattern, value])
    return Sql(sql=piece.sql, params=piece.params, type="text", prepared=piece.prepared)


def _wrapped(sql: str) -> bool:
    """Whether the first parenthesis closes at the very end (quotes hold no parentheses that count)."""
    if not sql.startswith("("):
        return False
    depth, quote = 0, ""
    for index, char in enumerate(sql):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return index == len(sql) - 1
    return False


def _lower(expr: Typed) -> _Piece:
    if isinstance(expr, Column):
        return _Piece(quoted(expr.name))
    if isinstance(expr, Constant):
        return _constant(expr.value)
    if isinstance(expr, Apply):
        return _apply(expr)
    if isinstance(expr, Operation):
        return _operation(expr)
    if isinstance(expr, Between):
        return _fill("({0} BETWEEN {1} AND {2})", [_lower(expr.value), _lower(expr.low), _lower(expr.high)])
    if isinstance(expr, OneOf):
        return _fill("({0} IN ({*}))", [_lower(expr.value)], [_lower(item) for item in expr.items])
    assert isinstance(expr, Matches)
    return _fill("regexp_matches({0}, {1})", [_lower(expr.value), _Piece("?", (expr.pattern,))])


def _prepared(expr: Apply) -> _Piece:
    """A column that the run computes first. Its name is made of what it is, so that rules share it."""
    assert expr.function.prepared is not None
    told = [argument.value for argument in expr.arguments[1:] if isinstance(argument, Constant)]
    code = str(told[0]) if len(told) > 1 else None
    value = lower(expr.arguments[0])
    item = Prepared(name="", function=expr.function.prepared, value=value, model=str(told[-1]), code=code)
    name = f"__{item.function}_{hash_value(item.model_dump(mode='json'))[:12]}"
    return _Piece(quoted(name), prepared=(item.model_copy(update={"name": name}),))


def _apply(expr: Apply) -> _Piece:
    if expr.function.prepared is not None:
        return _prepared(expr)
    pieces = [_lower(argument) for argument in expr.arguments]
    if expr.function.build is None:
        return _fill(expr.function.sql, pieces)
    built = expr.function.build(tuple(written_out(argument) for argument in expr.arguments))
    return _fill(built.sql, pieces, constants=[_Piece("?", (text,)) for text in built.constants])


def _constant(value: str | Decimal | bool) -> _Piece:
    if isinstance(value, bool | str):
        return _Piece("?", (value,))
    if value == value.to_integral_value() and abs(value) < 2**63:
        return _Piece("?", (int(value),))
    return _Piece("CAST(? AS DOUBLE)", (decimal_text(value),))


_OPERATORS = {
    "==": "({0} = {1})",
    "!=": "({0} <> {1})",
    "/": "({0} / nullif({1}, 0))",
    "not": "(NOT {0})",
    "negate": "(- {0})",
}


def _operation(expr: Operation) -> _Piece:
    pieces = [_lower(operand) for operand in expr.operands]
    template = _OPERATORS.get(expr.op, f"({{0}} {expr.op.upper()} {{1}})")
    return _fill(template, pieces)


def _fill(
    template: str, pieces: list[_Piece], many: list[_Piece] | None = None, constants: Sequence[_Piece] = ()
) -> _Piece:
    """Put arguments into a template; a short one that stands there twice brings its parameters twice."""
    slots = [match.group(1) for match in _SLOT.finditer(template)]
    names = max((piece.names for piece in [*pieces, *(many or ())]), default=0)
    named: list[tuple[str, _Piece]] = []
    given, pieces = pieces, list(pieces)
    for index, piece in enumerate(pieces):
        if slots.count(str(index)) > 1 and len(piece.sql) > _SHORT:
            names += 1
            named.append((f"__v{names}", piece))
            pieces[index] = _Piece(f"__v{names}")
    params: list[Scalar] = []

    def put(match: re.Match[str]) -> str:
        slot = match.group(1)
        everything = pieces if many is None else many
        chosen = [pieces[int(slot)]] if slot.isdigit() else everything
        if slot.startswith("#"):
            chosen = [constants[int(slot[1:])]]
        for piece in chosen:
            params.extend(piece.params)
        parts = [piece.sql for piece in chosen]
        return _chain(parts) if slot == "|" else ", ".join(parts)

    sql = _SLOT.sub(put, template)
    for name, piece in reversed(named):
        sql, params = f"list_transform([{piece.sql}], lambda {name}: {sql})[1]", [*piece.params, *params]
    prepared = {item.name: item for piece in [*given, *(many or ())] for item in piece.prepared}
    return _Piece(sql, tuple(params), names, tuple(prepared[name] for name in sorted(prepared)))


def _chain(parts: list[str]) -> str:
    """Texts one after the other; many of them in halves, which nest by the logarithm of their number."""
    if len(parts) <= _FLAT:
        return " || ".join(parts)
    half = len(parts) // 2
    return f"({_chain(parts[:half])}) || ({_chain(parts[half:])})"
