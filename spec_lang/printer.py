"""Canonical text of a syntax tree: reads back to an equal tree, has no options.

Two spaces a level, one entry a line, the ``=`` of neighbouring fields in one column, small bodies
of plain fields on one line. :func:`expression_text` is the one-line form in which rules are
shown everywhere else (ledger, plan, dashboard).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from spec_lang import ast
from spec_lang.literals import quote, quote_block, quote_raw
from spec_lang.vocabulary import SOFT_WORDS

WIDTH = 100  # Bodies that would make a longer line are written over several.
_INDENT = "  "
_GAP = "   "

# How tightly an operator binds; an operand that binds less tightly stands in parentheses.
_BINDING = {"or": 1, "and": 2, "not": 3, "in": 4, "matches": 4, "+": 6, "-": 6, "*": 7, "/": 7}
_COMPARISON = 4
_SIGN = 8
_ATOM = 9


def print_spec(spec: ast.SpecFile) -> str:
    """The canonical text of a file: edition, imports, params, then the blocks in their order."""
    edition = [f"edition {spec.edition.year}"] if spec.edition else []
    imports = [f"import {expression_text(item.path)} as {item.alias.text}" for item in spec.imports]
    params = [f"param {param.name.text} = {_value(param.value, '')}" for param in spec.params]
    parts = ["\n".join(group) for group in (edition, imports, params) if group]
    parts.extend(_block(block, "") for block in spec.blocks)
    return "\n\n".join(parts) + "\n"


def expression_text(expr: ast.Expr) -> str:
    """An expression on one line, such as ``words(instruction) in 3..80``."""
    return _text(expr)[0]


def clause_text(clause: ast.Clause) -> str:
    """A clause on one line, such as ``at 95%``."""
    return clause.word.text if clause.operand is None else f"{clause.word.text} {expression_text(clause.operand)}"


def rule_text(rule: ast.Rule | ast.NamedRule) -> str:
    """A rule on one line, such as ``keep words(x) in 3..80 because "too short"``."""
    if isinstance(rule, ast.NamedRule):
        words = [rule.word.text, rule.name.text, "=", expression_text(rule.expr)]
    else:
        words = [rule.verb.text] + ([_condition(rule.expr)] if rule.expr else [])
    return " ".join(words + [clause_text(clause) for clause in rule.clauses])


def name_text(name: ast.Name) -> str:
    """A name as it is written, in backticks where it was."""
    return f"`{name.text.replace('`', '``')}`" if name.quoted else name.text


# --- expressions ------------------------------------------------------------------------------


def _text(expr: ast.Expr) -> tuple[str, int]:
    """The text of an expression and how tightly its outermost operator binds."""
    match expr:
        case ast.StringLit():
            return quote_raw(expr.value) if expr.raw else quote(expr.value), _ATOM
        case ast.NumberLit():
            return repr(expr.value), _ATOM
        case ast.BoolLit():
            return "true" if expr.value else "false", _ATOM
        case ast.QuantityLit():
            return str(expr.value), _ATOM
        case ast.Faulty():
            raise ValueError("a literal that could not be read has no canonical text")
        case ast.Ref():
            return ".".join(name_text(part) for part in expr.parts), _ATOM
        case ast.Call():
            return f"{_text(expr.func)[0]}({', '.join(_arg(arg) for arg in expr.args)})", _ATOM
        case ast.ListLit():
            return f"[{', '.join(expression_text(item) for item in expr.items)}]", _ATOM
        case ast.Tagged():
            return f"{expr.tag.text} {_body_on_one_line(expr.body)}", _ATOM
        case ast.RangeLit():
            return f"{_within(expr.low, 6)}..{_within(expr.high, 6)}", _COMPARISON
        case ast.Unary(op="not"):
            return f"not {_within(expr.operand, 3)}", 3
        case ast.Unary():
            return f"-{_within(expr.operand, _SIGN)}", _SIGN
        case ast.Binary():
            return _binary(expr)


def _binary(expr: ast.Binary) -> tuple[str, int]:
    binding = _BINDING.get(expr.op, _COMPARISON)
    # Comparisons do not chain; the others group to the left.
    left = _within(expr.left, binding + 1 if binding == _COMPARISON else binding)
    right = _within(expr.right, _COMPARISON if isinstance(expr.right, ast.RangeLit) else binding + 1)
    return f"{left} {expr.op} {right}", binding


def _within(expr: ast.Expr, binding: int) -> str:
    text, own = _text(expr)
    return text if own >= binding else f"({text})"


def _condition(expr: ast.Expr) -> str:
    """The condition of a verb, where a name like a reserved word would be read as the word itself."""
    text = expression_text(expr)
    first = re.match(r"\w*", text)
    return f"({text})" if first and first.group() in SOFT_WORDS else text


def _arg(arg: ast.Arg) -> str:
    value = expression_text(arg.value)
    return f"{name_text(arg.name)} = {value}" if arg.name else value


# --- entries ----------------------------------------------------------------------------------


def _block(block: ast.Block, margin: str) -> str:
    name = f" {block.name.text}" if block.name else ""
    header = f"{block.kind.text}{name} "
    return header + _body(block.body, margin, nested=margin != "", width=len(margin) + len(header))


def _body(body: ast.Body, margin: str, *, nested: bool, width: int) -> str:
    if not body.entries:
        return "{}"
    if nested and all(isinstance(entry, ast.Field) and _is_plain(entry.value) for entry in body.entries):
        line = _body_on_one_line(body)
        if width + len(line) <= WIDTH:
            return line
    inner = margin + _INDENT
    return "{\n" + "\n".join(inner + line for line in _entries(body.entries, inner)) + f"\n{margin}}}"


def _entries(entries: Iterable[ast.Entry], margin: str) -> Iterator[str]:
    for is_field, group in groupby(entries, key=lambda entry: isinstance(entry, ast.Field)):
        if not is_field:
            yield from (_entry(entry, margin) for entry in group)
            continue
        fields = [entry for entry in group if isinstance(entry, ast.Field)]
        column = max(len(name_text(field.name)) for field in fields)
        for field in fields:
            yield f"{name_text(field.name):{column}} = {_value(field.value, margin, column + 3)}"


def _entry(entry: ast.Entry, margin: str) -> str:
    if isinstance(entry, ast.Block):
        return _block(entry, margin)
    if isinstance(entry, ast.Field):
        return f"{name_text(entry.name)} = {_value(entry.value, margin)}"
    return rule_text(entry)


def _value(expr: ast.Expr, margin: str, column: int = 0) -> str:
    """A field's value, which may run over lines where an expression in a rule may not."""
    if isinstance(expr, ast.Tagged):
        header = f"{expr.tag.text} "
        return header + _body(expr.body, margin, nested=True, width=len(margin) + column + len(header))
    if isinstance(expr, ast.StringLit) and not expr.raw and expr.value.count("\n") >= 2:
        return quote_block(expr.value, margin + _INDENT) or quote(expr.value)
    return expression_text(expr)


def _is_plain(expr: ast.Expr) -> bool:
    return not isinstance(expr, ast.Tagged) and not (isinstance(expr, ast.StringLit) and expr.value.count("\n") >= 2)


def _body_on_one_line(body: ast.Body) -> str:
    if not body.entries:
        return "{}"
    return "{ " + _GAP.join(_one_line_entry(entry) for entry in body.entries) + " }"


def _one_line_entry(entry: ast.Entry) -> str:
    if isinstance(entry, ast.Field):
        return f"{name_text(entry.name)} = {expression_text(entry.value)}"
    if isinstance(entry, ast.Block):
        name = f" {entry.name.text}" if entry.name else ""
        return f"{entry.kind.text}{name} {_body_on_one_line(entry.body)}"
    return rule_text(entry)
