"""The ledger of a run as a page: each step and rule with counts and shares, and the first rows that each dropped.

A dropped row stands with its file and line, its measured value, and, for a duplicate, the row that stood in for it.
One query over the ledger and one over the rows shown: about 0.3 s with a million dropped rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name, shown_rule
from tui import drop_queries, queries
from tui.formats import count, share
from tui.view_models.data import Drop, FunnelLine, drop, funnel

EXAMPLES = 3  # of each rule, unless one step or rule is asked for


def ledger_page(store: Store, run_id: str, filters: Filters) -> Page:
    """The funnel, then dropped rows. Raises DiagnosticError SFT0910 for a step or rule that the run does not have."""
    whole = funnel(queries.steps(store, run_id), drop_queries.rule_counts(store, run_id))
    known_name(filters.step, [line.step_id for line in whole], "step")
    lines = tuple(line for line in whole if filters.step in (None, line.step_id))
    rules = {shown_rule(line.rule): line.rule for line in lines if line.rule is not None}
    known_name(filters.rule, [*rules], "rule")
    filters = replace(filters, rule=rules.get(filters.rule or ""))
    lines = tuple(line for line in lines if filters.rule in (None, line.rule))
    each = filters.limit if filters.step or filters.rule else min(EXAMPLES, filters.limit)
    row_files = queries.row_files(store, run_id)
    rows = drop_queries.first_drops(store, run_id, filters.step, filters.rule, each)
    drops = [drop(row, row_files) for row in rows]
    titles = {(line.step_id, line.rule): line.title for line in whole}
    columns = ("step and rule", "in", "dropped", "share", "kept", "reason")
    counts = Table("", columns, [_funnel_cells(line) for line in lines], frozenset({1, 2, 3, 4}))
    dropped = Table(
        "dropped rows, the first of each rule",
        ("where", "rule", "value", "row"),
        [_drop_cells(one, titles) for one in drops],
        frozenset(),
        [_stood_in(one) for one in drops],
        "note",
    )
    data = {"rules": [_funnel_json(line) for line in lines], "dropped": [_drop_json(one) for one in drops]}
    return Page(data, "", (counts, dropped) if drops else (counts,), _tail(lines, len(drops), filters))


def _tail(lines: tuple[FunnelLine, ...], shown: int, filters: Filters) -> str:
    total = sum(line.dropped or 0 for line in lines if filters.rule is not None or line.rule is None)
    if total <= shown:
        return ""
    more = "`--limit` shows more" if filters.step or filters.rule else "`--step` and `--rule` show more of one"
    return f"{count(shown)} of {count(total)} dropped rows shown; {more}"


def _funnel_cells(line: FunnelLine) -> tuple[str, ...]:
    number = f"{shown_rule(line.rule)}. " if line.rule is not None and line.rule.isdecimal() else ""
    title = line.title if line.rule is None else f"  {number}{line.title}"
    part = share(line.dropped or 0, line.entering or 0) if line.dropped else ""
    return (title, count(line.entering), count(line.dropped), part, count(line.kept), line.reason)


def _funnel_json(line: FunnelLine) -> dict[str, Any]:
    keys = ("step_id", "rule", "title", "entering", "dropped", "kept", "reason")
    dropped = (line.dropped or 0) / line.entering if line.entering else None
    rule = None if line.rule is None else shown_rule(line.rule)
    return {**{key: getattr(line, key) for key in keys}, "rule": rule, "share": dropped}


def _drop_cells(one: Drop, titles: Mapping[tuple[str, str | None], str]) -> tuple[str, ...]:
    rule = titles.get((one.step_id, one.rule), one.rule)
    return (one.place, rule, one.value, one.text)


def _stood_in(one: Drop) -> str:
    text = " · ".join(value for _, value in one.survivor_content)
    return f"stands in for it: {one.survivor_place}  {text}" if one.survivor_place is not None else ""


def _drop_json(one: Drop) -> dict[str, Any]:
    keys = ("step_id", "rule", "row_id", "place", "value", "detail")
    kept = {"survivor": one.survivor_place, "survivor_content": dict(one.survivor_content)}
    return {
        **{key: getattr(one, key) for key in keys},
        "rule": shown_rule(one.rule),
        "content": dict(one.content),
        **kept,
    }
