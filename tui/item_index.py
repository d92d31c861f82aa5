"""The items of an eval under one metric as arrays, so that any order and filter of them is a matter of milliseconds.

An item is one row of the data under one template, seen from one model (the subject) beside another (the baseline),
which may be of another run. What the metric measured of both is read once: a line an item with the place of its answer
in ``predictions``, 34 bytes each, and no text at all. Which items a filter has, in which order, is numpy on that; what
is on the screen is then read by its places (``item_pages``). Half a million items beside another model cost a third of
a second to read like this and 17 MB to keep. One that was asked several times is shown by the mean of its answers and
with the worst of them.

Places (DuckDB's row ids) move when the file is rewritten after rows were deleted, so each is kept with a hash of the
item's id, and a page that finds another row there says that the index is stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from runtime.own_results import BEGUN_STEPS, MADE_STEPS
from runtime.store import Store
from tui.queries import named

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.int64]
    Mask: TypeAlias = NDArray[np.bool_]
    Positions: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose items: everything that decides what is read; filters only choose among it."""

    run_id: str
    eval: str
    model: str
    baseline: str | None
    metric: str | None
    base_run: str | None = None  # where the baseline is of another run
    renamed: tuple[tuple[str, str], ...] = ()  # templates that this other run calls otherwise

    def there(self, template: str) -> str:
        """What the baseline's run calls a template."""
        return dict(self.renamed).get(template, template)


@dataclass(frozen=True)
class ItemIndex:
    """Arrays of one length in the order of the eval. Values are NaN where there is none. ``reasons`` are the places of
    what the metric says, in ``item_metrics``; None where it says nothing of any item."""

    asked: Asked
    steps: tuple[str, ...]  # hashes of the subject's predict steps, one a template
    templates: tuple[str, ...]
    unit: str
    better: str  # higher | lower | neither
    at: Places
    cell: NDArray[np.int16]
    prints: NDArray[np.uint64]
    value: Floats
    base: Floats
    has_base: Mask  # whether the baseline has the item measured at all
    reasons: Places | None

    def __len__(self) -> int:
        return len(self.at)

    @property
    def graded(self) -> bool:
        """Whether a value is right or wrong, and not just a number."""
        return self.unit == "share" and self.better != "neither"


def item_index(store: Store, asked: Asked) -> ItemIndex:
    """Read what a metric measured of every item of an eval."""
    import numpy as np

    with store.reading():
        cells = cells_of(store, asked.run_id, asked.eval, asked.model)
        measures = measures_of(store, asked.run_id, asked.eval)
        base_measures = measures_of(store, asked.base_run, asked.eval) if asked.base_run else measures
        unit, better = _side(store, asked)
        parts = [_part(store, asked, cell, measures, base_measures, better) for cell in cells]

    def joined(name: str, dtype: Any) -> Any:
        arrays = [np.asarray(part[name], dtype) for part in parts]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays or [np.zeros(0, dtype)])

    why = joined("why", np.int64)
    base = joined("base", np.float64)
    return ItemIndex(
        asked,
        tuple(step for step, _ in cells),
        tuple(template for _, template in cells),
        unit,
        better,
        joined("at", np.int64),
        np.repeat(np.arange(len(parts), dtype=np.int16), [len(part["at"]) for part in parts] or [0])
        if parts
        else np.zeros(0, np.int16),
        joined("print", np.uint64),
        joined("value", np.float64),
        base,
        ~np.isnan(base),
        why if (why >= 0).any() else None,
    )


def cells_of(store: Store, run_id: str, eval_name: str, model: str) -> list[tuple[str, str]]:
    """Step hash and template of every cell of a model, in plan order."""
    return [
        (step, template)
        for step, template in store.query(
            f"SELECT step_hash, labels->>'template' FROM {BEGUN_STEPS} WHERE run_id = ? AND kind = 'predict' "
            "AND labels->>'eval' = ? AND labels->>'model' = ? ORDER BY ordinal",
            [run_id, eval_name, model],
        )
    ]


def measures_of(store: Store, run_id: str, eval_name: str) -> list[str]:
    rows = store.query(
        f"SELECT step_hash FROM {MADE_STEPS} WHERE run_id = ? AND kind = 'measure' AND labels->>'eval' = ?",
        [run_id, eval_name],
    )
    return [step for (step,) in rows]


def _side(store: Store, asked: Asked) -> tuple[str, str]:
    """Unit of the metric, and which side of it is better."""
    rows = named(
        store,
        f"""
        SELECT any_value(m.unit), any_value(s.labels->>('better:' || $metric))
        FROM {MADE_STEPS} s LEFT JOIN metrics m ON m.step_hash = s.step_hash AND m.metric = $metric
        WHERE s.run_id = $run AND s.kind = 'measure' AND s.labels->>'eval' = $eval
        """,
        {"run": asked.run_id, "eval": asked.eval, "metric": asked.metric or ""},
    )
    unit, better = rows[0] if rows else (None, None)
    return unit or "plain", better or "higher"


