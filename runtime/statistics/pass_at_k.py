"""pass@k: how likely one of k samples passes, estimated from n samples of which c passed.

Chen et al. 2021 (arXiv:2107.03374), equation 1: ``1 - C(n - c, k) / C(n, k)``, the share of all choices of k among the
n samples that hold one which passed. It is unbiased for every n >= k; ``1 - (1 - c/n)^k`` is not, and too low.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def pass_at_k(samples: int, passed: int, k: int) -> float | None:
    """From 0 to 1; None where there are fewer samples than k, which is too few to tell. Exact up to one rounding.

    Raises ValueError for counts that cannot be: ``passed`` outside of 0 to ``samples``, or a k below 1.
    """
    if not 0 <= passed <= samples or k < 1:
        raise ValueError(f"no counts: {passed} of {samples} passed, k = {k}")
    if samples < k:
        return None
    choices = comb(samples, k)
    return (choices - comb(samples - passed, k)) / choices


def at_k(passed: Floats, k: int) -> Floats:
    """pass@k of each row of a matrix items × samples of 0 and 1; NaN where one of its samples is NaN."""
    import numpy as np

    samples = passed.shape[1]
    of = np.array([pass_at_k(samples, count, k) for count in range(samples + 1)], dtype=np.float64)
    there = ~np.isnan(passed).any(axis=1)
    found = np.full(len(passed), np.nan)
    found[there] = of[passed[there].sum(axis=1).astype(int)]
    return found
