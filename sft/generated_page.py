"""``sft show RUN generated``: what models wrote, what rejected the rest of it, what it cost, and why it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import known_name, unfinished
from spec_lang.plain_text import one_line
from tui import queries
from tui.formats import count, duration, number
from tui.generated_queries import Rejection, Round, Written, accepted, rejections, rounds, written

_WIDE = 300  # characters of a text in a cell
_ROUNDS = 12  # lines of a table of rounds, the last ones
_ENDS = {
    "target": "the target was reached",
    "budget": "a budget was used up",
    "nothing_new": "nothing new came",
    "all_asked": "everything was asked",
}


def generated_page(store: Store, run_id: str, step: str | None, limit: int) -> Page:
    """All generate steps of a run, or one. Raises DiagnosticError SFT0910 for a step that the run has not."""
    steps = {one.step_id: one for one in queries.steps(store, run_id)}
    if step is not None:
        known_name(step, list(steps), "step")
    found = [one for one in written(store, run_id) if step in (None, one.step_id)]
    if not found:
        nothing = f"this {'run' if step is None else 'step'} generates nothing"
        return Page({"generated": []}, unfinished(store, run_id, "generate", step) or nothing, ())
    tables: list[Table] = []
    data: list[dict[str, Any]] = []
    for one in found:
        summary, error = steps[one.step_id].summary, steps[one.step_id].error
        by_rule, by_round = rejections(store, one.step_hash), rounds(store, one.step_hash)
        rows = accepted(store, one.step_hash, limit)
        tables.append(_rules(one, by_rule, _head(one, summary, error)))
        if len(by_round) > 1:
            tables.append(_rounds(one, by_round))
        if rows:
            cells = [
                (row.row_id[:12], count(row.generation), number(row.similarity), one_line(row.content, _WIDE))
                for row in rows
            ]
            columns = ("row", "generation", "similarity", "content")
            tables.append(Table(f"{one.step_id}: accepted, the first {len(rows)}", columns, cells, frozenset({1, 2})))
        data.append(
            {
                **asdict(one),
                "ended": summary.get("ended"),
                "ended_because": summary.get("ended_because") or error,
                "asking": summary.get("asking"),
                "by_rule": [asdict(rule) for rule in by_rule],
                "rounds": [asdict(item) for item in by_round],
                "rows": [asdict(row) for row in rows],
            }
        )
    return Page({"generated": data}, "", tuple(tables))


def _head(one: Written, summary: dict[str, Any], error: str | None) -> str:
    ended = _ENDS.get(str(summary.get("ended")), "")
    because = one_line(str(summary.get("ended_because") or error or ""), _WIDE)
    told = " · ".join(part for part in (f"{ended}: {because}" if ended else because, _cost(one)) if part)
    share = number(one.accepted / one.candidates, "share")
    return f"{one.step_id}: {count(one.accepted)} of {count(one.candidates)} candidates accepted ({share}) · {told}"


def _cost(one: Written) -> str:
    parts = [f"{count(one.requests)} request{'s' * (one.requests != 1)}"]
    if one.output_tokens is not None:
        parts.append(f"{count(one.output_tokens)} tokens written")
    if one.seconds:
        parts.append(duration(one.seconds))
    if one.cost is not None:
        parts.append(f"cost {one.cost:g}")
    return ", ".join(parts)


def _rules(one: Written, found: Sequence[Rejection], head: str) -> Table:
    """A line a rule, with the first candidate that it rejected; what a new text was too like stands below it."""
    cells = [
        (
            rule.rule or "accepted",
            count(rule.candidates),
            number(rule.candidates / one.candidates, "share"),
            one_line(rule.value or "", 60),
            one_line(rule.content if rule.content != "{}" else rule.detail or "", _WIDE),
        )
        for rule in found
    ]
    notes = [_note(rule) for rule in found]
    columns = ("verdict", "candidates", "share", "value", "the first of them")
    return Table(head, columns, cells, frozenset({1, 2}), notes=notes, noted="note")


def _note(rule: Rejection) -> str:
    if rule.nearest is not None:
        return f"most like: {one_line(rule.nearest, _WIDE)}"
    return one_line(rule.detail, _WIDE) if rule.detail and rule.content != "{}" else ""


def _rounds(one: Written, found: Sequence[Round]) -> Table:
    cells = [
        (
            count(item.round + 1),
            count(item.candidates),
            count(item.accepted),
            number(item.accepted / item.candidates, "share"),
            number(None if item.similarity is None else 1 - item.similarity),
        )
        for item in found[-_ROUNDS:]
    ]
    title = f"{one.step_id}: rounds" + (f", the last {_ROUNDS} of {len(found)}" if len(found) > _ROUNDS else "")
    columns = ("round", "candidates", "accepted", "share", "median novelty")
    return Table(title, columns, cells, frozenset(range(5)))
