"""How often gates err: the tables of docs/statistics.md. ``python benchmarks/gate_error_rates.py`` prints them in about
half a minute, and ``--write`` puts them into the page.

Two models answer the same n items, and some share of the items flips between them. Verdicts of one template depend on
the two kinds of flip alone, so those tables sum over every possible outcome and have no simulation error: every outcome
is decided by the score tests behind the intervals that gates use, on whole arrays (``tests/runtime/statistics`` holds
them to the code that decides real gates). Answers to one item under several templates resemble each other; what follows
from that is drawn, with a seed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runtime.statistics import one_sided, two_sided
from runtime.statistics.clustered import Clusters, share_bounds
from runtime.statistics.paired_means import sign_flip_p
from runtime.statistics.proportion import clopper_pearson

PAGE = Path(__file__).resolve().parent.parent / "docs" / "statistics.md"
LEVEL = 0.95
ACCURACY = 0.8
DRAWS = 4000
ALPHA = one_sided(LEVEL)
_NORMAL = NormalDist()
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcomes:
    """Every pair of counts of gains and losses among n items, with its probability."""

    n: int
    gained: Floats
    lost: Floats
    chance: Floats

    @classmethod
    def of(cls, n: int, flips: float, change: float) -> Outcomes:
        """``flips`` is the share of items that flip, ``change`` the true difference; what is left out adds up to less
        than 0.0001."""
        flipped = np.arange(n + 1)
        flipped = flipped[binom.pmf(flipped, n, flips) > 1e-9]
        gained = np.concatenate([np.arange(count + 1) for count in flipped]).astype(float)
        total = np.repeat(flipped, flipped + 1).astype(float)
        split = binom.pmf(gained, total, (flips + change) / (2 * flips))
        chance = binom.pmf(total, n, flips) * split
        likely = chance > 1e-12
        return cls(n, gained[likely], (total - gained)[likely], chance[likely])

    @property
    def difference(self) -> Floats:
        return (self.gained - self.lost) / self.n

    def share(self, of: Bools) -> float:
        """The probability of the outcomes for which something holds."""
        return float(self.chance[of].sum())


# --- the tests behind gates, on arrays -----------------------------------------------------------------


def mid_p(outcomes: Outcomes) -> Floats:
    """``mcnemar_mid_p`` for a drop."""
    flips, lost = outcomes.gained + outcomes.lost, outcomes.lost
    found: Floats = np.where(flips > 0, binom.sf(lost, flips, 0.5) + binom.pmf(lost, flips, 0.5) / 2, 1.0)
    return found


def score(gained: Floats, lost: Floats, n: int, delta: float) -> Floats:
    """``tango_score``: large where the difference lies clearly above ``delta``."""
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    loss = (np.sqrt(np.maximum(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * loss + delta * (1 - delta))
    distance = gained - lost - n * delta
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(
            variance > 0, distance / np.sqrt(variance), np.where(distance == 0, 0.0, np.inf * np.sign(distance))
        )
    return found


def clearly_above(outcomes: Outcomes, delta: float, tail: float = ALPHA) -> Bools:
    """Whether the lower end of Tango's interval lies above ``delta``."""
    found: Bools = score(outcomes.gained, outcomes.lost, outcomes.n, delta) > -_NORMAL.inv_cdf(tail)
    return found


def clearly_below(outcomes: Outcomes, delta: float, tail: float = ALPHA) -> Bools:
    found: Bools = score(outcomes.lost, outcomes.gained, outcomes.n, -delta) > -_NORMAL.inv_cdf(tail)
    return found


def no_worse_passes(outcomes: Outcomes, margin: float) -> Bools:
    return clearly_above(outcomes, -margin)


def no_worse_fails(outcomes: Outcomes, margin: float) -> Bools:
    return ~no_worse_passes(outcomes, margin) & (outcomes.difference < -margin - 1e-9) & clearly_below(outcomes, 0.0)


def regression_fails(outcomes: Outcomes) -> Bools:
    found: Bools = mid_p(outcomes) <= ALPHA + 1e-9
    return found


def equivalent_passes(outcomes: Outcomes, margin: float) -> Bools:
    return clearly_above(outcomes, -margin) & clearly_below(outcomes, margin)


