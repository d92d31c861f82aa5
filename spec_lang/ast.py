"""The syntax tree: about twenty frozen node classes, each with the span it came from.

Blocks are generic (``KIND NAME { entries }``): which kinds, fields and rules exist is the
compiler's business, so that a misspelt one becomes a suggestion and not a syntax error.
Two trees compare equal when they say the same thing: spans do not take part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from spec_lang.quantities import Quantity
from spec_lang.source import Span


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, or a backticked column name (``quoted``)."""

    text: str
    span: Span = field(compare=False, repr=False)
    quoted: bool = False


# --- expressions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StringLit:
    """A string with its escapes resolved; ``raw`` for ``r"…"`` (regular expressions)."""

    value: str
    span: Span = field(compare=False, repr=False)
    raw: bool = False


@dataclass(frozen=True, slots=True)
class NumberLit:
    """A number without a unit; ``int`` when it was written without point or exponent."""

    value: int | float
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoolLit:
    value: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class QuantityLit:
    """A number with a unit, such as ``10%``, ``2pt``, ``512tok``, ``500 rows``, ``20min``."""

    value: Quantity
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A literal that was reported, so its value is not known: later passes take it for whatever they need."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A dotted name: ``tickets``, ``triage.train``, ``common.clean``."""

    parts: tuple[Name, ...]
    span: Span = field(compare=False, repr=False)

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Arg:
    """A positional (``name is None``) or named argument of a call."""

    name: Name | None
    value: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    func: Ref
    args: tuple[Arg, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ListLit:
    items: tuple[Expr, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RangeLit:
    """``low..high``, both ends included; only on the right of ``in``."""

    low: Expr
    high: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """``op`` is ``not`` or ``-``."""

    op: str
    operand: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """``op`` is one of ``and or == != < <= > >= in matches + - * /``."""

    op: str
    left: Expr
    right: Expr
    op_span: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged value: ``lora { rank = 16 }``, ``greedy { max_new_tokens = 48 }``."""

    tag: Name
    body: Body
    span: Span = field(compare=False, repr=False)


Expr: TypeAlias = (
    StringLit | NumberLit | BoolLit | QuantityLit | Faulty | Ref | Call | ListLit | RangeLit | Unary | Binary | Tagged
)

# --- entries of a body ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """``name = value``."""

    name: Name
    value: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Clause:
    """A reserved word with its operand: ``at 95%``, ``on instruction``, ``exact`` (no operand)."""

    word: Name
    operand: Expr | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A verb, at most one expression, then clauses: ``drop x matches r"…" because "…"``."""

    verb: Name
    expr: Expr | None
    clauses: tuple[Clause, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NamedRule:
    """``metric NAME = expr clauses`` or ``slice NAME = expr clauses``; ``word`` is metric or slice."""

    word: Name
    name: Name
    expr: Expr
    clauses: tuple[Clause, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Body:
    """What stands between braces; the span includes them."""

    entries: tuple[Entry, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """``KIND NAME { … }``, at top level or nested (``split { … }`` has no name)."""

    kind: Name
    name: Name | None
    body: Body
    span: Span = field(compare=False, repr=False)

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


@dataclass(frozen=True, slots=True)
class Edition:
    year: int
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Import:
    path: StringLit | Faulty
    alias: Name
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Param:
    name: Name
    value: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SpecFile:
    """One parsed file. After a syntax error it holds the items that could be understood."""

    edition: Edition | None
    imports: tuple[Import, ...]
    params: tuple[Param, ...]
    blocks: tuple[Block, ...]
    span: Span = field(compare=False, repr=False)
