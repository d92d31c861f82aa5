"""What a model can be seen beside: the other models of its eval, and models of other runs that answered it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime.own_results import BEGUN_STEPS, MADE_STEPS
from runtime.store import Store
from tui.item_queries import items
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
    (found,), title = items_beside(store, run_id, chosen, [(row_id, template)])
    return found, title


def items_beside(
    store: Store, run_id: str, chosen: PredictionFilter, keys: Sequence[tuple[str, str]]
) -> tuple[list[Item], str | None]:
    """The same of items by (row id, template), in that order."""
    with store.reading():
        own = items(store, run_id, chosen.eval, keys)
        if chosen.base_run is None:
            return own, chosen.baseline
        there = [(row_id, chosen.asked(run_id).there(template)) for row_id, template in keys]
        others = items(store, chosen.base_run, chosen.eval, there)
        side = side_of(store, chosen)
    assert side is not None
    return [_joined(one, other, side) for one, other in zip(own, others, strict=True)], side.title


def _joined(own: Item, other: Item, side: Side) -> Item:
    """An item with what a model of another run said of it, under the title of that side."""
    title, model = side.title, side.model
    return replace(
        own,
        outputs=(*own.outputs, *(replace(said, model=title) for said in other.outputs if said.model == model)),
        metrics={**own.metrics, **{(title, m): v for (owner, m), v in other.metrics.items() if owner == model}},
        reasons={**own.reasons, **{(title, m): v for (owner, m), v in other.reasons.items() if owner == model}},
        samples={**own.samples, **{(title, n, m): v for (owner, n, m), v in other.samples.items() if owner == model}},
        readings={**own.readings, **{(title, n, m): v for (who, n, m), v in other.readings.items() if who == model}},
    )
