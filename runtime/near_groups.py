"""Groups of texts that are alike, directly or through other texts: what a split may not part.

Two texts are in one group when a chain of texts leads from one to the other in which each is as similar to the next as
the threshold asks: the connected components. Every pair is decided by the exact similarity, as in ``near_duplicates``.

Most pairs need no look. Every near duplicate is joined with the survivor that it is like; after that only pairs
of different groups are looked at, a slice of the buckets at a time, so that a crowd of a hundred thousand alike costs
no more here than it did there. Groups do not depend on the order of the texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.near_duplicates import Tick, fallen
from runtime.shared_buckets import starts_of_runs
from runtime.similar_pairs import possible, similar
from runtime.text_search import TextSearch

if TYPE_CHECKING:
    from runtime.shingles import Integers

SLICE = 1 << 24  # pairs that the buckets of a slice could have


def near_groups(
    texts: Sequence[str], threshold: Fraction, tick: Tick = lambda done, of: None, *, threads: int | None = None
) -> Integers:
    """Of every normalised, non-empty text the position of the first text of its group (int64). The texts differ."""
    import numpy as np

    search = TextSearch.over(texts, threshold, threads)
    to = fallen(search, tick=tick).to
    groups = np.where(to >= 0, to, np.arange(len(texts)))
    row, bucket = search.links_by_bucket()
    sizes = search.buckets.sizes
    ends = np.cumsum(sizes)
    work = np.cumsum(sizes * sizes)
    start = 0
    while start < len(sizes):
        tick(len(texts), len(texts))
        before = int(work[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(work, before + SLICE, "right")))
        part = slice(int(ends[start - 1]) if start else 0, int(ends[end - 1]))
        pairs = possible(search.sketches, threshold, *_of_different_groups(row[part], bucket[part], groups))
        found = similar(texts, search.sketches, threshold, *pairs)
        groups = _joined(groups, found.left, found.right)
        start = end
    return groups


def _of_different_groups(
    row: Integers, bucket: Integers, groups: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Each text against those of its bucket that are of an earlier group, as ``possible`` takes them."""
    import numpy as np

    order = np.lexsort((groups[row], bucket))
    row, bucket = row[order], bucket[order]
    first = starts_of_runs(bucket)
    own = starts_of_runs(bucket << 32 | groups[row])
    return row, row, first, own - first


def _joined(groups: Integers, left: Integers, right: Integers) -> Integers:
    """The groups after joining those of each pair."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(left):
        return groups
    edges = coo_array((np.ones(len(left), bool), (groups[left], groups[right])), shape=(len(groups), len(groups)))
    _, component = connected_components(edges, directed=False)
    of_group = component[groups]
    first = np.full(len(groups), len(groups))
    np.minimum.at(first, of_group, np.arange(len(groups)))
    joined: Integers = first[of_group]
    return joined
