"""What a row of the function table says, and the pieces that rows share.

A row holds name, signature, meaning, an example that a test runs, and the lowering; type checks, suggestions, the
language reference and the SQL all come from it. Lowerings are DuckDB SQL in which ``{0}``, ``{1}``… stand for
arguments; whatever a user wrote is in the arguments and is bound, never pasted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from compiler.world import ColumnType
from spec_lang.literals import quote
from spec_lang.quantities import Unit

# How an argument is written. All but `value` and `each` are written out, so that they can be checked before a run: a
# regular expression, a replacement with `\1` for its groups, the number of one of its groups, any text (`written`), a
# path into JSON, a whole number from 1 (`count`) or from 0 (`digits`). `each` is a condition on one item of a list,
# called `item`.
ArgumentKind: TypeAlias = Literal[
    "value", "regex", "replacement", "written", "group", "path", "count", "digits", "each"
]

# The characters that Python's str.split takes for white space; RE2's \s is ASCII only.
SPACE = r"\s\x{0b}\x{1c}-\x{1f}\x{85}\pZ"
ITEM = "__item"  # what `item` is in SQL; no column is called so, since `__` is reserved
LARGEST = 1_000_000_000  # positions and lengths beyond it are taken for it: DuckDB refuses larger ones while it runs


class Parameter(Struct, frozen=True, eq=False):
    """``same``: all parameters that say so have one type, which is the result's where the function names none.
    One with a ``default`` may be left out."""

    name: str
    types: tuple[ColumnType, ...]
    kind: ArgumentKind = "value"
    same: bool = False
    default: Decimal | None = None

    @property
    def shown(self) -> str:
        takes = {"value": " or ".join(self.types), "each": "condition on `item`", "count": "whole number"}
        takes |= {"group": "number of a group", "digits": "whole number", "replacement": "text", "written": "text"}
        given = f" = {self.default}" if self.default is not None else ""
        return f"{self.name}: {takes.get(self.kind, self.kind)}{given}"


class Function(Struct, frozen=True, eq=False):
    """``rest``: the last parameter may be repeated. ``result`` None: the type of the parameters that are the ``same``.
    ``low`` and ``high`` bound the result, so that the checker sees that ``words(x) < 0`` holds nowhere. A result with a
    ``unit`` is compared with numbers of that unit. ``example`` is an expression with the value it has."""

    name: str
    parameters: tuple[Parameter, ...]
    result: ColumnType | None
    doc: str
    sql: str
    example: tuple[str, str | float | bool | None]
    rest: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    unit: Unit | None = None

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(p.shown for p in self.parameters)}{', …' if self.rest else ''})"

    @property
    def shown_example(self) -> str:
        """The example as the language writes it: ``words("two  words")`` is ``2``."""
        call, value = self.example
        literal = quote(value) if isinstance(value, str) else str(value).lower()
        if self.unit is Unit.SHARE and isinstance(value, float):
            literal = f"{value:.0%}"  # what it is compared with
        return f"`{call}` is `{literal}`"

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(parameter.default is None for parameter in self.parameters)


Example: TypeAlias = tuple[str, str | float | bool | None]


def text(name: str = "text") -> Parameter:
    return Parameter(name, ("text",))


def number(name: str = "number") -> Parameter:
    return Parameter(name, ("number",))


PATTERN = Parameter("pattern", ("text",), "regex")
PATH = Parameter("path", ("text",), "path")
JSON = Parameter("text", ("text", "json"))
LIST = Parameter("list", ("list",))


def counting(name: str, parameters: tuple[Parameter, ...], doc: str, sql: str, example: Example) -> Function:
    """A number that is never negative."""
    return Function(name, parameters, "number", doc, sql, example, low=Decimal(0))


def share(name: str, doc: str, part: str, whole: str, example: Example) -> Function:
    """A part of a whole, both counted by SQL; null where there is nothing to count."""
    sql = f"(CAST({part} AS DOUBLE) / nullif({whole}, 0))"
    zero, one = Decimal(0), Decimal(1)
    return Function(name, (text(),), "number", doc, sql, example, low=zero, high=one, unit=Unit.SHARE)


def whole(slot: str) -> str:
    """A number of the user's as a position or length that DuckDB takes: rounded down, from 0 to ``LARGEST``."""
    return f"CAST(least(greatest(floor({slot}), 0), {LARGEST}) AS BIGINT)"
