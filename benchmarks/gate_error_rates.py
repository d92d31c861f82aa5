"""How often gates err: the tables of docs/statistics.md. ``python benchmarks/gate_error_rates.py`` prints them in about
half a minute, and ``--write`` puts them into the page.

Verdicts under one template are summed over every possible outcome (``gate_outcomes.py``) and have no simulation error.
Answers to one item under several templates resemble each other; what follows from that is drawn, with a seed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from math import sqrt
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gate_outcomes import (
    ALPHA,
    LEVEL,
    Bools,
    Floats,
    Outcomes,
    equivalent_fails,
    equivalent_passes,
    lm_eval_alarm,
    mid_p,
    no_worse_fails,
    no_worse_passes,
    regression_fails,
    unpaired_alarm,
)
from runtime.statistics import one_sided, two_sided
from runtime.statistics.clustered import Clusters, share_bounds
from runtime.statistics.paired_means import sign_flip_p
from runtime.statistics.proportion import clopper_pearson

PAGE = Path(__file__).resolve().parent.parent / "docs" / "statistics.md"
DRAWS = 4000


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
    yield "| accuracy | flips | paired: `no_significant_regression` | unpaired z-test | lm-eval's `model_comparator` |"
    yield "|---|---|---|---|---|"
    for accuracy in (0.5, 0.8):
        for flips in (0.1, 0.2):
            found = " | ".join(f"{share:.1%}" for share in power(accuracy, flips))
            yield f"| {accuracy:.0%} | {flips:.0%} | {found} |"


def power(accuracy: float, flips: float, n: int = 200, drop: float = 0.05) -> tuple[float, float, float]:
    """How often each finds a drop on the same answers: the paired test, an unpaired one, and the one of lm-eval."""
    outcomes = Outcomes.of(n, flips, -drop)
    found = (
        regression_fails(outcomes),
        unpaired_alarm(outcomes, accuracy, flips),
        lm_eval_alarm(outcomes, accuracy, flips),
    )
    first, second, third = (outcomes.share(each) for each in found)
    return first, second, third


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
