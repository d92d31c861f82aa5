"""The comparison of two models by one metric, from their answers alone. Pure: no store, no clock, no drawing unseeded.

Items pair by their id, which is a hash of their content. An item that either side lacks, or could not be measured
under every template, is *incomparable*: it is listed with its reason, the numbers are taken without it, and the
comparison is inconclusive, because which items are missing is seldom chance. So it is when something else than the
model differs. Swapping the sides swaps regressed and fixed, changes the sign of the difference and leaves the p-value.

Cost: one pass of numpy, and for plain numbers or several templates a sign-flip test (0.2 s for 1,000 items).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from runtime.comparison.pair import LEVEL, Change, Floats, Pair, Side, side_aggregate, whole_pairs
from runtime.measuring.aggregates import Aggregate
from runtime.measuring.slices import parts
from runtime.statistics.multiplicity import holm

Bucket: TypeAlias = Literal["regressed", "fixed", "failing", "passing", "lower", "higher", "same", "incomparable"]
Outcome: TypeAlias = Literal["better", "worse", "higher", "lower", "no difference shown", "inconclusive"]

# What needs a look comes first.
ORDER: tuple[Bucket, ...] = (*("regressed", "lower", "incomparable", "fixed", "higher", "failing", "same", "passing"),)


@dataclass(frozen=True)
class Item:
    """``first`` and ``second`` are means over the templates; ``template`` is the one under which they differ most."""

    row_id: str
    bucket: Bucket
    first: float | None
    second: float | None
    template: str
    reason: str = ""


@dataclass(frozen=True)
class SliceChange:
    """``adjusted`` is Holm's p-value over the values of the slice."""

    slice: str
    value: str
    change: Change | None
    buckets: Mapping[Bucket, int]
    adjusted: float | None


@dataclass(frozen=True)
class TwoModels:
    """``differs`` names what else than the model differs, ``unknown`` what is not known to be the same; ``of`` are the
    items that either side has. Without details there are neither ``items`` nor ``slices``."""

    first: str
    second: str
    metric: str
    unit: str
    better: Literal["higher", "lower"] | None
    templates: tuple[str, ...]
    before: Aggregate
    after: Aggregate
    change: Change | None
    outcome: Outcome
    differs: tuple[str, ...]
    unknown: tuple[str, ...]
    of: int
    items: tuple[Item, ...]
    slices: tuple[SliceChange, ...]

    @property
    def buckets(self) -> dict[Bucket, int]:
        return counted(self.items)


def counted(items: Sequence[Item]) -> dict[Bucket, int]:
    """How many items each bucket has, those without any left out, what needs a look first."""
    found = Counter(item.bucket for item in items)
    return {bucket: found[bucket] for bucket in ORDER if found[bucket]}


def two_models(
    first: Side,
    second: Side,
    metric: str,
    unit: str,
    *,
    better: Literal["higher", "lower"] | None,
    seed: int,
    differs: Sequence[str] = (),
    unknown: Sequence[str] = (),
    slices: Mapping[str, Mapping[str, Collection[str]]] | None = None,
    details: bool = True,
) -> TwoModels:
    """Compare two sides; ``slices`` give the values of each item, by slice. Items follow ``ORDER``, then their ids.
    Whoever wants the change alone leaves out the ``details``: they are a pass of Python over all items (15 µs each) and
    a test a slice."""
    templates = tuple(name for name in second.templates if name in first.templates)
    told = list(differs)
    if set(first.templates) != set(second.templates):
        told.append(f"templates: {_named(first.templates)} against {_named(second.templates)}")
    row_ids = sorted({*first.row_ids, *second.row_ids})
    lonely = len(row_ids) - len({*first.row_ids} & {*second.row_ids})
    if lonely:
        told.append(f"data: {lonely:,} item{'s are' if lonely != 1 else ' is'} in one of them only")
    pair = Pair.of(first, second, row_ids, templates, unit, seed)
    one, two = pair.one, pair.two
    whole = whole_pairs(one, two)
    items = tuple(_items(first, second, row_ids, templates, one, two, unit, better)) if details else ()
    change = pair.change(whole)
    return TwoModels(
        first=first.label,
        second=second.label,
        metric=metric,
        unit=unit,
        better=better,
        templates=templates,
        before=side_aggregate(first, unit),
        after=side_aggregate(second, unit),
        change=change,
        outcome=_outcome(change, better, bool(told) or not whole.all()),
        differs=tuple(told),
        unknown=tuple(unknown),
        of=len(row_ids),
        items=tuple(sorted(items, key=lambda item: (ORDER.index(item.bucket), item.row_id))),
        slices=tuple(_slices(row_ids, items, pair, slices or {})) if details else (),
    )


