"""Which texts share a bucket: everything that may be similar shares at least one.

A bucket is a band value that two or more texts have. Where a long common instruction stands before short questions,
thousands of texts that are not similar enough meet in one bucket. Such a **crowd** is divided by rare pieces: two sets
of Jaccard similarity t share one of their few rarest pieces (prefix filtering, Chaudhuri et al. 2006, Bayardo et al.
2007), whatever order the pieces are ranked in, so nothing is lost by it. Where even that leaves a crowd (sums of two
numbers), texts meet only if they share the rare piece and the bucket too.

Up to 10,000 texts meet by rare pieces alone, which finds every pair.

What is held is in proportion to the likeness that there is: 16 bytes for each bucket that a text is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.rare_pieces import rarest_pieces

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from runtime.shingles import Hashes, Integers

EXACT_UP_TO = 10_000  # texts
CROWD = 256  # texts
MOST_LINKS = 1 << 26  # (text, bucket) pairs that dividing a crowd may make


@dataclass(frozen=True, slots=True)
class Links:
    """Text ``rows[i]`` is in bucket ``buckets[i]`` (any order); ``sizes`` counts the texts of each bucket."""

    rows: Integers
    buckets: Integers
    sizes: Integers

    @classmethod
    def of(cls, rows: Integers, keys: npt.NDArray[Any]) -> Links:
        """A bucket for each key that several rows have."""
        import numpy as np

        order = np.argsort(keys)
        new = np.ones(len(order), bool)
        np.not_equal(keys[order[1:]], keys[order[:-1]], out=new[1:])
        counts = np.diff(np.append(np.flatnonzero(new), len(order)))
        shared = counts > 1
        inside = np.repeat(shared, counts)
        return cls(rows[order[inside]], np.repeat(np.cumsum(shared) - 1, counts)[inside], counts[shared])

    def of_size(self, wanted: npt.NDArray[np.bool_]) -> Links:
        """Those of some buckets alone."""
        import numpy as np

        inside = wanted[self.buckets]
        return Links(self.rows[inside], (np.cumsum(wanted) - 1)[self.buckets[inside]], self.sizes[wanted])

    def divided(self) -> tuple[Links, Links]:
        """The buckets that are no crowd, and the others."""
        crowd = self.sizes > CROWD
        return self.of_size(~crowd), self.of_size(crowd)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Text ``i`` is in the buckets ``buckets[starts[i]:starts[i + 1]]``; ``sizes`` counts the texts of each bucket."""

    starts: Integers
    buckets: Integers
    sizes: Integers

    @classmethod
    def of(cls, texts: int, parts: Sequence[Links]) -> Buckets:
        """All links of several sets of buckets, by text."""
        import numpy as np

        offsets = np.cumsum([0, *(len(part.sizes) for part in parts)])
        packed = np.concatenate(
            [part.rows << 32 | part.buckets + offset for part, offset in zip(parts, offsets, strict=False)]
        )
        packed.sort()
        starts = np.concatenate([[0], np.cumsum(np.bincount(packed >> 32, minlength=texts))])
        return cls(starts, packed & 0xFFFFFFFF, np.concatenate([part.sizes for part in parts]))


def shared_buckets(texts: Sequence[str], bands: Hashes, threshold: Fraction, threads: int | None = None) -> Buckets:
    """The buckets of normalised texts, from their bands ``(texts, bands)``; for few texts exactly, from rare pieces."""
    import numpy as np

    if len(texts) < 2:
        none = np.empty(0, np.int64)
        return Buckets.of(len(texts), [Links(none, none, none)])
    everyone = np.arange(len(texts))
    exact = rarest_pieces(texts, everyone, threshold, MOST_LINKS, threads) if len(texts) <= EXACT_UP_TO else None
    if exact is not None:
        return Buckets.of(len(texts), [Links.of(*exact)])
    found, crowds = [], []
    for band in bands.T:
        few, crowd = Links.of(everyone, np.ascontiguousarray(band)).divided()
        found.append(few)
        crowds.append(crowd)
    if any(len(crowd.sizes) for crowd in crowds):
        found += _divided(texts, crowds, threshold, threads)
    return Buckets.of(len(texts), found)


def _divided(texts: Sequence[str], crowds: list[Links], threshold: Fraction, threads: int | None) -> list[Links]:
    """The crowds by rare pieces, and those of them that are crowds still by bucket and piece."""
    import numpy as np

    rows = np.unique(np.concatenate([crowd.rows for crowd in crowds]))
    rare = rarest_pieces(texts, rows, threshold, MOST_LINKS, threads)
    if rare is None:
        return crowds
    few, still = Links.of(*rare).divided()
    if len(still.rows) * len(crowds) > MOST_LINKS:
        return [few, still]
    return [few, *(_in_both(still, crowd, len(texts)) for crowd in crowds)]


def _in_both(pieces: Links, band: Links, texts: int) -> Links:
    """Texts that share a bucket of each. A text is in one bucket of a band at most."""
    import numpy as np

    bucket = np.full(texts, -1)
    bucket[band.rows] = band.buckets
    also = bucket[pieces.rows]
    inside = also >= 0
    return Links.of(pieces.rows[inside], pieces.buckets[inside] << 32 | also[inside])


@dataclass(frozen=True, slots=True)
class Survivors:
    """The buckets as they fill with survivors: those of bucket ``b`` are ``pool[first[b]:first[b] + filled[b]]``."""

    buckets: Buckets
    pool: Integers
    first: Integers
    filled: Integers

    @classmethod
    def over(cls, buckets: Buckets) -> Survivors:
        import numpy as np

        first = np.cumsum(buckets.sizes) - buckets.sizes
        return cls(buckets, np.empty(len(buckets.buckets), np.int64), first, np.zeros(len(first), np.int64))

    @property
    def in_company(self) -> npt.NDArray[np.bool_]:
        """Of every text whether it shares any bucket."""
        import numpy as np

        return np.diff(self.buckets.starts) > 0

    def proposed(self, texts: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """Each of the texts against the survivors in its buckets, as ``similar_pairs.possible`` takes them."""
        row, bucket = self._entries(texts)
        return row, self.pool, self.first[bucket], self.filled[bucket]

    def among(self, texts: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """Each of the texts against those before it that share a bucket with it."""
        import numpy as np

        row, bucket = self._entries(texts)
        order = np.lexsort((row, bucket))
        row, start = row[order], starts_of_runs(bucket[order])
        return row, row, start, np.arange(len(row)) - start

    def add(self, texts: Integers) -> None:
        """Let the texts be survivors."""
        import numpy as np

        row, bucket = self._entries(texts)
        order = np.lexsort((row, bucket))
        row, bucket = row[order], bucket[order]
        nth = np.arange(len(row)) - starts_of_runs(bucket)
        self.pool[self.first[bucket] + self.filled[bucket] + nth] = row
        np.add.at(self.filled, bucket, 1)

    def _entries(self, texts: Integers) -> tuple[Integers, Integers]:
        """(text, bucket) of every bucket that the texts are in."""
        import numpy as np

        starts = self.buckets.starts[texts]
        counts = self.buckets.starts[texts + 1] - starts
        at = np.arange(int(counts.sum())) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        return np.repeat(texts, counts), self.buckets.buckets[at]


def starts_of_runs(values: Integers) -> Integers:
    """Of every position the first position of the run of equal values that it is in."""
    import numpy as np

    new = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    starts: Integers = np.flatnonzero(new)[np.cumsum(new) - 1]
    return starts
