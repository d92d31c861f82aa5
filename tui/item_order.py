"""Which items a filter has and in which order: numpy over an ``ItemIndex``, a few milliseconds for a million items.

``outcomes`` tells items apart by what was measured of subject and baseline. A filter is a mask; the order of all items
is found once a metric, and a filtered list is that order without what the mask leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from tui.item_index import ItemIndex

if TYPE_CHECKING:
    from tui.item_index import Floats, Mask, Positions

Outcome = Literal["all", "failed", "lost", "gained", "still", "incomparable", "unmeasured", "passed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Ranked:
    """An index with its outcomes and its order, each found when it is first asked for."""

    def __init__(self, index: ItemIndex) -> None:
        self.index = index

    @cached_property
    def outcomes(self) -> Mapping[Outcome, Mask]:
        """Failed and passed are of metrics that are right or wrong; lost and gained against the baseline, where the
        metric has a better side. Incomparable is what was measured of one of the two models alone."""
        import numpy as np

        index = self.index
        none = np.zeros(len(index), bool)
        measured = ~np.isnan(index.value)
        failed = passed = lost = gained = none
        if index.graded:
            wrong = index.value > 0 if index.better == "lower" else index.value < 1
            failed, passed = measured & wrong, measured & ~wrong
        if index.better != "neither":
            sign = -1 if index.better == "lower" else 1
            gain = sign * (index.value - index.base)
            lost, gained = gain < 0, gain > 0  # NaN is neither
        base_wrong = index.base > 0 if index.better == "lower" else index.base < 1
        compared = index.asked.baseline is not None or index.asked.base_run is not None
        return {
            "all": ~none,
            "failed": failed,
            "lost": lost,
            "gained": gained,
            "still": failed & index.has_base & base_wrong & ~lost & ~gained,
            "incomparable": (measured != index.has_base) if compared else none,
            "unmeasured": ~measured,
            "passed": passed,
        }

    @cached_property
    def flips(self) -> bool:
        """Whether every item is right or wrong, on both sides: of several answers some may be right, and then an item
        that does better beside the baseline need not be right."""
        import numpy as np

        index = self.index
        return index.graded and all(
            bool(((values == 0) | (values == 1) | np.isnan(values)).all()) for values in (index.value, index.base)
        )

    @cached_property
    def order(self) -> Positions:
        """All items: not measured, then the worst, among equals those that the baseline does best, then as asked."""
        import numpy as np

        index = self.index
        goodness = -index.value if index.better == "lower" else index.value
        baseline = -index.base if index.better == "lower" else index.base
        first, second = _ranks(goodness, missing=-1), _ranks(-baseline, missing=1)
        if first.dtype == second.dtype == np.uint8:  # a stable sort of bytes is a count
            by_second = np.argsort(second, kind="stable")
            return by_second[np.argsort(first[by_second], kind="stable")].astype(np.int32)
        return np.lexsort((second, first)).astype(np.int32)  # stable too

    def listed(self, mask: Mask) -> Positions:
        """The items of a mask in order."""
        found: Positions = self.order[mask[self.order]]
        return found

    def counts(self, mask: Mask) -> dict[Outcome, int]:
        return {name: int((mask & of).sum()) for name, of in self.outcomes.items()}


def _ranks(values: Floats, missing: int) -> Floats:
    """Something that sorts as the values do, NaN before (-1) or behind (1) all; bytes where there are few values."""
    import numpy as np

    none = np.isnan(values)
    some = values[~none]
    known = np.unique(some[:: max(1, len(some) // 1000)])[:200]
    places = np.searchsorted(known, values) if len(known) else np.zeros(len(values), np.int64)
    if len(known) and bool((known[np.minimum(places, len(known) - 1)] == values)[~none].all()):
        ranks = (places + 1).astype(np.uint8)
        ranks[none] = 0 if missing < 0 else 255
        return ranks  # type: ignore[return-value]
    return np.where(none, -np.inf if missing < 0 else np.inf, values)
