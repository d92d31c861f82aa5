"""What a row of the function table says, and the pieces that rows share.

A row holds name, signature, meaning, an example that a test runs, and the lowering; type checks, suggestions, the
language reference and the SQL all come from it. Lowerings are DuckDB SQL in which ``{0}``, ``{1}``… stand for
arguments; whatever a user wrote is in the arguments and is bound, never pasted.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from compiler.world import ColumnType
from spec_lang.literals import quote
from spec_lang.quantities import Unit

# How an argument is written. All but `value` and `each` are written out, so that they can be checked before a run: a
# regular expression, a replacement with `\1` for its groups, the number of one of its groups, any text (`written`), a
# path into JSON, a whole number from 1 (`count`) or from 0 (`digits`), a list of texts (`texts`), a script of Unicode,
# the code of a language, the name of a model or train. `each` is a condition on one item of a list, called `item`.
ArgumentKind: TypeAlias = Literal[
    "value",
    "regex",
    "replacement",
    "written",
    "group",
    "path",
    "count",
    "digits",
    "each",
    "texts",
    "script",
    "language",
    "model",
]
# An argument that is written out; what depends on the row is None.
Written: TypeAlias = str | Decimal | bool | tuple[str, ...] | None

# The characters that Python's str.split takes for white space; RE2's \s is ASCII only.
SPACE = r"\s\x{0b}\x{1c}-\x{1f}\x{85}\pZ"
ITEM = "__item"  # what `item` is in SQL; no column is called so, since `__` is reserved
LARGEST = 1_000_000_000  # positions and lengths beyond it are taken for it: DuckDB refuses larger ones while it runs


class Parameter(Struct, frozen=True, eq=False):
    """``same``: all parameters that say so have one type, which is the result's where the function names none.
    One with a ``default`` may be left out, and so may one that is ``optional``. ``most`` bounds a ``count``, and the
    entries of ``texts``."""

    name: str
    types: tuple[ColumnType, ...]
    kind: ArgumentKind = "value"
    same: bool = False
    default: Decimal | None = None
    optional: bool = False
    most: int = 1_000_000

    @property
    def shown(self) -> str:
        takes = {"value": " or ".join(self.types), "each": "condition on `item`", "count": "whole number"}
        takes |= {"group": "number of a group", "digits": "whole number", "replacement": "text", "written": "text"}
        takes |= {"texts": "list of texts", "language": "code of a language"}
        given = f" = {self.default}" if self.default is not None else " = none" if self.optional else ""
        return f"{self.name}: {takes.get(self.kind, self.kind)}{given}"


class Built(Struct, frozen=True):
    """SQL that depends on what is written in a call: ``{#0}``, ``{#1}``… stand for its own constants, which are bound
    as the user's arguments are."""

    sql: str
    constants: tuple[str, ...] = ()


Preparation: TypeAlias = Literal["tokens", "language", "language_confidence"]


class Function(Struct, frozen=True, eq=False):
    """``rest``: the last parameter may be repeated. ``result`` None: the type of the parameters that are the ``same``.
    ``low`` and ``high`` bound the result, so that the checker sees that ``words(x) < 0`` holds nowhere. A result with a
    ``unit`` is compared with numbers of that unit. ``example`` is an expression with the value it has. ``build`` makes
    the SQL where it depends on arguments that are written out. ``prepared``: no SQL says it, and the run computes it of
    its first argument before a rule, as a column of its own (``runtime/preparing.py``)."""

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
    build: Callable[[tuple[Written, ...]], Built] | None = None
    prepared: Preparation | None = None

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(p.shown for p in self.parameters)}{', …' if self.rest else ''})"

    @property
    def tells_languages(self) -> bool:
        """Whether the run asks the model of languages."""
        return self.prepared in ("language", "language_confidence")

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
        return sum(parameter.default is None and not parameter.optional for parameter in self.parameters)


Example: TypeAlias = tuple[str, str | float | bool | None]


def text(name: str = "text") -> Parameter:
    return Parameter(name, ("text",))


def number(name: str = "number") -> Parameter:
    return Parameter(name, ("number",))


PATTERN = Parameter("pattern", ("text",), "regex")
PATH = Parameter("path", ("text",), "path")
JSON = Parameter("text", ("text", "json"))
LIST = Parameter("list", ("list",))


def pattern(text: str) -> str:
    """A regular expression of ours as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def found(text: str) -> str:
    """All matches of a regular expression of ours."""
    return f"regexp_extract_all({{0}}, {pattern(text)})"


def count_of(text: str) -> str:
    return f"len({found(text)})"


def without(characters: str) -> str:
    """How many characters are left without those of a class, as it stands in brackets. Runs are cut out whole, which is
    several times as fast as a list of all that are left."""
    return f"length(regexp_replace({{0}}, {pattern(f'[{characters}]+')}, '', 'g'))"


SOLID = without(SPACE)


def characters_of(lists: str) -> str:
    """The characters of all texts of a list, 0 for none; null where there is no list."""
    return f"length(array_to_string({lists}, ''))"


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
