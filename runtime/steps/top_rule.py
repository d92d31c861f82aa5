"""The ``top`` rule of a filter: the best rows of each group by a number, as one statement.

A share of a group is rounded up, in whole numbers, so that a group never loses its best row to rounding. Equal
numbers go by the row's id, which is a hash of its content: the choice is the same wherever the rows stand and on
however many threads. A row whose number is NULL or NaN counts as a row of its group and is never kept, as under any
``keep``: what could not be measured is not among the best. Costs a sort of (id, number, group) by DuckDB's window
operator, about a second a million rows on two cores.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from compiler.step_params import TopRule

Statement = tuple[str, list[Any]]


def top_statement(position: int, rule: TopRule, longest: int, rows: str = "alive") -> Statement:
    """The statement that adds the rule's drops to ``dropped``, with its parameters; ``longest`` characters of a value,
    and ``rows`` with what was computed of them.

    ``value`` is the number, ``detail`` the row's rank in its group, how many of how many are kept, and the last
    number that is.
    """
    keep, bound = _kept(rule)
    per = "NULL" if rule.per is None else rule.per.sql
    sql = (
        "INSERT INTO dropped (ord, rule, value, detail)\n"
        f"SELECT __ord, {position}, left(number::VARCHAR, {longest}),\n"
        "  CASE WHEN number IS NULL THEN 'no number to rank it by'\n"
        "    ELSE concat('rank ', nth, ' of ', size, ', and ', kept, ' are kept; the last of them has ', cut_off) END\n"
        "FROM (\n"
        "  SELECT *, max(number) FILTER (nth = kept) OVER (PARTITION BY grouped) AS cut_off\n"
        "  FROM (\n"
        f"    SELECT *, least(numbers, {keep}) AS kept\n"
        "    FROM (\n"
        "      SELECT __ord, number, grouped,\n"
        "        row_number() OVER (PARTITION BY grouped ORDER BY number DESC NULLS LAST, __row_id, __ord) AS nth,\n"
        "        count(*) OVER (PARTITION BY grouped) AS size, count(number) OVER (PARTITION BY grouped) AS numbers\n"
        "      FROM (\n"
        "        SELECT __ord, __row_id, grouped,\n"
        "          CASE WHEN isnan(measured::DOUBLE) THEN NULL ELSE measured END AS number\n"
        f"        FROM (SELECT __ord, __row_id, ({rule.by.sql}) AS measured, ({per}) AS grouped FROM {rows})\n"
        "      )\n    )\n  )\n)\nWHERE nth > kept"
    )
    return sql, [*bound, *rule.by.params, *(rule.per.params if rule.per is not None else ())]


def _kept(rule: TopRule) -> tuple[str, list[int]]:
    """SQL for how many rows of a group of ``size`` are asked for."""
    if rule.rows is not None:
        return "?::BIGINT", [rule.rows]
    assert rule.share is not None
    share = Fraction(rule.share)
    return "((size::HUGEINT * ? + ? - 1) // ?)::BIGINT", [share.numerator, share.denominator, share.denominator]
