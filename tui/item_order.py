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
    import numpy as np
    from numpy.typing import NDArray

    from tui.item_index import Floats, Mask, Positions

Outcome = Literal["all", "failed", "lost", "gained", "still", "incomparable", "unmeasured", "passed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_BYTES = 256


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
        if first is not None and second is not None and (first[1] + 1) * (second[1] + 1) <= _BYTES:
            both = first[0].astype(np.uint16) * (second[1] + 1) + second[0]
            return np.argsort(both.astype(np.uint8), kind="stable").astype(np.int32)  # of bytes a stable sort counts
        worst = np.where(np.isnan(goodness), -np.inf, goodness)
        best = np.where(np.isnan(baseline), np.inf, -baseline)
        return np.lexsort((best, worst)).astype(np.int32)  # stable too

    def listed(self, mask: Mask) -> Positions:
        """The items of a mask in order."""
        found: Positions = self.order[mask[self.order]]
        return found

    def counts(self, mask: Mask) -> dict[Outcome, int]:
        return {name: int((mask & of).sum()) for name, of in self.outcomes.items()}


def _ranks(values: Floats, missing: int) -> tuple[NDArray[np.uint8], int] | None:
    """Bytes that sort as the values do, NaN before (-1) or behind (1) all, and the highest of them; None where there
    are too many different values. Those of a thousand items are taken for all, and then looked at."""
    import numpy as np

    some = values[:: max(1, len(values) // 1000)]
    known, none = np.unique(some[~np.isnan(some)]), np.isnan(values)
    if not len(known) and bool(none.all()):
        return np.zeros(len(values), np.uint8), 0
    if not 0 < len(known) < _BYTES:
        return None
    places = np.minimum(np.searchsorted(known, values), len(known) - 1).astype(np.uint8)
    if not bool(((known[places] == values) | none).all()):
        return None
    if missing < 0:
        places += 1
    places[none] = 0 if missing < 0 else len(known)
    return places, len(known)
