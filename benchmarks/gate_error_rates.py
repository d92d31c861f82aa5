"""How often gates err: the table in docs/statistics.md. ``python benchmarks/gate_error_rates.py``, about half a minute.

Two models answer the same n items and 20% of the items flip between them. The first table sums over every possible
outcome (no simulation error) and sets the ``no_worse_than ... by 5pt at 95%`` gate beside rules that people use
instead. The second draws seeded answers to the same item under two templates, which resemble each other, and asks how
often a floor at the true value passes, and how often the interval holds the truth.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
from scipy.stats import binom

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runtime.gating.comparison import compare
from runtime.gating.decision import Verdict
from runtime.gating.no_worse import judge
from runtime.statistics import one_sided, two_sided
from runtime.statistics.clustered import Clusters, share_bounds
from runtime.statistics.paired import Pairs, mcnemar_mid_p
from runtime.statistics.proportion import clopper_pearson

LEVEL = 0.95
FLIPS = 0.2
MARGIN = 0.05
ACCURACY = 0.8
DRAWS = 4000


def outcomes(n: int, difference: float) -> Iterator[tuple[Pairs, float]]:
    """Every table of n pairs with its probability; what is left out adds up to less than 0.0005."""
    gain_share = (FLIPS + difference) / (2 * FLIPS)
    right = round(n * (ACCURACY - FLIPS / 2))
    for flipped, chance in enumerate(binom.pmf(np.arange(n + 1), n, FLIPS)):
        if chance > 1e-6:
            for gained, split in enumerate(binom.pmf(np.arange(flipped + 1), flipped, gain_share)):
                if chance * split > 1e-7:
                    both = min(right, n - flipped)
                    yield Pairs(both, n - flipped - both, gained, flipped - gained), float(chance * split)


def gate(pairs: Pairs) -> Verdict:
    """The gate's own verdict, by the code that decides real ones."""
    counts = [pairs.both_right, pairs.both_wrong, pairs.gained, pairs.lost]
    candidate, baseline = np.repeat([1.0, 0.0, 1.0, 0.0], counts), np.repeat([1.0, 0.0, 0.0, 1.0], counts)
    return judge(compare(candidate[:, None], baseline[:, None], "share", LEVEL, 0), MARGIN)


def unpaired_z(pairs: Pairs) -> bool:
    """A one-sided two-proportion z-test that forgets that the items are the same."""
    n = pairs.n
    candidate, baseline = (pairs.both_right + pairs.gained) / n, (pairs.both_right + pairs.lost) / n
    pooled = (candidate + baseline) / 2
    return (candidate - baseline) / sqrt(2 * pooled * (1 - pooled) / n) <= NormalDist().inv_cdf(0.05)


ALARMS: dict[str, Callable[[Pairs], bool]] = {
    "any drop at all": lambda pairs: pairs.lost > pairs.gained,
    "a drop of more than 2 points": lambda pairs: pairs.difference < -0.02,
    "unpaired z-test, p <= 0.05": unpaired_z,
    "McNemar mid-p <= 0.05": lambda pairs: mcnemar_mid_p(pairs) <= 0.05,
    "`no_worse_than … by 5pt at 95%` fails": lambda pairs: gate(pairs) is Verdict.FAIL,
    "`no_worse_than … by 5pt at 95%` passes": lambda pairs: gate(pairs) is Verdict.PASS,
}


def paired_table() -> Iterator[str]:
    yield "| rule says | true change | n = 60 | n = 200 | n = 500 |"
    yield "|---|---|---|---|---|"
    shares: dict[tuple[str, float], list[str]] = {}
    for n in (60, 200, 500):
        for difference in (0.0, -MARGIN, -2 * MARGIN):
            listed = list(outcomes(n, difference))
            for rule, alarm in ALARMS.items():
                share = sum(chance for pairs, chance in listed if alarm(pairs))
                shares.setdefault((rule, difference), []).append(f"{100 * share:.1f}%")
    for (rule, difference), cells in sorted(shares.items(), key=lambda item: list(ALARMS).index(item[0][0])):
        yield f"| {rule} | {'none' if difference == 0 else f'{100 * difference:+.0f} pt'} | {' | '.join(cells)} |"


def clustered_table() -> Iterator[str]:
    yield "| items × templates | truth | correlation | passes, answers as items | passes, ours | interval holds |"
    yield "|---|---|---|---|---|---|"
    random = np.random.default_rng(1)
    for n, share, correlation in ((60, 0.8, 0.1), (60, 0.8, 0.5), (60, 0.8, 0.9), (200, 0.8, 0.5), (200, 0.95, 0.9)):
        strength = (1 - correlation) / correlation
        ability = random.beta(share * strength, (1 - share) * strength, (DRAWS, n, 1))
        draws = (random.random((DRAWS, n, 2)) < ability).astype(float)
        naive = np.mean([clopper_pearson(a.sum(), a.size, one_sided(LEVEL)).low >= share for a in draws])
        clusters = [Clusters.of_rows(answers) for answers in draws]
        ours = np.mean([share_bounds(item, one_sided(LEVEL)).low >= share for item in clusters])
        shown = [share_bounds(item, two_sided(LEVEL)) for item in clusters]
        held = np.mean([low <= share <= high for low, high in shown])
        yield f"| {n} × 2 | {share:.0%} | {correlation} | {naive:.1%} | {ours:.1%} | {held:.1%} |"


def main() -> None:
    for line in paired_table():
        print(line)
    print()
    for line in clustered_table():
        print(line)


if __name__ == "__main__":
    main()
