"""Texts made ready to find similar ones: their sketches, and the buckets that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.shared_buckets import Buckets, shared_buckets
from runtime.sketches import Sketches, sketches

if TYPE_CHECKING:
    from runtime.shingles import Integers


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Normalised, non-empty texts, all different."""

    texts: Sequence[str]
    threshold: Fraction
    sketches: Sketches
    buckets: Buckets

    @classmethod
    def over(cls, texts: Sequence[str], threshold: Fraction, threads: int | None = None) -> TextSearch:
        made = sketches(texts, float(threshold), threads)
        return cls(texts, threshold, made, shared_buckets(texts, made.bands, threshold, threads))

    def links_by_bucket(self) -> tuple[Integers, Integers]:
        """(text, bucket) of every bucket that a text is in, in the order of the buckets."""
        import numpy as np

        row = np.repeat(np.arange(len(self.texts)), np.diff(self.buckets.starts))
        order = np.argsort(self.buckets.buckets, kind="stable")
        return row[order], self.buckets.buckets[order]
