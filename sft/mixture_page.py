"""``sft show RUN mixture``: what each mixture takes of its tasks, and which template the rows of a task took.

Rates and counts are those of the store, names are those of the run's plan: renaming a task computes nothing anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from compiler.plan import Plan, Step
from compiler.step_params import MixParams, MixRates, RenderParams
from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import unfinished
from tui.formats import count, number, share
from tui.mixture_queries import mixtures

_MIXTURE = ("task", "by way of", "rows", "share", "wanted", "taken", "each row")
_TEMPLATES = ("template", "share", "rows")


def mixture_page(store: Store, run_id: str, step_id: str | None) -> Page:
    """All mixtures of a run, or the one of a step, and the templates of its renders that have several."""
    known = json.loads(store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0])
    known["steps"] = [step for step in known["steps"] if step["kind"] in ("mix", "render")]  # all that is told of
    plan = Plan.from_json(json.dumps(known))
    counts: dict[str, list[tuple[Any, ...]]] = {}
    for row in mixtures(store, run_id):
        figures = (row.task, row.available, row.share, row.wanted, row.realised, row.repeats)
        counts.setdefault(row.step_id, []).append(figures)
    summaries = dict(store.query("SELECT step_id, summary FROM steps WHERE run_id = ?", [run_id]))
    data: dict[str, list[dict[str, Any]]] = {"mixtures": [], "templates": []}
    tables: list[Table] = []
    for step in plan.steps:
        if step_id not in (None, step.id):
            continue
        if isinstance(step.params, MixParams) and step.id in counts:
            table, lines = mixture_table(step, step.params, counts[step.id])
            tables.append(table)
            data["mixtures"].append({"step_id": step.id, "tasks": lines})
        elif isinstance(step.params, RenderParams) and len(step.params.templates) > 1 and summaries.get(step.id):
            rows = _templates(step, json.loads(summaries[step.id]))
            cells = [(line["template"], share(line["rows"], line["of"]), count(line["rows"])) for line in rows]
            tables.append(Table(step.id, _TEMPLATES, cells, frozenset({1, 2})))
            data["templates"].append({"step_id": step.id, "templates": rows})
    left = unfinished(store, run_id, "mix", step_id)
    return Page(data, "" if tables else left or "this run mixes nothing", tuple(tables), left if tables else "")


def mixture_table(
    step: Step, params: MixParams, counts: Sequence[tuple[Any, ...]]
) -> tuple[Table, list[dict[str, Any]]]:
    """A mixture as a table and as values; ``counts`` are task, available, share, wanted, realised and repeats."""
    lines = list(_mixed(step, params, counts))
    return Table(step.id, _MIXTURE, [_cells(line) for line in lines], frozenset(range(2, 7))), lines


def _mixed(step: Step, params: MixParams, counts: Sequence[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    names = step.local.get("labels", {})
    ways: dict[str, list[str]] = {}
    for role, way in _ways(params, step.local.get("mixtures", {})):
        ways.setdefault(names.get(role, role), []).append(way)
    keys = ("task", "available", "share", "wanted", "realised", "repeats")
    for row in sorted(counts, key=lambda row: (-row[2], row[0])):
        yield {**dict(zip(keys, row, strict=True)), "ways": ways.get(row[0], [])}


def _ways(rates: MixRates, names: dict[str, str], at: str = "", above: str = "") -> Iterator[tuple[str, str]]:
    """Each role with the mixtures that lead to it; ``names`` are those of inner mixtures, by their place."""
    for index, part in enumerate(rates.parts):
        place = f"{at}{index}"
        if part.input is not None:
            yield part.input, above
        elif part.mixture is not None:
            name = names.get(place, place)
            yield from _ways(part.mixture, names, f"{place}.", f"{above} > {name}" if above else name)


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    return (
        line["task"],
        ", ".join(way or "itself" for way in line["ways"]) if any(line["ways"]) else "",
        count(line["available"]),
        f"{line['share']:.2%}",
        f"{line['wanted']:,.1f}",
        count(line["realised"]),
        f"{number(line['repeats'])} times",
    )


def _templates(step: Step, summary: dict[str, Any]) -> list[dict[str, Any]]:
    rows = summary.get("templates", [])
    names = step.local.get("templates", [])
    return [{"template": name, "rows": n, "of": sum(rows)} for name, n in zip(names, rows, strict=True)]
