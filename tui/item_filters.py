"""Which items of an index a filter has: slices, causes, texts and conditions, each asked of the store as places.

Every question gives the places of answers in ``predictions``; they become a mask over the index. What of a filter did
not change is not asked again (``Shelf`` keeps the last few masks), so taking a slice away costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runtime.measuring.slice_names import pooled
from runtime.own_results import MADE_STEPS
from runtime.store import Store
from tui import cause_queries
from tui.cause_queries import CAUSES, Cause
from tui.item_condition import matching
from tui.item_index import Asked, ItemIndex, asked_several_times, item_index
from tui.item_order import Outcome, Ranked
from tui.shelf import Shelf

if TYPE_CHECKING:
    from tui.item_index import Mask, Places, Positions


@dataclass(frozen=True, slots=True)
class PredictionFilter:
    """Which items, seen how. ``template`` None means all; ``slice`` goes with ``slice_value``, which is a value of
    it or the pool of its small ones; ``text`` is looked for in prompt, output and expected text, in any case unless it
    has a capital; ``condition`` is SQL over the documented row of an item (docs/dashboard.md); ``renamed`` are the
    templates that the baseline's run calls otherwise."""

    eval: str
    model: str
    baseline: str | None = None
    metric: str | None = None
    template: str | None = None
    outcome: Outcome = "all"
    slice: str | None = None
    slice_value: str | None = None
    base_run: str | None = None
    cause: Cause | None = None
    text: str = ""
    condition: str = ""
    marked: bool = False
    tag: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()

    def asked(self, run_id: str) -> Asked:
        return Asked(run_id, self.eval, self.model, self.baseline, self.metric, self.base_run, self.renamed)


@dataclass(frozen=True)
class Listed:
    """The items of a filter in order, with how many there are of each outcome under the rest of it. ``mask`` is all of
    the filter but the cause."""

    ranked: Ranked
    order: Positions
    counts: dict[Outcome, int]
    mask: Mask

    @property
    def index(self) -> ItemIndex:
        return self.ranked.index


def listed(store: Store, run_id: str, chosen: PredictionFilter, shelf: Shelf | None = None) -> Listed:
    """The items of a filter. Raises DiagnosticError; ConditionError for a condition that cannot be asked."""
    shelf, asked = shelf or Shelf(), chosen.asked(run_id)
    fitting = _fitting(store, asked, chosen.condition, shelf) if chosen.condition else None
    with store.reading():
        state, ranked = _ranked(store, asked, shelf)
        mask = _mask(store, ranked.index, chosen, shelf, state)
        if fitting is not None:
            mask &= placed(ranked.index, fitting)
        counts = ranked.counts(mask)
        mask = mask & ranked.outcomes[chosen.outcome]
        kept = mask
        if chosen.cause is not None:
            kept = mask & (_codes(store, ranked, shelf, state) == CAUSES.index(chosen.cause))
    return Listed(ranked, ranked.listed(kept), counts, mask)


def _ranked(store: Store, asked: Asked, shelf: Shelf) -> tuple[tuple[Any, ...], Ranked]:
    state = state_of_items(store, asked)
    return state, shelf.get(asked, state, lambda: Ranked(item_index(store, asked)), large=True)


def _fitting(store: Store, asked: Asked, condition: str, shelf: Shelf) -> Places:
    """The answers for which a condition is true: asked in looks of its own, because it may take seconds, in which a run
    has to come to its commits."""
    key = ("condition", asked, condition)
    with store.reading():
        state, ranked = _ranked(store, asked, shelf)
        if shelf.has(key, state):
            return shelf.get(key, state, lambda: matching(store, ranked.index, condition))
    found = matching(store, ranked.index, condition)
    with store.reading():
        return shelf.get(key, state, lambda: found)


def causes_of(store: Store, found: Listed, shelf: Shelf) -> dict[Cause, int]:
    """Why the items of a filter failed, most first; asked apart, because every output is looked at for it."""
    with store.reading():
        codes = _codes(store, found.ranked, shelf, state_of_items(store, found.index.asked))
    return cause_queries.counted(codes, found.mask)


