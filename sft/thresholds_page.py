"""``sft show RUN thresholds``: what rules that compare a number keep, and what other limits would keep.

The dashboard's numbers and view model. ``--at`` asks for one limit, of the rule that ``--step`` and ``--rule`` name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name, shown_rule
from sft.show_scores import histogram
from spec_lang.diagnostics import fatal
from tui import queries
from tui.formats import count
from tui.threshold_queries import Measured, Neighbour, measured, neighbours, numbers
from tui.view_models.moved import Moved, moved
from tui.view_models.thresholds import bins

_BINS = 24
_AROUND = (-10, -5, -2, -1, 0, 1, 2, 5, 10)  # steps from the limit of the spec
_NEAR = 2  # rows on each side of a limit


def thresholds_page(store: Store, run_id: str, filters: Filters) -> Page:
    """All rules, or those of a step. Raises DiagnosticError SFT0910 for a step or rule that the run does not have,
    SFT0920 for a limit that is not one of a single rule."""
    known_name(filters.step, [step.step_id for step in queries.steps(store, run_id)], "step")
    found = [one for one in measured(store, run_id) if filters.step in (None, one.step_id)]
    names = {_name(one) for one in found}
    known_name(filters.rule, sorted(names), "rule")
    found = [one for one in found if filters.rule in (None, _name(one))]
    if not found:
        return Page({"thresholds": []}, "no rule of this run compares a number with a limit, and it has no score", ())
    at = filters.at
    if at is not None and (len(found) > 1 or not math.isfinite(at)):
        named = ", ".join(f"`--step {one.step_id} --rule {_name(one)}`" for one in found[:5])
        more = f", and {len(found) - 5} more" if len(found) > 5 else ""
        raise fatal("SFT0920", "`--at` takes a number, and which rule it is a limit of", f"one of {named}{more}")
    shown = [(one, moved(one, numbers(store, one))) for one in found]
    rows = [_row(one, here) for one, here in shown]
    columns = ("rule or score", "step", "rows", "none", "kept", "share", "10%", "median", "90%", "1% … 99%")
    tables = [Table("", columns, rows, frozenset(range(2, 9)), [_why(here) for _, here in shown], "note")]
    data = []
    for one, here in shown:
        tried = [] if not isinstance(here, Moved) else list(_tried(here, at))
        near = _near(store, tried[-1]) if at is not None and tried else []
        data.append(_json(one, here, tried, near))
        if tried and (len(found) == 1 or isinstance(here, Moved)):
            tables.append(_moves(one, tried))
        if near:
            tables.append(_beside(tried[-1], near))
    return Page({"thresholds": data}, "", tuple(tables))


def _name(one: Measured) -> str:
    return one.name if one.rule is None else shown_rule(str(one.rule))


def _row(one: Measured, here: Moved | str) -> tuple[str, ...]:
    title = one.text or f"{one.name} (no rule)"
    if not isinstance(here, Moved):
        return (title, one.step_id, "", "", "", "", "", "", "", "")
    values, kept = here.numbers.values, here.kept_as_written
    at = [here.told_value(float(values[min(len(values) - 1, int(len(values) * part))])) for part in (0.1, 0.5, 0.9)]
    told = (count(kept.kept), kept.share) if here.original.written else ("–", "")
    picture = histogram([one.rows for one in bins(here.numbers, here.scale, _BINS)])
    none = count(kept.none) if kept.none else ""
    return (title, one.step_id, count(kept.rows), none, *told, *at, picture)


def _why(here: Moved | str) -> str:
    return "" if isinstance(here, Moved) else here


def _tried(here: Moved, at: float | None) -> Iterator[Moved]:
    """The rule at limits around its own, or at the one that was asked for. Raises DiagnosticError SFT0920."""
    if at is not None:
        asked = here.at(at)
        if asked.now.edge.value != at:
            last = asked.now.edge.written(asked.now.edge.value)
            raise fatal("SFT0920", "the limit goes past the other one of its range", f"give one up to {last}")
        yield asked
        return
    seen = set()
    for steps in _AROUND:
        other = here if not steps else here.moved(steps)
        if other.now.edge.value not in seen:
            seen.add(other.now.edge.value)
            yield other


def _moves(one: Measured, tried: list[Moved]) -> Table:
    cells = []
    for here in tried:
        kept, there = here.kept, here.kept_as_written
        more = f"{kept.kept - there.kept:+,}" if here.original.written and kept.kept != there.kept else ""
        mark = "spec" if here.original.written and not here.has_moved else ""
        cells.append((mark, count(kept.kept), kept.share, more, here.line))
    title = f"{one.step_id}: what other limits would keep"
    columns = ("", "kept", "share", "to the spec", "line for the spec")
    return Table(title, columns, cells, frozenset({1, 2, 3}), copied=True)


def _near(store: Store, here: Moved) -> list[Neighbour]:
    below, above = here.near(_NEAR)
    order = [*below, *above]
    places = [int(here.numbers.places[at]) for at in order]
    return neighbours(store, here.about, places, [float(here.numbers.values[at]) for at in order])


def _beside(here: Moved, near: list[Neighbour]) -> Table:
    cells = [
        (
            "kept" if here.now.keeps(row.value) else "dropped",
            here.told_value(row.value),
            f"{row.file}:{row.line}" if row.line is not None else row.row_id[:12],
            " · ".join(value for _, value in row.content),
        )
        for row in reversed(near)
    ]
    return Table("rows next to the limit", ("", "value", "where", "row"), cells, frozenset({1}))


def _json(one: Measured, here: Moved | str, tried: list[Moved], near: list[Neighbour]) -> dict[str, Any]:
    head = {"step_id": one.step_id, "rule": _name(one), "text": one.text or None, "line": one.line}
    if not isinstance(here, Moved):
        return {**head, "note": here}
    kept = here.kept_as_written
    return {
        **head,
        "rows": kept.rows,
        "without_a_number": kept.none,
        "kept": kept.kept if here.original.written else None,
        "limits": [{"line": other.line, "value": other.now.edge.value, "kept": other.kept.kept} for other in tried],
        "near": [
            {"row_id": r.row_id, "value": _value(r), "kept": here.now.keeps(r.value), "content": dict(r.content)}
            for r in near
        ],
    }


def _value(row: Neighbour) -> float | str:
    """JSON has no infinity."""
    return row.value if math.isfinite(row.value) else str(row.value)
