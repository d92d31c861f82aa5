"""Items whole: the outputs of every model, what was measured of them, and their slices; one item, or a few hundred.

Six questions for any number of items. Steps are named before they are asked for, because a join would read every row
of every step: one item of a million predictions takes as long as a look at its row ids. What belongs to which item is
sorted out here, so a page of 200 failures takes a second and not a minute. Beside what is stored stands what metrics
read of the answers (``item_readings``), and the row that is asked about where nobody recorded how (``asked_rows``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runtime.own_results import BEGUN_STEPS
from runtime.store import Row, Store
from tui.asked_rows import NO_ROW, UNKNOWN_PROMPT, AskedRow, asked_rows
from tui.item_readings import metrics_that_read, readings
from tui.queries import plan


@dataclass(frozen=True, slots=True)
class ItemOutput:
    model: str
    prompt: str
    output: str
    expected: str
    stop_reason: str
    prompt_tokens: int | None
    output_tokens: int | None
    seconds: float | None
    sample: int = 0
    options: str | None = None  # of an answer that was chosen, as JSON


@dataclass(frozen=True, slots=True)
class Item:
    """One item whole: the outputs of each model, metrics by (model, metric), slices by name with all values that the
    item has. ``samples`` has what each of several answers measured, by (model, sample, metric), ``reasons`` what
    metrics say of the answers, ``readings`` what they read of each. ``row`` is the row that was asked about, where the
    prompt is not known."""

    row_id: str
    template: str
    outputs: tuple[ItemOutput, ...]
    metrics: dict[tuple[str, str], float | None]
    slices: dict[str, str]
    samples: dict[tuple[str, int, str], float | None] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    readings: dict[tuple[str, int, str], str] = field(default_factory=dict)
    row: AskedRow = NO_ROW


def item(store: Store, run_id: str, eval_name: str, row_id: str, template: str) -> Item:
    """One item under one template, with the outputs of every model of the eval in plan order."""
    (found,) = items(store, run_id, eval_name, [(row_id, template)])
    return found


def items(store: Store, run_id: str, eval_name: str, keys: Sequence[tuple[str, str]]) -> list[Item]:
    """The items of (row id, template), in that order."""
    rows, templates = sorted({row for row, _ in keys}), sorted({template for _, template in keys})
    with store.reading():
        steps = store.query(
            f"SELECT kind, step_hash, labels->>'model', labels->>'template' FROM {BEGUN_STEPS} WHERE run_id = ? "
            "AND labels->>'eval' = ? AND kind IN ('predict', 'measure') ORDER BY ordinal",
            [run_id, eval_name],
        )
        predicts = [(step, model, of) for kind, step, model, of in steps if kind == "predict" and of in templates]
        measures = [step for kind, step, _, _ in steps if kind == "measure"]
        answers = _ask(store, _ANSWER, "predictions", [step for step, _, _ in predicts], rows, "ORDER BY sample")
        measured = _ask(store, "template, model, metric, value, reason", "item_metrics", measures, rows)
        sampled = _ask(store, "template, model, sample, metric, value", "sample_metrics", measures, rows)
        slices = _ask(store, _SLICES, "item_slices", measures, rows, "GROUP BY row_id, slice ORDER BY min(rowid)")
        unknown = {(step, row) for row, step, prompt, *_ in answers if prompt == UNKNOWN_PROMPT}
        made = plan(store, run_id)
        asked = asked_rows(store, made, unknown) if unknown else {}
    read = metrics_that_read(made, eval_name)
    found = {key: Item(*key, (), {}, {}) for key in keys}
    for row, template, model, metric, value, reason in measured:
        if (row, template) in found:
            found[row, template].metrics[model, metric] = value
            found[row, template].reasons.update({(model, metric): reason} if reason else {})
    for row, template, model, sample, metric, value in sampled:
        if (row, template) in found:
            found[row, template].samples[model, sample, metric] = value
    outputs, of_row = _by_row(answers), _by_row(slices)
    for (row, template), one in found.items():
        one.slices.update(of_row[row])
        said = [
            (model, rest)
            for step, model, of in predicts
            if of == template
            for own, *rest in outputs[row]
            if own == step
        ]
        outs = tuple(ItemOutput(model, *rest) for model, rest in said)
        found[row, template] = replace(one, outputs=outs, readings=readings(read, outs), row=asked.get(row, NO_ROW))
    return [found[key] for key in keys]


_ANSWER = "step_hash, prompt, output, expected, stop_reason, prompt_tokens, output_tokens, seconds, sample, options"
_SLICES = "slice, string_agg(value, ', ' ORDER BY value)"


def _ask(
    store: Store, columns: str, table: str, steps: Sequence[str], rows: Sequence[str], tail: str = ""
) -> list[Row]:
    """What some steps have of some rows, their ids first."""
    if not steps or not rows:
        return []
    of = f"step_hash IN ({', '.join('?' * len(steps))}) AND row_id IN ({', '.join('?' * len(rows))})"
    return store.query(f"SELECT row_id, {columns} FROM {table} WHERE {of} {tail}", [*steps, *rows])


def _by_row(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found
