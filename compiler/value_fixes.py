"""The edits that mend a value of the wrong form, where only one form can be meant.

What is left out is as deliberate as what is there: ``1`` for a share may be 1% or 100%, ``20`` for a duration may be
seconds or minutes, and ``80`` where rows or a share may stand is either; those are told and not mended.
"""

from __future__ import annotations

import re
from decimal import Decimal

from compiler.hashing import decimal_text
from spec_lang.ast import Call, Expr, Field, Ref, StringLit
from spec_lang.diagnostics import Edit
from spec_lang.literals import quote
from spec_lang.quantities import Unit
from spec_lang.source import SourceFile, Span
from spec_lang.vocabulary import NULLS

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(%|pt|tok)?\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_HUNDRED = Decimal(100)


def unit_fix(expr: Expr, value: Decimal, unit: Unit | None, wanted: Unit | None) -> tuple[Edit, ...]:
    """A number with the unit that its place takes."""
    text: str | None = None
    if wanted is Unit.TOKENS and unit is None:
        text = f"{decimal_text(value)}tok"
    elif wanted is Unit.SHARE and unit is None and 0 < value <= _HUNDRED and value != 1:
        text = f"{decimal_text(value * 100 if value < 1 else value)}%"
    elif wanted is Unit.POINTS and unit is None and 1 < value <= _HUNDRED:
        text = f"{decimal_text(value)}pt"
    elif {wanted, unit} == {Unit.SHARE, Unit.POINTS}:
        text = decimal_text(value * 100) + ("%" if wanted is Unit.SHARE else "pt")
    elif wanted is None and unit is Unit.ROWS:  # what counts tokens elsewhere may have meant to count them here
        text = decimal_text(value)
    return (Edit(expr.span, text),) if text is not None else ()


def quoted(expr: Expr) -> tuple[Edit, ...]:
    """A bare word, a file name or what stands in backticks as a string."""
    return (Edit(expr.span, quote(expr.text)),) if isinstance(expr, Ref) else ()


def unquoted(expr: Expr) -> tuple[Edit, ...]:
    """A string that holds a name, as the name."""
    return (Edit(expr.span, expr.value),) if isinstance(expr, StringLit) and _NAME.match(expr.value) else ()


def unquoted_number(expr: Expr) -> tuple[Edit, ...]:
    """A string that holds a number, as the number."""
    return (Edit(expr.span, expr.value),) if isinstance(expr, StringLit) and _NUMBER.match(expr.value) else ()


def without_repetition(entry: Field, before: Field, file: SourceFile) -> tuple[Edit, ...]:
    """Without the second of two equal fields, and without its line where it stands alone on one."""
    if file.slice(entry.value.span) != file.slice(before.value.span):
        return ()
    start, end = file.text.rfind("\n", 0, entry.span.start) + 1, file.text.find("\n", entry.span.end)
    alone = end >= 0 and file.text[start:end].strip() == file.slice(entry.span)
    return (Edit(Span(start, end + 1) if alone else entry.span, ""),)


def literal_of(type: str, expr: Expr) -> tuple[Edit, ...]:
    """A string that is compared with a number or a truth value, as the literal that it spells."""
    if isinstance(expr, StringLit) and type == "bool" and expr.value.lower() in ("true", "false"):
        return (Edit(expr.span, expr.value.lower()),)
    return unquoted_number(expr) if type == "number" else ()


def braced(call: Call, file: SourceFile) -> str:
    """``lora(rank = 16, alpha = 32)`` as ``lora { rank = 16   alpha = 32 }``."""
    options = "   ".join(file.slice(arg.span) for arg in call.args)
    return f"{call.func.text} {{ {options} }}" if options else call.func.text


def bracketed(expr: Expr, file: SourceFile) -> tuple[Edit, ...]:
    """A single value as a list of one; not a word for nothing."""
    one = isinstance(expr, StringLit) or (isinstance(expr, Ref) and expr.text not in NULLS)
    return (Edit(expr.span, f"[{file.slice(expr.span)}]"),) if one else ()
