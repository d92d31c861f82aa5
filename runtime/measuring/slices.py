"""Slices of an evaluation set, and what becomes of those too small to say anything.

A slice under 30 items gives an interval tens of points wide, and with many slices some small one
always looks alarming. Such slices are shown and decided together, under a name that says so.

An item may be in several values of a slice (tags). It counts in each of them, and once in the pool
of all small ones, however many of those it has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.measuring.slice_names import SMALL, in_order, pooled

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """The items of one slice value, or of the pool of small ones; ``mask`` is over all items. ``columns`` are the cells
    that count, where a slice is of templates or of numbers of examples; None: all of them."""

    value: str
    mask: Mask
    is_pool: bool = False
    columns: tuple[int, ...] | None = None

    @property
    def is_small(self) -> bool:
        """A pool that even so is under the size at which a slice is trusted."""
        return self.is_pool and int(self.mask.sum()) < SMALL

    def of(self, answers: Floats) -> Floats:
        """The part's answers out of a matrix items × cells."""
        chosen = answers[self.mask]
        return chosen if self.columns is None else chosen[:, list(self.columns)]


def parts(values: Sequence[Collection[str]]) -> list[Part]:
    """Parts in the order of their values, the pool last. ``values`` has the values of each item, none where it is in no
    part."""
    places: dict[str, list[int]] = {}
    for place, found in enumerate(values):
        for value in set(found):
            places.setdefault(value, []).append(place)
    shown = pooled({value: len(found) for value, found in places.items()})
    pools = {label for value, label in shown.items() if value != label}
    masks: dict[str, Mask] = {}
    for value, found in places.items():
        masks.setdefault(shown[value], np.zeros(len(values), dtype=bool))[found] = True
    labels = sorted(masks, key=lambda label: (label in pools, in_order(label)))
    return [Part(label, masks[label], label in pools) for label in labels]
