"""The items of a list from one position to another, with the texts that a line shows: read by their places."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store import Store
from tui.item_filters import Listed

HEAD_CHARACTERS = 400
# As a join, of which only the groups with these rows are read; of a list in the text ten times as many are.
_THESE = "(SELECT unnest(?::BIGINT[]))"


class StaleIndex(Exception):
    """Places have moved since the index was made: it has to be made again."""


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """``value`` and ``base_value`` are the metric of subject and baseline; NULL when it was not measured. ``reason`` is
    what a metric says of the answer. Both texts are heads; ``differs_later`` where they differ behind them alone."""

    row_id: str
    template: str
    value: float | None
    base_value: float | None
    output: str
    expected: str
    reason: str | None = None
    differs_later: bool = False


def item_rows(store: Store, found: Listed, begin: int, end: int) -> list[PredictionRow]:
    """Items of a list by position. Raises StaleIndex."""
    index, items = found.index, found.order[begin:end].tolist()
    if not items:
        return []
    places = [int(index.at[item]) for item in items]
    with store.reading() as con:
        heads = con.execute(
            f"SELECT rowid, hash(row_id), row_id, left(output, {HEAD_CHARACTERS}) AS said, "
            f"left(expected, {HEAD_CHARACTERS}) AS wanted, coalesce(said = wanted AND output <> expected, false) "
            f"FROM predictions WHERE rowid IN {_THESE}",
            [places],
        ).fetchall()
        said: dict[int, str] = {}
        if index.reasons is not None and (noted := [int(index.reasons[i]) for i in items if index.reasons[i] >= 0]):
            texts = f"SELECT rowid, reason FROM item_metrics WHERE rowid IN {_THESE}"
            said = dict(con.execute(texts, [noted]).fetchall())
    by_place = {place: tuple(rest) for place, *rest in heads}
    rows = []
    for item, place in zip(items, places, strict=True):
        print_, row_id, output, expected, later = by_place.get(place, (None, "", "", "", False))
        if print_ != int(index.prints[item]):
            raise StaleIndex
        reason = said.get(int(index.reasons[item])) if index.reasons is not None else None
        template = index.templates[int(index.cell[item])]
        values = _number(index.value[item]), _number(index.base[item])
        rows.append(PredictionRow(row_id, template, *values, output, expected, reason, later))
    return rows


def position_of(found: Listed, item: tuple[int, str] | None) -> int | None:
    """Where an item stands in a list; None when it is not in it."""
    import numpy as np

    index = found.index
    if item is None or item[1] not in index.templates:
        return None
    items = np.flatnonzero((index.prints == np.uint64(item[0])) & (index.cell == index.templates.index(item[1])))
    spots = np.flatnonzero(found.order == items[0]) if len(items) else items
    return int(spots[0]) if len(spots) else None


def item_at(found: Listed, position: int) -> tuple[int, str] | None:
    """What tells the item at a position from others, in this list and in one that is made later: the hash of its id and
    its template. No row has to be read for it."""
    if not 0 <= position < len(found.order):
        return None
    item = int(found.order[position])
    return int(found.index.prints[item]), found.index.templates[int(found.index.cell[item])]


def _number(value: float) -> float | None:
    return None if value != value else float(value)
