"""What a model can be seen beside: the other models of its eval, and models of other runs that answered it too."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.own_results import BEGUN_STEPS, MADE_STEPS
from runtime.store import Store
from tui import prediction_queries as asked
from tui.prediction_queries import Item, PredictionFilter

MOST_RUNS = 12


@dataclass(frozen=True, slots=True)
class Side:
    """A model of this run, or of another one; ``named`` are the baselines that its run was blessed as."""

    model: str
    run_id: str | None = None
    named: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        if self.run_id is None:
            return self.model
        return f"{self.model} in {', '.join(self.named) or self.run_id}"


def sides(store: Store, run_id: str, eval_name: str) -> list[Side]:
    """Models of the eval in plan order, then those of other runs, blessed ones first, the newest first."""
    own = store.query(
        f"SELECT labels->>'model', min(ordinal) AS place FROM {BEGUN_STEPS} WHERE run_id = ? AND kind = 'predict' "
        "AND labels->>'eval' = ? GROUP BY ALL ORDER BY place",
        [run_id, eval_name],
    )
    others = store.query(
        f"""
        WITH named AS (SELECT run_id, list(name ORDER BY name) AS names FROM baselines GROUP BY run_id)
        SELECT s.run_id, s.labels->>'model' AS model, any_value(n.names) AS named_as
        FROM {MADE_STEPS} s JOIN runs r USING (run_id) LEFT JOIN named n USING (run_id)
        WHERE s.run_id <> ? AND s.kind = 'predict'
          AND s.labels->>'eval' = ?
        GROUP BY s.run_id, model, r.started_at ORDER BY named_as IS NULL, r.started_at DESC, model LIMIT ?
        """,
        [run_id, eval_name, MOST_RUNS],
    )
    return [Side(model) for model, _ in own] + [Side(model, run, tuple(names or ())) for run, model, names in others]


def side_of(store: Store, chosen: PredictionFilter) -> Side | None:
    """What a filter compares with."""
    if chosen.base_run is None:
        return Side(chosen.baseline) if chosen.baseline else None
    rows = store.query("SELECT name FROM baselines WHERE run_id = ? ORDER BY name", [chosen.base_run])
    return Side(chosen.baseline or chosen.model, chosen.base_run, tuple(name for (name,) in rows))


def item_beside(
    store: Store, run_id: str, chosen: PredictionFilter, row_id: str, template: str
) -> tuple[Item, str | None]:
    """An item with the outputs of its run and of a baseline in another one; and what the baseline is called."""
    with store.reading():
        own = asked.item(store, run_id, chosen.eval, row_id, template)
        if chosen.base_run is None:
            return own, chosen.baseline
        other = asked.item(store, chosen.base_run, chosen.eval, row_id, chosen.asked(run_id).there(template))
        side = side_of(store, chosen)
    assert side is not None
    model, title = side.model, side.title
    outputs = tuple(replace(output, model=title) for output in other.outputs if output.model == model)
    measured = {(title, metric): value for (owner, metric), value in other.metrics.items() if owner == model}
    reasons = {(title, metric): why for (owner, metric), why in other.reasons.items() if owner == model}
    samples = {(title, n, metric): value for (owner, n, metric), value in other.samples.items() if owner == model}
    joined = replace(
        own,
        outputs=(*own.outputs, *outputs),
        metrics={**own.metrics, **measured},
        reasons={**own.reasons, **reasons},
        samples={**own.samples, **samples},
    )
    return joined, title
