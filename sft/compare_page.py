"""A comparison of two models for people, as tables, and for programs, as one record. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from runtime.comparison.pair import Change
from runtime.comparison.two_models import Bucket, Item, SliceChange, TwoModels
from sft.comparing_models import Compared
from sft.plain_tables import Page, Table
from spec_lang.plain_text import one_line
from tui.formats import NOTHING, estimate, number

_WIDTH = 240  # characters of a text that are told of an item


def page(found: Sequence[Compared]) -> Page:
    """All comparisons; every table says which one it belongs to."""
    first, second = found[0].result.first, found[0].result.second
    tables = [_summary(found)]
    for item in found:
        tables += [table for table in (_slices(item), *_items(item)) if table.rows]
    head = f"{second} against {first}: the change is second minus first on the same items, with its 95% interval"
    return Page(
        {"first": first, "second": second, "comparisons": [_record(item) for item in found]}, head, tuple(tables)
    )


def _summary(found: Sequence[Compared]) -> Table:
    rows, notes = [], []
    for item in found:
        result = item.result
        name = f"{item.eval}.{result.metric}"
        sides = (_side(result, result.before), _side(result, result.after))
        n = f"{result.change.n:,}" if result.change is not None else "0"
        rows.append((name, *sides, _change(result.change, result.unit), n, result.outcome))
        notes.append("; ".join(_said(result)))
    columns = ("metric", "first", "second", "change", "n", "outcome")
    return Table("", columns, rows, frozenset({4}), notes, "why")


def _side(result: TwoModels, side: Any) -> str:
    return estimate(side.estimate, side.low, side.high, result.unit)


def _change(change: Change | None, unit: str) -> str:
    if change is None:
        return NOTHING
    return estimate(change.estimate, change.low, change.high, "points" if unit == "share" else unit, signed=True)


def _said(result: TwoModels) -> Iterator[str]:
    """What stands below a comparison: what differs, the buckets, the test."""
    yield from result.differs
    if result.buckets:
        yield ", ".join(f"{count:,} {bucket}" for bucket, count in result.buckets.items())
    if result.change is None:
        yield "no item that both answered"
    elif result.change.obstacle:
        yield result.change.obstacle
    else:
        yield f"p = {result.change.p_value:.3g} for a difference ({result.change.test})"


def _slices(item: Compared) -> Table:
    result = item.result
    rows = [
        (
            f"{one.slice} = {one.value}",
            _change(one.change, result.unit),
            f"{one.change.n:,}" if one.change is not None else "0",
            _counts(one.buckets),
            NOTHING if one.adjusted is None else f"{one.adjusted:.3g}",
        )
        for one in result.slices
    ]
    columns = ("slice", "change", "n", "items", "p (Holm)")
    return Table(f"{item.eval}.{result.metric} by slice", columns, rows, frozenset({2, 4}))


def _counts(buckets: Mapping[Bucket, int]) -> str:
    return ", ".join(f"{count:,} {bucket}" for bucket, count in buckets.items())


def _items(item: Compared) -> Iterator[Table]:
    result = item.result
    rows = [(one.bucket, one.row_id[:12], _values(one, result.unit)) for one, _ in item.listed]
    notes = [
        " · ".join(
            f"{name}: {one_line(text, _WIDTH)}"
            for name, text in (
                ("", one.reason),
                ("asked", texts.asked),
                ("expected", texts.expected),
                (result.first, texts.first),
                (result.second, texts.second),
            )
            if text
        ).removeprefix(": ")
        for one, texts in item.listed
    ]
    more = f" ({item.more:,} more; `--limit`)" if item.more else ""
    yield Table(
        f"{item.eval}.{result.metric}, items{more}", ("bucket", "item", "value"), rows, frozenset(), notes, "texts"
    )


def _values(item: Item, unit: str) -> str:
    return f"{number(item.first, unit)} -> {number(item.second, unit)}"


# --- for programs -----------------------------------------------------------------------------------


def _record(item: Compared) -> dict[str, Any]:
    result = item.result
    return {
        "eval": item.eval,
        "metric": result.metric,
        "unit": result.unit,
        "better": result.better,
        "templates": list(result.templates),
        "outcome": result.outcome,
        "differs": list(result.differs),
        "unknown": list(result.unknown),
        "first": asdict(result.before),
        "second": asdict(result.after),
        "change": None if result.change is None else asdict(result.change),
        "buckets": dict(result.buckets),
        "slices": [_slice_record(one) for one in result.slices],
        "items": [asdict(one) | {"texts": asdict(texts)} for one, texts in item.listed],
        "items_not_listed": item.more,
    }


def _slice_record(one: SliceChange) -> dict[str, Any]:
    return {**asdict(one), "buckets": dict(one.buckets)}
