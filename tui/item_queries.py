"""Many items at once, with the outputs of every model, for pages that show a few hundred of them.

Four queries for any number of items, where ``prediction_queries.item`` asks four for each: a page of 200 failures out
of a million predictions reads them in a second and not in a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.store import Store
from tui.prediction_queries import Item, ItemOutput
from tui.queries import named

# The items that are asked for, by id and template.
_WANTED = "WITH wanted AS (SELECT unnest($rows) AS row_id, unnest($templates) AS template)"


def items(store: Store, run_id: str, eval_name: str, keys: Sequence[tuple[str, str]]) -> list[Item]:
    """The items of (row id, template), in that order."""
    rows, templates = [row for row, _ in keys], [template for _, template in keys]
    given: dict[str, Any] = {"run": run_id, "eval": eval_name, "rows": rows, "templates": templates}
    with store.reading():
        outputs = named(
            store,
            f"""{_WANTED}
            SELECT p.row_id, s.labels->>'template', s.labels->>'model', p.prompt, p.output, p.expected, p.stop_reason,
                   p.prompt_tokens, p.output_tokens, p.seconds, p.sample
            FROM steps s JOIN predictions p USING (step_hash)
            JOIN wanted w ON w.row_id = p.row_id AND w.template = s.labels->>'template'
            WHERE s.run_id = $run AND s.labels->>'eval' = $eval ORDER BY s.ordinal, p.sample""",
            given,
        )
        measured = named(
            store,
            f"""{_WANTED}
            SELECT i.row_id, i.template, i.model, i.metric, i.value, i.reason
            FROM steps s JOIN item_metrics i USING (step_hash) JOIN wanted w USING (row_id, template)
            WHERE s.run_id = $run AND s.labels->>'eval' = $eval""",
            given,
        )
        sampled = named(
            store,
            f"""{_WANTED}
            SELECT i.row_id, i.template, i.model, i.sample, i.metric, i.value
            FROM steps s JOIN sample_metrics i USING (step_hash) JOIN wanted w USING (row_id, template)
            WHERE s.run_id = $run AND s.labels->>'eval' = $eval""",
            given,
        )
        slices = store.query(
            """
            SELECT l.row_id, l.slice, string_agg(l.value, ', ' ORDER BY l.value)
            FROM steps s JOIN item_slices l USING (step_hash)
            WHERE s.run_id = ? AND s.labels->>'eval' = ? AND l.row_id IN (SELECT unnest(?::VARCHAR[]))
            GROUP BY l.row_id, l.slice, s.ordinal ORDER BY min(l.rowid)
            """,
            [run_id, eval_name, rows],
        )
    found = {key: _Parts() for key in keys}
    for row, template, *output in outputs:
        found[row, template].outputs.append(ItemOutput(*output))
    for row, template, model, metric, value, reason in measured:
        found[row, template].metrics[model, metric] = value
        if reason:
            found[row, template].reasons[model, metric] = reason
    for row, template, model, sample, metric, value in sampled:
        found[row, template].samples[model, sample, metric] = value
    of_row: dict[str, dict[str, str]] = {}
    for row, name, values in slices:
        of_row.setdefault(row, {})[name] = values
    return [found[key].item(key, of_row.get(key[0], {})) for key in keys]


class _Parts:
    """What is found of an item, piece by piece."""

    def __init__(self) -> None:
        self.outputs: list[ItemOutput] = []
        self.metrics: dict[tuple[str, str], float | None] = {}
        self.samples: dict[tuple[str, int, str], float | None] = {}
        self.reasons: dict[tuple[str, str], str] = {}

    def item(self, key: tuple[str, str], slices: dict[str, str]) -> Item:
        return Item(*key, tuple(self.outputs), self.metrics, slices, self.samples, self.reasons)