def asked_several_times(store: Store, steps: list[str]) -> bool:
    """Whether an item has several answers in some of the steps."""
    rows = store.query("SELECT max(sample) FROM predictions WHERE list_contains(?, step_hash)", [steps])
    return bool(rows[0][0])


WORST_FIRST = "CASE $better WHEN 'lower' THEN -v.value ELSE v.value END NULLS FIRST"
# Of several answers to an item the one that did worst, by what each measured.
_SEVERAL = f"""
SELECT p.rowid AS at, hash(p.row_id) AS print FROM predictions p
LEFT JOIN sample_metrics v ON list_contains($measures, v.step_hash) AND v.metric = $metric AND v.template = $template
    AND v.model = $model AND v.row_id = p.row_id AND v.sample = p.sample
WHERE p.step_hash = $step
QUALIFY row_number() OVER (PARTITION BY p.row_id ORDER BY {WORST_FIRST}, p.sample) = 1
ORDER BY 1
"""


def _part(
    store: Store, asked: Asked, cell: tuple[str, str], measures: list[str], base_measures: list[str], better: str
) -> dict[str, Any]:
    """One cell: the answers, and what was measured of them, matched by hashes of the items' ids. Joined by the ids
    themselves this takes five times as long and ten times the memory; two of a million ids have one hash once in
    thirty million evals."""
    import numpy as np

    step, template = cell
    with store.reading() as con:
        several = con.execute("SELECT max(sample) FROM predictions WHERE step_hash = ?", [step]).fetchone()
        if several and several[0]:
            given: dict[str, Any] = {"step": step, "template": template, "model": asked.model, "better": better}
            given |= {"metric": asked.metric, "measures": measures}
            shown = con.execute(_SEVERAL, given).fetchnumpy()
        else:
            sql = "SELECT rowid AS at, hash(row_id) AS print FROM predictions WHERE step_hash = ?"
            shown = con.execute(sql, [step]).fetchnumpy()
        prints = np.asarray(shown["print"], np.uint64)
        own = Matched(prints)
        measured = measured_items(store, measures, asked.model, template, asked.metric)
        model = asked.baseline or (asked.model if asked.base_run else None)
        other = measured_items(store, base_measures, model, asked.there(template), asked.metric)
    part = {"at": np.asarray(shown["at"]), "print": prints}
    part["value"] = own.take(measured["print"], measured["value"], np.nan)
    part["why"] = own.take(measured["print"], measured["why"], -1)
    part["base"] = own.take(other["print"], other["value"], np.nan)
    return part


def measured_items(
    store: Store, measures: list[str], model: str | None, template: str, metric: str | None
) -> dict[str, Any]:
    """What a metric measured of a model under a template: hashes of item ids, values (NaN for none), and the places of
    reasons (-1 for none)."""
    import numpy as np

    slots = ", ".join("?" * len(measures)) or "NULL"
    with store.reading() as con:
        found = con.execute(
            "SELECT hash(row_id) AS print, coalesce(value, 'NaN'::DOUBLE) AS value, "
            "CASE WHEN reason IS NULL THEN -1 ELSE rowid END AS why "
            f"FROM item_metrics WHERE step_hash IN ({slots}) AND model = ? AND metric = ? AND template = ?",
            [*measures, model, metric, template],
        ).fetchnumpy()
    dtypes = {"print": np.uint64, "value": np.float64, "why": np.int64}
    return {name: np.asarray(found[name], dtype) for name, dtype in dtypes.items()}


class Matched:
    """Items by the hashes of their ids, to which values of other arrays are matched. Sorting is most of the cost, so
    the order of a second array that has the same hashes is not found again."""

    def __init__(self, prints: NDArray[np.uint64]) -> None:
        self.prints = prints
        self._order: Any = None
        self._other: tuple[Any, Any] | None = None  # hashes that were matched last, and their order

    def take(self, prints: NDArray[np.uint64], values: Any, nothing: float) -> Any:
        """The value of every item; ``nothing`` for one that is not in ``prints``."""
        import numpy as np

        if not len(prints):
            return np.full(len(self.prints), nothing)
        if len(prints) == len(self.prints) and np.array_equal(prints, self.prints):
            return values
        if self._order is None:
            self._order = np.argsort(self.prints)
        if self._other is None or not np.array_equal(self._other[0], prints):
            self._other = prints, np.argsort(prints)
        mine, theirs = self.prints[self._order], prints[self._other[1]]
        spots = np.minimum(np.searchsorted(theirs, mine), len(theirs) - 1) if not np.array_equal(mine, theirs) else None
        sorted_values = values[self._other[1]]
        if spots is not None:
            sorted_values = np.where(theirs[spots] == mine, sorted_values[spots], nothing)
        found = np.empty(len(self.prints), sorted_values.dtype)
        found[self._order] = sorted_values
        return found
