"""The syntax tree: about twenty frozen node classes, each with the span it came from.

Blocks are generic (``KIND NAME { entries }``): which kinds, fields and rules exist is the
compiler's business, so that a misspelt one becomes a suggestion and not a syntax error.
Two trees compare equal when they say the same thing: spans do not take part in equality.
"""

from __future__ import annotations

from typing import TypeAlias

from spec_lang.quantities import Quantity
from spec_lang.source import Span, Spanned


class Name(Spanned, frozen=True):
    """An identifier, or a backticked column name (``quoted``)."""

    text: str
    span: Span
    quoted: bool = False


# --- expressions ------------------------------------------------------------------------------


class StringLit(Spanned, frozen=True):
    """A string with its escapes resolved; ``raw`` for ``r"…"`` (regular expressions)."""

    value: str
    span: Span
    raw: bool = False


class NumberLit(Spanned, frozen=True):
    """A number without a unit; ``int`` when it was written without point or exponent."""

    value: int | float
    span: Span


class BoolLit(Spanned, frozen=True):
    value: bool
    span: Span


class QuantityLit(Spanned, frozen=True):
    """A number with a unit, such as ``10%``, ``2pt``, ``512tok``, ``500 rows``, ``20min``."""

    value: Quantity
    span: Span


class Faulty(Spanned, frozen=True):
    """A literal that was reported, so its value is not known: later passes take it for whatever they need."""

    span: Span


class Ref(Spanned, frozen=True):
    """A dotted name: ``tickets``, ``triage.train``, ``common.clean``."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


class Arg(Spanned, frozen=True):
    """A positional (``name is None``) or named argument of a call."""

    name: Name | None
    value: Expr
    span: Span


class Call(Spanned, frozen=True):
    func: Ref
    args: tuple[Arg, ...]
    span: Span


class ListLit(Spanned, frozen=True):
    items: tuple[Expr, ...]
    span: Span


class RangeLit(Spanned, frozen=True):
    """``low..high``, both ends included; only on the right of ``in``."""

    low: Expr
    high: Expr
    span: Span


class Unary(Spanned, frozen=True):
    """``op`` is ``not`` or ``-``."""

    op: str
    operand: Expr
    span: Span


class Binary(Spanned, frozen=True):
    """``op`` is one of ``and or == != < <= > >= in matches + - * /``."""

    op: str
    left: Expr
    right: Expr
    op_span: Span
    span: Span


class Tagged(Spanned, frozen=True):
    """A tagged value: ``lora { rank = 16 }``, ``greedy { max_new_tokens = 48 }``."""

    tag: Name
    body: Body
    span: Span


Expr: TypeAlias = (
    StringLit | NumberLit | BoolLit | QuantityLit | Faulty | Ref | Call | ListLit | RangeLit | Unary | Binary | Tagged
)

# --- entries of a body ------------------------------------------------------------------------


class Field(Spanned, frozen=True):
    """``name = value``."""

    name: Name
    value: Expr
    span: Span


class Clause(Spanned, frozen=True):
    """A reserved word with its operand: ``at 95%``, ``on instruction``, ``exact`` (no operand)."""

    word: Name
    operand: Expr | None
    span: Span


class Rule(Spanned, frozen=True):
    """A verb, at most one expression, then clauses: ``drop x matches r"…" because "…"``."""

    verb: Name
    expr: Expr | None
    clauses: tuple[Clause, ...]
    span: Span


class NamedRule(Spanned, frozen=True):
    """``metric NAME = expr clauses`` or ``slice NAME = expr clauses``; ``word`` is metric or slice."""

    word: Name
    name: Name
    expr: Expr
    clauses: tuple[Clause, ...]
    span: Span


class Body(Spanned, frozen=True):
    """What stands between braces; the span includes them."""

    entries: tuple[Entry, ...]
    span: Span


class Block(Spanned, frozen=True):
    """``KIND NAME { … }``, at top level or nested (``split { … }`` has no name)."""

    kind: Name
    name: Name | None
    body: Body
    span: Span

    @property
    def head(self) -> Span:
        """The kind and the name."""
        return self.kind.span.to(self.name.span) if self.name else self.kind.span

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.kind.text} `{self.name.text}`" if self.name else f"`{self.kind.text}`"


Entry: TypeAlias = Field | Rule | NamedRule | Block

# --- a file -----------------------------------------------------------------------------------


class Edition(Spanned, frozen=True):
    year: int
    span: Span


class Import(Spanned, frozen=True):
    path: StringLit | Faulty
    alias: Name
    span: Span


class Param(Spanned, frozen=True):
    name: Name
    value: Expr
    span: Span


class SpecFile(Spanned, frozen=True):
    """One parsed file. After a syntax error it holds the items that could be understood."""

    edition: Edition | None
    imports: tuple[Import, ...]
    params: tuple[Param, ...]
    blocks: tuple[Block, ...]
    span: Span