def equivalent_fails(outcomes: Outcomes, margin: float) -> Bools:
    tail = two_sided(LEVEL)
    real = clearly_above(outcomes, 0.0, tail) | clearly_below(outcomes, 0.0, tail)
    return ~equivalent_passes(outcomes, margin) & (np.abs(outcomes.difference) > margin + 1e-9) & real


def unpaired_alarm(outcomes: Outcomes, accuracy: float = ACCURACY, flips: float = 0.2) -> Bools:
    """A one-sided two-proportion z-test that forgets that the items are the same."""
    n = outcomes.n
    both = np.minimum(round(n * (accuracy - flips / 2)), n - outcomes.gained - outcomes.lost)
    candidate, baseline = (both + outcomes.gained) / n, (both + outcomes.lost) / n
    pooled = (candidate + baseline) / 2
    found: Bools = (candidate - baseline) / np.sqrt(2 * pooled * (1 - pooled) / n) <= _NORMAL.inv_cdf(ALPHA)
    return found


ALARMS: dict[str, Callable[[Outcomes], Bools]] = {
    "any drop at all": lambda o: o.lost > o.gained,
    "a drop of more than 2 points": lambda o: o.difference < -0.02 - 1e-9,
    "unpaired z-test, p <= 0.05": unpaired_alarm,
    "`no_significant_regression … at 95%` fails": regression_fails,
    "`no_worse_than … by 5pt at 95%` fails": lambda o: no_worse_fails(o, 0.05),
    "`no_worse_than … by 5pt at 95%` passes": lambda o: no_worse_passes(o, 0.05),
    "`equivalent … within 5pt at 95%` fails": lambda o: equivalent_fails(o, 0.05),
    "`equivalent … within 5pt at 95%` passes": lambda o: equivalent_passes(o, 0.05),
}
# Rule -> the true change at which it errs, and the verdict that is the error.
ERRORS: dict[str, tuple[float, Callable[[Outcomes], Bools]]] = {
    "`no_significant_regression` fails, no change": (0.0, regression_fails),
    "`no_worse_than … by 2pt` fails, no change": (0.0, lambda o: no_worse_fails(o, 0.02)),
    "`no_worse_than … by 5pt` passes, 5 points lost": (-0.05, lambda o: no_worse_passes(o, 0.05)),
    "`equivalent … within 5pt` fails, no change": (0.0, lambda o: equivalent_fails(o, 0.05)),
    "`equivalent … within 5pt` passes, 5 points lost": (-0.05, lambda o: equivalent_passes(o, 0.05)),
}
SIZES = (50, 100, 200, 500, 1000)
FLIPS = (0.02, 0.1, 0.2, 0.4)


# --- tables -------------------------------------------------------------------------------------------


def rules_table() -> Iterator[str]:
    yield "| rule says | true change | n = 60 | n = 200 | n = 500 |"
    yield "|---|---|---|---|---|"
    for rule, alarm in ALARMS.items():
        for change in (0.0, -0.05, -0.1):
            found = [Outcomes.of(n, 0.2, change) for n in (60, 200, 500)]
            shares = " | ".join(f"{item.share(alarm(item)):.1%}" for item in found)
            yield f"| {rule} | {'none' if change == 0 else f'{100 * change:+.0f} pt'} | {shares} |"


def errors_table() -> Iterator[str]:
    yield f"| wrong verdict | flips | {' | '.join(f'n = {n:,}' for n in SIZES)} |"
    yield f"|---|---|{'---|' * len(SIZES)}"
    for rule in ERRORS:
        for flips in FLIPS:
            shares = [error_rate(rule, n, flips) for n in SIZES]
            if None not in shares:
                yield f"| {rule} | {flips:.0%} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def error_rate(rule: str, n: int, flips: float) -> float | None:
    """How often a rule errs; None where so few flips cannot make the change at which it would."""
    change, error = ERRORS[rule]
    if flips < abs(change):
        return None
    outcomes = Outcomes.of(n, flips, change)
    return outcomes.share(error(outcomes))


