"""Text of a syntax tree that has none, and the one-line form of its parts.

:func:`print_spec` writes the tree down loosely and lets the formatter lay it out, so there is one
canonical form. :func:`expression_text` is how rules are shown everywhere else (ledger, plan,
dashboard): parentheses only where they are needed, literals in their canonical spelling.
"""

from __future__ import annotations

import re

from spec_lang import ast
from spec_lang.literals import quote, quote_block, quote_raw
from spec_lang.vocabulary import SOFT_WORDS

_GAP = "   "

# How tightly an operator binds; an operand that binds less tightly stands in parentheses.
_BINDING = {"or": 1, "and": 2, "not": 3, "in": 4, "matches": 4, "+": 6, "-": 6, "*": 7, "/": 7}
_COMPARISON = 4
_SIGN = 8
_ATOM = 9


def print_spec(spec: ast.SpecFile) -> str:
    """The canonical text of a file: edition, imports, params, then the blocks in their order."""
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.format import formatted
    from spec_lang.parsing import parse
    from spec_lang.source import SourceFile

    edition = [f"edition {spec.edition.year}"] if spec.edition else []
    imports = [f"import {expression_text(item.path)} as {item.alias.text}" for item in spec.imports]
    params = [f"param {param.name.text} = {_value(param.value)}" for param in spec.params]
    parts = ["\n".join(group) for group in (edition, imports, params) if group]
    parts.extend(_block(block, nested=False) for block in spec.blocks)
    return formatted(parse(SourceFile("", "\n\n".join(parts)), Diagnostics()))


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


def _block(block: ast.Block, *, nested: bool) -> str:
    name = f" {block.name.text}" if block.name else ""
    return f"{block.kind.text}{name} {_body(block.body, nested=nested)}"


def _body(body: ast.Body, *, nested: bool) -> str:
    """Bodies of plain fields inside others on one line, the others over several."""
    if nested and all(isinstance(entry, ast.Field) and _is_plain(entry.value) for entry in body.entries):
        return _body_on_one_line(body)
    return "\n".join(("{", *map(_entry, body.entries), "}"))


def _entry(entry: ast.Entry) -> str:
    if isinstance(entry, ast.Block):
        return _block(entry, nested=True)
    if isinstance(entry, ast.Field):
        return f"{name_text(entry.name)} = {_value(entry.value)}"
    return rule_text(entry)


def _value(expr: ast.Expr) -> str:
    """A field's value, which may run over lines where an expression in a rule may not."""
    if isinstance(expr, ast.Tagged):
        return f"{expr.tag.text} {_body(expr.body, nested=True)}"
    if isinstance(expr, ast.StringLit) and not _is_plain(expr):
        return quote_block(expr.value, "") or quote(expr.value)
    return expression_text(expr)


def _is_plain(expr: ast.Expr) -> bool:
    if isinstance(expr, ast.StringLit):
        return expr.raw or expr.value.count("\n") < 2
    return not isinstance(expr, ast.Tagged)


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
