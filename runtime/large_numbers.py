"""Whole numbers that lose digits: in a column with fractions every number is a double, exact only below 2^53.

``large`` are fields with a whole number of that size, ``broad`` those with a number that is no integer of 64 bits; a
column of numbers that is both loses digits. Told by Python value by value, or by the engine in one look; both ask the
same of the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a small file is read without them
    from runtime.relational import Engine
    from runtime.source_rows import SourceColumn

_EXACT = 1 << 53
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


@dataclass
class Sizes:
    """The fields seen so far that are ``large`` and ``broad``."""

    large: set[str] = field(default_factory=set)
    broad: set[str] = field(default_factory=set)

    def note(self, name: str, value: Any) -> None:
        """Take in one value of any type."""
        if type(value) is float:
            self.broad.add(name)
        elif type(value) is int and not -_EXACT < value < _EXACT:
            self.large.add(name)
            if not _LEAST <= value <= _MOST:
                self.broad.add(name)

    def lists(self) -> tuple[list[str], list[str]]:
        """Both in the order of their names, for JSON."""
        return sorted(self.large), sorted(self.broad)


def sizes_of(db: Engine, columns: Sequence[SourceColumn]) -> Sizes:
    """The same of the table ``raw``."""
    from runtime.source_rows import pointers

    names = [column.field for column in columns if column.type == "number"]
    if not names:
        return Sizes()
    checks = ", ".join(
        f"bool_or({_WHOLE.format(at)} AND abs(TRY_CAST(v[{at}] AS DOUBLE)) >= {_EXACT}), "
        f"bool_or(v[{at}] IS NOT NULL AND (NOT {_WHOLE.format(at)} OR TRY_CAST(v[{at}] AS BIGINT) IS NULL))"
        for at in range(1, len(names) + 1)
    )
    texts = f"SELECT json_extract_string(json, {pointers([(name,) for name in names])}) AS v FROM raw"
    found = db.rows(f"SELECT {checks} FROM ({texts})")[0]
    return Sizes(
        {name for name, large in zip(names, found[::2], strict=True) if large},
        {name for name, broad in zip(names, found[1::2], strict=True) if broad},
    )


_WHOLE = r"regexp_full_match(v[{0}], '-?\d+')"