def power_table() -> Iterator[str]:
    yield "| accuracy | flips | paired: `no_significant_regression` | unpaired z-test |"
    yield "|---|---|---|---|"
    for accuracy in (0.5, 0.8):
        for flips in (0.1, 0.2):
            paired, unpaired = power(accuracy, flips)
            yield f"| {accuracy:.0%} | {flips:.0%} | {paired:.1%} | {unpaired:.1%} |"


def power(accuracy: float, flips: float, n: int = 200, drop: float = 0.05) -> tuple[float, float]:
    """How often each finds a drop: the paired test, and an unpaired one on the same answers."""
    outcomes = Outcomes.of(n, flips, -drop)
    return outcomes.share(regression_fails(outcomes)), outcomes.share(unpaired_alarm(outcomes, accuracy, flips))


def slices_table() -> Iterator[str]:
    yield "| slices | any fails, uncorrected | any fails, `correct holm` |"
    yield "|---|---|---|"
    for slices in (1, 5, 20, 50):
        alone, corrected = slices_failing(slices)
        yield f"| {slices} | {alone:.1%} | {corrected:.1%} |"


def slices_failing(slices: int, n: int = 100, flips: float = 0.2) -> tuple[float, float]:
    """The chance that any of so many unchanged slices fails: each at its level, and when the smallest p-value has to
    survive Holm's first step."""
    outcomes = Outcomes.of(n, flips, 0.0)
    p_values = mid_p(outcomes)
    one, first = outcomes.share(p_values <= ALPHA), outcomes.share(p_values <= ALPHA / slices)
    return 1 - (1 - one) ** slices, 1 - (1 - first) ** slices


def clustered_pairs(n: int, templates: int, correlation: float, draws: int, seed: int) -> Floats:
    """Differences (draws × items × templates) of two equal models of which a fifth of the answers flips; with
    probability ``correlation`` a template shows what the item's common draw shows."""
    random = np.random.default_rng(seed)
    shape = (draws, n, templates)
    shared = random.random(shape) < sqrt(correlation)
    flip = np.where(shared, random.random((draws, n, 1)), random.random(shape))
    return np.where(flip < 0.1, 1.0, np.where(flip < 0.2, -1.0, 0.0))


def clustered_alarms(differences: Floats, resamples: int = 999) -> tuple[float, float]:
    """How often two equal models are said to differ: by items, and by answers as if each were an item."""
    by_item = np.mean([sign_flip_p(draw.mean(axis=1), 1, resamples) <= ALPHA for draw in differences])
    gained, lost = ((differences == sign).sum(axis=(1, 2)).astype(float) for sign in (1, -1))
    answers = mid_p(Outcomes(differences[0].size, gained, lost, np.ones(len(gained))))
    return float(by_item), float(np.mean(answers <= ALPHA))


def clustered_pairs_table() -> Iterator[str]:
    yield "| items × templates | correlation | fails, ours | fails, answers as items |"
    yield "|---|---|---|---|"
    for n, templates in ((50, 2), (50, 10), (200, 4), (1000, 2)):
        for correlation in (0.3, 0.7):
            ours, naive = clustered_alarms(clustered_pairs(n, templates, correlation, 1000, 7))
            yield f"| {n:,} × {templates} | {correlation} | {ours:.1%} | {naive:.1%} |"


def floors_table() -> Iterator[str]:
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


# The tables that have no simulation error come first: a test recomputes those.
EXACT: dict[str, Callable[[], Iterator[str]]] = {
    "rules": rules_table,
    "errors": errors_table,
    "power": power_table,
    "slices": slices_table,
}
DRAWN: dict[str, Callable[[], Iterator[str]]] = {"clustered": clustered_pairs_table, "floors": floors_table}


def in_page(page: str, name: str, table: str) -> str:
    """The page with a table in its place. Raises ValueError when the page has none of this name."""
    pattern = rf"(<!-- table: {name} -->\n).*?(<!-- /table -->)"
    page, count = re.subn(pattern, lambda match: f"{match[1]}{table}\n{match[2]}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has {count} places for the table {name}")
    return page


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, lines in (EXACT | DRAWN).items():
        table = "\n".join(lines())
        print(f"{name}\n\n{table}\n")
        page = in_page(page, name, table)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