def causes_at(store: Store, found: Listed, shelf: Shelf, begin: int, end: int) -> list[Cause | None]:
    """Why the items of a list from one position to another failed; None of those that did not."""
    with store.reading():
        codes = _codes(store, found.ranked, shelf, state_of_items(store, found.index.asked))
    return [CAUSES[code] if code < len(CAUSES) else None for code in codes[found.order[begin:end]].tolist()]


def _codes(store: Store, ranked: Ranked, shelf: Shelf, state: object) -> Any:
    failing = ranked.outcomes["failed"] | ranked.outcomes["unmeasured"]
    key = ("causes", ranked.index.asked)
    return shelf.get(key, state, lambda: cause_queries.causes(store, ranked.index, failing))


def state_of_items(store: Store, asked: Asked) -> tuple[Any, ...]:
    """Equal as long as the items and what was measured of them are the same."""
    steps = store.query(
        "SELECT s.step_hash, s.status, r.finished_at FROM steps s LEFT JOIN results r USING (step_hash) WHERE "
        "(s.run_id = ? OR s.run_id = ?) AND s.kind IN ('predict', 'measure') AND s.labels->>'eval' = ? ORDER BY ALL",
        [asked.run_id, asked.base_run, asked.eval],
    )
    if all(status in ("done", "cached") for _, status, _ in steps):
        return tuple(steps)
    hashes = [step for step, _, _ in steps]
    counts = store.query(
        "SELECT (SELECT count(*) FROM predictions WHERE list_contains(?, step_hash)), "
        "(SELECT count(*) FROM item_metrics WHERE list_contains(?, step_hash))",
        [hashes, hashes],
    )
    return (*steps, *counts)


def _mask(store: Store, index: ItemIndex, chosen: PredictionFilter, shelf: Shelf, state: object) -> Mask:
    """Everything of a filter but condition, outcome and cause."""
    import numpy as np

    mask = np.ones(len(index), bool)
    if chosen.template is not None:
        mask &= _in_cells(index, [chosen.template == name for name in index.templates])
    if chosen.slice is not None:
        mask &= _in_slice(store, index, chosen, shelf, state)
    if chosen.text:
        key = ("text", index.asked.run_id, index.steps, chosen.text)
        mask &= placed(index, shelf.get(key, state, lambda: holding(store, index, chosen.text)))
    if chosen.tag is not None:
        mask &= placed(index, tagged_places(store, index, chosen.tag))
    if chosen.marked:
        mask &= placed(index, marked_places(store, index))
    return mask


def placed(index: ItemIndex, places: Places) -> Mask:
    """The items whose answers are at some places."""
    import numpy as np

    if not len(index) or not len(places):
        return np.zeros(len(index), bool)
    seen = np.zeros(int(max(index.at.max(), places.max())) + 1, bool)
    seen[places] = True
    found: Mask = seen[index.at]
    return found


def _in_cells(index: ItemIndex, wanted: Sequence[bool]) -> Mask:
    import numpy as np

    found: Mask = np.array([*wanted, False])[index.cell]
    return found


def _in_slice(store: Store, index: ItemIndex, chosen: PredictionFilter, shelf: Shelf, state: object) -> Mask:
    values = slice_values(store, index.asked.run_id, chosen)
    if values is None:  # a slice of answers: by template, or by number of examples
        name = chosen.slice_value or ""
        return _in_cells(
            index, [t == name or t.startswith(f"{name}@") or t.endswith(f"@{name}") for t in index.templates]
        )
    key = ("slice", index.asked.run_id, index.steps, chosen.slice, tuple(values))

    def ask() -> Places:
        return places(
            store,
            f"""
            SELECT rowid AS at FROM predictions WHERE list_contains($steps, step_hash) AND row_id IN (
                SELECT l.row_id FROM {MADE_STEPS} s JOIN item_slices l USING (step_hash)
                WHERE s.run_id = $run AND s.labels->>'eval' = $eval AND l.slice = $slice
                  AND list_contains($values, l.value))
            """,
            steps=list(index.steps),
            run=index.asked.run_id,
            eval=index.asked.eval,
            slice=chosen.slice,
            values=values,
        )

    return placed(index, shelf.get(key, state, ask))


