"""The answer of the other side to each item, as SQL: the column ``base_output`` of a condition.

Of several answers it is the one that did worst by the metric, as the item's own ``output`` is and as a list of the
other side would show it; which one that is costs a pass over what was measured of them.
"""

from __future__ import annotations

from typing import Any

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store
from tui.item_index import WORST_FIRST, ItemIndex, asked_several_times, cells_of, measures_of

_JOIN = """LEFT JOIN (
        SELECT r.row_id, s.labels->>'template' AS template, r.output FROM {begun} s
        JOIN predictions r USING (step_hash) {measured} WHERE s.run_id = $base_run AND s.kind = 'predict'
          AND s.labels->>'eval' = $eval AND s.labels->>'model' = $baseline {one}
    ) q ON q.row_id = p.row_id AND q.template = $base_templates[i.cell + 1]"""
_MEASURED = """LEFT JOIN sample_metrics v ON list_contains($base_measures, v.step_hash) AND v.metric = $metric
    AND v.template = s.labels->>'template' AND v.model = $baseline AND v.row_id = r.row_id AND v.sample = r.sample"""
_WORST = f"QUALIFY row_number() OVER (PARTITION BY r.step_hash, r.row_id ORDER BY {WORST_FIRST}, r.sample) = 1"


def other_answer(store: Store, index: ItemIndex) -> tuple[str, dict[str, Any]]:
    """A join that has the answer as ``q.output``, beside items ``i`` with their answers ``p``; and its parameters."""
    asked = index.asked
    base_run, baseline = asked.base_run or asked.run_id, asked.baseline or asked.model
    given: dict[str, Any] = {"base_run": base_run, "eval": asked.eval, "baseline": baseline}
    given["base_templates"] = [asked.there(template) for template in index.templates]
    steps = [step for step, _ in cells_of(store, base_run, asked.eval, baseline)]
    if not asked_several_times(store, steps):
        return _JOIN.format(begun=BEGUN_STEPS, measured="", one="AND r.sample = 0"), given
    given |= {"metric": asked.metric or "", "base_measures": measures_of(store, base_run, asked.eval)}
    return _JOIN.format(begun=BEGUN_STEPS, measured=_MEASURED, one=_WORST), given | {"better": index.better}