def _named(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names) or "none"


def _outcome(change: Change | None, better: str | None, incomplete: bool) -> Outcome:
    """The test decides at 5%; what is not whole, or differs in more than the model, decides nothing."""
    if change is None or incomplete or (change.obstacle and (change.gained or change.lost)):
        return "inconclusive"
    if change.p_value > 1 - LEVEL or change.estimate == 0:
        return "no difference shown"
    up = change.estimate > 0
    if better is None:
        return "higher" if up else "lower"
    return "better" if up == (better == "higher") else "worse"


def _items(
    first: Side,
    second: Side,
    row_ids: Sequence[str],
    templates: Sequence[str],
    one: Floats,
    two: Floats,
    unit: str,
    better: str | None,
) -> list[Item]:
    whole = whole_pairs(one, two)
    found = []
    for index, row_id in enumerate(row_ids):
        if not whole[index]:
            reason = _why(row_id, first, second)
            values = (_mean(one[index]), _mean(two[index]))
            found.append(Item(row_id, "incomparable", *values, templates[0] if templates else "", reason))
            continue
        before, after = float(one[index].mean()), float(two[index].mean())
        most = int(np.argmax(np.abs(two[index] - one[index])))
        found.append(Item(row_id, _bucket(before, after, unit, better), before, after, templates[most]))
    return found


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _bucket(before: float, after: float, unit: str, better: str | None) -> Bucket:
    if before == after:
        best = 0.0 if better == "lower" else 1.0
        return "same" if unit != "share" or better is None else "passing" if after == best else "failing"
    if better is None:
        return "higher" if after > before else "lower"
    return "fixed" if (after > before) == (better == "higher") else "regressed"


def _why(row_id: str, first: Side, second: Side) -> str:
    """Why an item cannot be compared."""
    sides = (first, second)
    absent = [side.label for side in sides if row_id not in side.row_ids]
    silent = [side.label for side in sides if row_id in side.row_ids and row_id not in side.answered]
    if absent:
        return f"not in the data of {' and '.join(absent)}"
    if silent:
        return f"not answered by {' and '.join(silent)}"
    return "the metric could not be measured"


def _slices(
    row_ids: Sequence[str],
    items: Sequence[Item],
    pair: Pair,
    slices: Mapping[str, Mapping[str, Collection[str]]],
) -> list[SliceChange]:
    """The values of each slice in their order; small ones are pooled as everywhere."""
    whole = whole_pairs(pair.one, pair.two)
    found: list[SliceChange] = []
    for name, values in slices.items():
        here: list[SliceChange] = []
        for part in parts([values.get(row_id, ()) for row_id in row_ids]):
            change = pair.change(part.mask & whole)
            inside = [item for item, is_in in zip(items, part.mask.tolist(), strict=True) if is_in]
            here.append(SliceChange(name, part.value, change, counted(inside), None))
        tested = [index for index, item in enumerate(here) if item.change is not None]
        adjusted = holm([change.p_value for index in tested if (change := here[index].change) is not None])
        for index, p_value in zip(tested, adjusted, strict=True):
            item = here[index]
            here[index] = SliceChange(item.slice, item.value, item.change, item.buckets, p_value)
        found += here
    return found
