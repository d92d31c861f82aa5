"""Two runs side by side in words and lines: steps that differ, metrics with their paired change, verdicts. Pure.

The dashboard, ``sft diff`` and the list of runs take their words from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.formats import NOTHING, estimate, number

if TYPE_CHECKING:
    from compiler.plan_diff import StepChange
    from runtime.run_comparison import Measured, MetricPair, Paired, VerdictPair

STEP_MARKS = {"run": "+", "orphan": "-", "rerun": "~"}
SAME = "the same measurement"
NO_TEST = (
    "two intervals side by side are no test; `change` is: second minus first on the same rows, with its 95% interval"
)


def pair_name(pair: MetricPair) -> str:
    return f"{pair.eval}.{pair.metric}({pair.model})"


def change_text(pair: MetricPair | None) -> str:
    """``+1.7pt [-2.1, 5.5]``; empty where there is no paired change."""
    if pair is None or pair.paired is None:
        return ""
    paired = pair.paired
    return estimate(paired.estimate, paired.low, paired.high, _change_unit(pair), signed=True)


def pair_words(pair: MetricPair) -> str:
    """The change with all that it rests on, or why there is none."""
    paired = pair.paired
    if paired is None:
        return pair.note
    rows = f"{paired.n:,} row{'s' * (paired.n != 1)} under {' and '.join(paired.templates)}"
    test = f"p = {paired.p_value:.3g} for a {'rise' if paired.better == 'lower' else 'drop'} ({paired.test})"
    note = f"; {pair.note}" if pair.note else ""
    return f"change {change_text(pair)} on {rows}: {flips_words(paired)}, {test}{note}"


def flips_words(paired: Paired) -> str:
    """How many answers changed which way, by the side on which the metric is better."""
    if paired.better is None:
        return f"{paired.gained:,} answers larger, {paired.lost:,} smaller"
    better, worse = flips(paired)
    return f"{better:,} answers better, {worse:,} worse"


def flips(paired: Paired) -> tuple[int, int]:
    """(better, worse); where neither side is better (larger, smaller)."""
    return (paired.lost, paired.gained) if paired.better == "lower" else (paired.gained, paired.lost)


def leaning(pair: MetricPair | None) -> str:
    """Whether an interval lies on one side of no change: ``better``, ``worse``, ``changed``, or empty."""
    paired = pair.paired if pair is not None else None
    if paired is None or paired.low is None or paired.high is None or paired.low <= 0 <= paired.high:
        return ""
    if paired.better is None:
        return "changed"
    return "better" if (paired.estimate > 0) == (paired.better == "higher") else "worse"


LEAN_MARKS = {"better": "▲", "worse": "▼", "changed": "~"}


def marked_change(pair: MetricPair | None) -> str:
    """The change with its mark, where colour may not be seen."""
    return f"{LEAN_MARKS.get(leaning(pair), '')} {change_text(pair)}".strip()


def measured_text(side: Measured | None) -> str:
    return NOTHING if side is None else estimate(side.estimate, side.low, side.high, side.unit)


def step_title(change: StepChange) -> str:
    mark = STEP_MARKS.get(change.state, ">")
    was = f", called {change.renamed_from} before" if change.renamed_from else ""
    return f"{mark} {change.step_id}{was}"


def own_reasons(change: StepChange) -> tuple[str, ...]:
    """What differs in the step itself, and not only before it."""
    return tuple(reason for reason in change.reasons if not reason.startswith("because "))


def _change_unit(pair: MetricPair) -> str:
    unit = pair.second.unit if pair.second is not None else "plain"
    return "points" if unit == "share" else unit


# --- the screen -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompareLine:
    """A line of the list. ``kind`` is metric, verdict, step or title; ``words`` stand below the list."""

    key: str
    kind: str
    mark: str
    name: str
    first: str = ""
    second: str = ""
    change: str = ""
    n: str = ""
    style: str = ""  # better, worse, changed or a verdict
    words: str = ""
    pair: MetricPair | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TwoRuns:
    """``steps`` is None where a plan is of another version of sft."""

    first: str
    second: str
    steps: tuple[StepChange, ...] | None
    verdicts: tuple[VerdictPair, ...]
    metrics: tuple[MetricPair, ...]


def compare_lines(found: TwoRuns) -> list[CompareLine]:
    """Metrics first, because they are what a comparison is for; then verdicts and what differs in the plan."""
    return [*_metrics(found.metrics), *_verdicts(found.verdicts), *_steps(found.steps)]


def _metrics(pairs: Sequence[MetricPair]) -> list[CompareLine]:
    if not pairs:
        return []
    title = CompareLine("metrics", "title", "", f"metrics ({len(pairs)})", words=NO_TEST)
    return [title, *(_metric(position, pair) for position, pair in enumerate(pairs))]


def _metric(position: int, pair: MetricPair) -> CompareLine:
    style = leaning(pair)
    return CompareLine(
        f"metric {position}",
        "metric",
        LEAN_MARKS.get(style, ""),
        pair_name(pair),
        _estimate(pair.first),
        _estimate(pair.second),
        "=" if pair.note == SAME else change_text(pair),
        "/".join(f"{n:,}" for n in dict.fromkeys(s.n for s in (pair.first, pair.second) if s is not None)),
        style,
        f"first {measured_text(pair.first)}   second {measured_text(pair.second)}\n{pair_words(pair)}",
        pair,
    )


def _estimate(side: Measured | None) -> str:
    return NOTHING if side is None else number(side.estimate, side.unit)


def _verdicts(pairs: Sequence[VerdictPair]) -> list[CompareLine]:
    if not pairs:
        return []
    return [_requirements(pairs), *(_verdict(position, pair) for position, pair in enumerate(pairs))]


def _requirements(pairs: Sequence[VerdictPair]) -> CompareLine:
    """Those that both runs decided, and those that one of them has alone: a changed requirement is another one. The
    line is short enough for 80 columns; below the list stands the sentence."""
    both = [pair for pair in pairs if pair.first is not None and pair.second is not None]
    changed = sum(pair.first != pair.second for pair in both)
    first, second = sum(pair.second is None for pair in pairs), sum(pair.first is None for pair in pairs)
    told = [f"{changed} of {len(both)} that both decided came out otherwise"] if both else []
    told += [f"{n} decided in the {which} alone" for n, which in ((first, "first"), (second, "second")) if n]
    name = f"requirements: {changed} of {len(both)} changed" if both else "requirements: none in both"
    one, other = (f"{n} only" if n else "" for n in (first, second))
    return CompareLine("verdicts", "title", "", name, one, other, words=", ".join(told))


def _verdict(position: int, pair: VerdictPair) -> CompareLine:
    told = f"first {pair.first or 'not decided'}, second {pair.second or 'not decided'}"
    return CompareLine(
        f"verdict {position}",
        "verdict",
        "~" if pair.first != pair.second else "",
        pair.text.removeprefix("require "),
        pair.first or NOTHING,
        pair.second or NOTHING,
        style=pair.second or "",
        words=f"{pair.gate}: {pair.text}\n{told}",
    )


def _steps_words(same: int, shown: int, followers: int) -> str:
    if not shown and not followers:
        return "all steps have the same hashes: the same results"
    after = f"; {followers} more differ only because of a step before them" if followers else ""
    return f"{same} steps are the same, {shown} differ in what the specs say{after}"


def _steps(changes: Sequence[StepChange] | None) -> list[CompareLine]:
    if changes is None:
        words = "the plan of one of the runs is of another version of sft, so that steps cannot be compared"
        return [CompareLine("steps", "title", "", "steps (not compared)", words=words)]
    same = sum(change.state == "cached" for change in changes)
    differing = [change for change in changes if change.state != "cached" or change.renamed_from]
    # What only follows a step before it is no cause; it is counted.
    followers = [change for change in differing if change.state == "rerun" and not own_reasons(change)]
    shown = [change for change in differing if change not in followers]
    title = CompareLine(
        "steps",
        "title",
        "",
        f"steps: {len(shown)} of {len(changes)} differ",
        words=_steps_words(same, len(shown), len(followers)),
    )
    lines = []
    for change in shown:
        mark, _, name = step_title(change).partition(" ")
        reasons = own_reasons(change) if change.state == "rerun" else ()
        told = "; ".join(reasons) or {"run": "only in the second", "orphan": "only in the first"}.get(change.state, "")
        lines.append(CompareLine(f"step {change.step_id}", "step", mark, name, words=told))
    return [title, *lines]
