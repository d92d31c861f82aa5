"""What a dedup rule compares, as SQL: the rows that are left and those of ``against``, in the order of survival.

Which of several alike survives is an order: the rows of ``against`` first, then by the rule's ``by``, the greatest
value first and missing ones last, then as they stand in the source. Ties never depend on threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.step_params import ExactDedupRule, NearDedupRule, Sql
from runtime.relational import PLACE, Engine, literal, parquet

Statement = tuple[str, list[Any]]


def compared(rule: ExactDedupRule | NearDedupRule, position: int) -> Statement:
    """A select of ``side`` (that of the rule's own rows is the last), ``ord``, ``row_id``, the values ``k0``, ``k1``, …
    and what ``order`` names."""
    parts = [_rows(side, _view(position, side), other.on) for side, other in enumerate(rule.against)]
    parts.append(_rows(len(rule.against), "alive", rule.on, rule.by))
    return "\n  UNION ALL\n".join(sql for sql, _ in parts), [param for _, params in parts for param in params]


def order(rule: ExactDedupRule | NearDedupRule) -> str:
    """The order of survival of these rows, for ORDER BY."""
    return ", ".join(["side", *(_best_first(f"b{i}", value) for i, value in enumerate(rule.by)), "ord"])


def make_views(db: Engine, inputs: Mapping[str, Path], rule: ExactDedupRule | NearDedupRule, position: int) -> None:
    """The rows of ``against`` under the names that ``compared`` reads."""
    for side, other in enumerate(rule.against):
        part = "" if other.part is None else f" WHERE __split = {literal(other.part)}"
        db.execute(
            f"CREATE VIEW {_view(position, side)} AS SELECT *, {PLACE} AS __ord FROM "
            f"{parquet(inputs[other.input] / 'rows.parquet')}{part}"
        )


def _view(position: int, side: int) -> str:
    return f"against_{position}_{side}"


def _rows(side: int, view: str, on: tuple[Sql, ...], by: tuple[Sql, ...] = ()) -> Statement:
    values = [f"({value.sql}) AS k{i}" for i, value in enumerate(on)]
    values += [f"({value.sql}) AS b{i}" for i, value in enumerate(by)]
    sql = f"  SELECT {side} AS side, __ord AS ord, __row_id AS row_id, {', '.join(values)} FROM {view}"
    return sql, [param for value in (*on, *by) for param in value.params]


def _best_first(name: str, value: Sql) -> str:
    """The greatest first. What is no number is missing: the engine would take it for the greatest."""
    known = f"CASE WHEN isnan({name}::DOUBLE) THEN NULL ELSE {name} END" if value.type == "number" else name
    return f"{known} DESC NULLS LAST"