def slice_counts(store: Store, run_id: str, eval_name: str) -> dict[str, dict[str, int]]:
    """Slice -> value -> items, of slices that group items."""
    rows = store.query(
        f"""
        SELECT l.slice, l.value, count(*) FROM {MADE_STEPS} s JOIN item_slices l USING (step_hash)
        WHERE s.run_id = ? AND s.labels->>'eval' = ? GROUP BY l.slice, l.value ORDER BY ALL
        """,
        [run_id, eval_name],
    )
    found: dict[str, dict[str, int]] = {}
    for name, value, items in rows:
        found.setdefault(name, {})[value] = items
    return found


def slice_values(store: Store, run_id: str, chosen: PredictionFilter) -> list[str] | None:
    """The values of a slice that are shown under one name: itself, or all small ones for their pool. None where the
    slice groups answers and not items: by template, or by number of examples."""
    counts = slice_counts(store, run_id, chosen.eval).get(chosen.slice or "")
    if not counts:
        return None
    if chosen.slice_value in counts:
        return [chosen.slice_value]
    return [value for value, shown in pooled(counts).items() if shown == chosen.slice_value]


def holding(store: Store, index: ItemIndex, text: str) -> Places:
    """The answers that hold a text, or whose prompt or expected text does; small letters stand for both. Of an item
    that was asked several times all of them, when any holds it: any of them may be the one on show."""
    exact = any(letter.isupper() for letter in text)
    escaped = "".join("\\" + letter if letter in "\\%_" else letter for letter in text)
    found = " OR ".join(
        f"contains({column}, $text)" if exact else f"{column} ILIKE $text ESCAPE '\\'"
        for column in ("output", "expected", "prompt")
    )
    given = text if exact else f"%{escaped}%"
    own = "FROM predictions WHERE list_contains($steps, step_hash)"
    sql, steps = f"SELECT rowid AS at {own} AND ({found})", list(index.steps)
    if asked_several_times(store, steps):
        sql = f"SELECT rowid AS at {own} AND (step_hash, row_id) IN (SELECT step_hash, row_id {own} AND ({found}))"
    return places(store, sql, steps=steps, text=given)


def tagged_places(store: Store, index: ItemIndex, tag: str) -> Places:
    """The answers to items that carry a tag."""
    return places(
        store,
        f"""
        SELECT rowid AS at FROM predictions WHERE list_contains($steps, step_hash) AND row_id IN (
            SELECT t.row_id FROM {MADE_STEPS} s JOIN item_tags t USING (step_hash)
            WHERE s.run_id = $run AND s.kind = 'measure' AND s.labels->>'eval' = $eval AND t.tag = $tag)
        """,
        steps=list(index.steps),
        run=index.asked.run_id,
        eval=index.asked.eval,
        tag=tag,
    )


def marked_places(store: Store, index: ItemIndex) -> Places:
    return places(
        store,
        """
        SELECT p.rowid AS at FROM predictions p JOIN steps s ON s.step_hash = p.step_hash AND s.run_id = $run
        JOIN marks m ON m.row_id = p.row_id AND m.eval = $eval AND m.template = s.labels->>'template'
        WHERE list_contains($steps, p.step_hash)
        """,
        steps=list(index.steps),
        run=index.asked.run_id,
        eval=index.asked.eval,
    )


def places(store: Store, sql: str, **given: Any) -> Places:
    """The column ``at`` of a query, as an array."""
    import numpy as np

    with store.reading() as con:
        found: Places = np.asarray(con.execute(sql, given).fetchnumpy()["at"], dtype=np.int64)
    return found


def failing(found: Listed) -> Listed:
    """Of a list of all items those that failed or were not measured, to say why."""
    outcomes = found.ranked.outcomes
    return replace(found, mask=found.mask & (outcomes["failed"] | outcomes["unmeasured"]))
