"""What there is to say of two runs: their steps, requirements and metrics, as ``sft diff`` compares them.

Metrics are paired item by item, which takes the answers of both runs out of the store: 20 ms for 200 items, and no more
than ``MOST_ITEMS`` of them. It is asked once, in a worker thread, and the store is not held while it is worked out.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store import Store
from tui import queries
from tui.home_queries import MOST_ITEMS, read_plan
from tui.queries import RunRow
from tui.view_models.compare import TwoRuns


@dataclass(frozen=True)
class Comparison:
    first: RunRow
    second: RunRow
    found: TwoRuns


def comparison(store: Store, first: str, second: str) -> Comparison:
    """Raises DiagnosticError SFT0914 for a run that is not in the store."""
    from compiler.plan_diff import diff_plans
    from runtime.run_comparison import metric_pairs, verdict_pairs

    with store.reading():
        runs = queries.run(store, first), queries.run(store, second)
        one, two = read_plan(store, first), read_plan(store, second)
        verdicts = verdict_pairs(store, first, second)
    if one is None or two is None:
        return Comparison(*runs, TwoRuns(first, second, None, verdicts, ()))
    metrics, steps = metric_pairs(store, (first, one), (second, two), MOST_ITEMS), diff_plans(two, one)
    return Comparison(*runs, TwoRuns(first, second, steps, verdicts, metrics))
