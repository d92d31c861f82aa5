"""pass@k: how likely one of k samples passes, estimated from n samples of which c passed.

Chen et al. 2021 (arXiv:2107.03374), equation 1: ``1 - C(n - c, k) / C(n, k)``, the share of all choices of k among the
n samples that hold one which passed. It is unbiased for every n >= k; ``1 - (1 - c/n)^k`` is not, and too low.
"""

from __future__ import annotations

from math import comb


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
