"""The verdicts of a run's gates: requirement, badge, estimate against threshold, and the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.formats import estimate, number
from tui.item_order import Outcome
from tui.queries import GateRow

DIFFERENCES = ("no_worse_than", "no_significant_regression", "equivalent", "spread", "unseen")
PAIRED = ("no_worse_than", "no_significant_regression", "equivalent")  # against another model, item by item
BADGES = {"pass": "✓", "fail": "✗", "inconclusive": "?"}


@dataclass(frozen=True)
class Target:
    """What a requirement is about, so that the items behind it can be opened, and what the spec says of it. Groups,
    tags and figures are about no metric of one model: theirs are empty. ``depth`` counts the groups around it,
    ``members`` are positions of the requirements in a group. ``outcome`` is that of the items that count against it;
    ``blessed`` names the baseline where the other side is a model of its run, ``renamed`` its templates that have
    another name there. ``checked`` are (metric, model) that no item with the ``tag`` may fail, in ``tagged_eval``."""

    eval: str = ""
    metric: str = ""
    model: str = ""
    baseline: str | None = None  # another model of the eval
    difference: bool = False  # its estimate is a difference of two values of the metric
    signed: bool = False  # and that difference has a direction
    because: str | None = None
    depth: int = 0
    outcome: Outcome = "failed"
    blessed: str | None = None
    blessed_model: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    members: tuple[int, ...] = ()
    rule: str = ""
    lower_is_better: bool = False
    tag: str | None = None
    tagged_eval: str = ""
    checked: tuple[tuple[str, str], ...] = ()

    @property
    def items_of(self) -> str:
        """The eval whose items are behind it; empty for groups and figures, behind which there are none."""
        return self.eval or self.tagged_eval


@dataclass(frozen=True)
class Requirement:
    """A requirement (part 0) or one slice of it. Values are in ``unit``: share, points or plain."""

    gate: str
    requirement: int
    part: int
    text: str
    verdict: str
    reason: str
    slice: str | None
    slice_value: str | None
    estimate: float | None
    low: float | None
    high: float | None
    bound: float | None
    threshold: float | None
    level: float | None
    n: int | None
    unit: str
    facts: tuple[tuple[str, str], ...]
    target: Target | None

    @property
    def badge(self) -> str:
        return BADGES.get(self.verdict, "?")

    @property
    def shown(self) -> str:
        """``98.3% [91.1, 99.7]``."""
        return estimate(self.estimate, self.low, self.high, self.unit, signed=self.signed)

    @property
    def signed(self) -> bool:
        """Whether the estimate is a change, which has a direction."""
        return self.target is not None and self.target.signed

    @property
    def has_items(self) -> bool:
        return self.target is not None and bool(self.target.items_of)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Where its limits lie: two for a change that may be large in neither direction."""
        if self.threshold is None:
            return ()
        both = self.target is not None and self.target.rule == "equivalent"
        return (self.threshold, -self.threshold) if both and self.threshold else (self.threshold,)

    @property
    def title(self) -> str:
        inside = "  " * self.target.depth if self.target is not None else ""
        return inside + (self.text if self.part == 0 else f"{self.slice} = {self.slice_value}")


@dataclass(frozen=True)
class VerdictView:
    verdict: str | None
    requirements: tuple[Requirement, ...]

    def counted(self) -> dict[str, int]:
        """Verdict -> number of requirements, slices not counted."""
        whole = [row.verdict for row in self.requirements if row.part == 0]
        return {verdict: whole.count(verdict) for verdict in BADGES if verdict in whole}


def verdict_view(
    verdict: str | None, rows: Sequence[GateRow], looks: Mapping[str, int], plan: Mapping[str, Any]
) -> VerdictView:
    targets = requirement_targets(plan)
    shown = tuple(_requirement(row, targets.get((row.gate, row.requirement)), looks.get(row.step_hash)) for row in rows)
    return VerdictView(verdict, shown)


def requirement_targets(plan: Mapping[str, Any]) -> dict[tuple[str, int], Target]:
    """(gate, position) -> what the requirement measures, read from the plan's JSON."""
    found = {}
    for step in plan.get("steps", ()):
        if step.get("kind") != "gate":
            continue
        reasons = step.get("local", {}).get("reasons", ())
        requirements = step["params"].get("requirements", ())
        depths = _depths(requirements)
        for position, requirement in enumerate(requirements):
            because = reasons[position] if position < len(reasons) else None
            found[step["name"], position] = _target(requirement, because, depths[position])
    return found


def _target(requirement: Mapping[str, Any], because: str | None, depth: int) -> Target:
    metric, rule = requirement.get("metric"), requirement["rule"]
    if metric is None:
        return Target(
            because=because,
            depth=depth,
            rule=rule,
            members=tuple(requirement.get("members", ())),
            tag=requirement.get("tag"),
            tagged_eval=requirement["eval"] if rule == "never" else "",
            checked=tuple((one["metric"], one["model"]) for one in requirement.get("checked", ())),
        )
    blessed = requirement.get("blessed") or {}
    return Target(
        metric["eval"],
        metric["metric"],
        metric["model"],
        None if blessed else requirement.get("baseline"),
        rule in DIFFERENCES,
        rule in DIFFERENCES and rule != "spread",
        because,
        depth,
        "lost" if rule in PAIRED else "failed",
        blessed.get("name"),
        blessed.get("model"),
        tuple((one["template"], one["was"]) for one in blessed.get("renamed") or ()),
        rule=rule,
        lower_is_better=metric.get("better") == "lower",
    )


def _depths(requirements: Sequence[Mapping[str, Any]]) -> list[int]:
    """How many groups hold each requirement; a group stands before its members."""
    depths = [0] * len(requirements)
    for position, requirement in enumerate(requirements):
        for member in requirement.get("members", ()):
            depths[member] = depths[position] + 1
    return depths


def _requirement(row: GateRow, target: Target | None, looks: int | None) -> Requirement:
    if target is not None and target.rule == "equivalent":  # either direction may count against it
        target = replace(target, outcome=_larger_side(row, target))
    # A difference of shares is in points: 2pt is not 2% of anything.
    unit = "points" if row.unit == "share" and target is not None and target.difference else row.unit
    return Requirement(
        row.gate,
        row.requirement,
        row.part,
        row.text,
        row.verdict,
        row.reason,
        row.slice,
        row.slice_value,
        row.estimate,
        row.low,
        row.high,
        row.bound,
        row.threshold,
        row.level,
        row.n,
        unit,
        _facts(row, unit, looks),
        target,
    )


def _larger_side(row: GateRow, target: Target) -> Outcome:
    """The items on the side to which the change goes; of a metric of which less is better, a rise is worse."""
    improvement = (row.estimate or 0.0) * (-1 if target.lower_is_better else 1)
    return "gained" if improvement > 0 else "lost"


def decided(view: VerdictView) -> Requirement | None:
    """The requirement that decided: the first with the verdict of the run that is no slice and in no group, and where
    that is a group, the first of its members that has it. A strict gate fails where all that is wrong is that
    something is inconclusive."""
    rows = {(row.gate, row.requirement): row for row in view.requirements if row.part == 0}
    alone = [row for row in rows.values() if row.target is None or not row.target.depth]
    wanted = dict.fromkeys((view.verdict, "inconclusive" if view.verdict == "fail" else None))
    found = next((row for verdict in wanted for row in alone if row.verdict == verdict), None)
    while found is not None and found.target is not None and found.target.members:
        members = (rows.get((found.gate, member)) for member in found.target.members)
        inside = next((row for row in members if row is not None and row.verdict == found.verdict), None)
        if inside is None:
            break
        found = inside
    return found


def _facts(row: GateRow, unit: str, looks: int | None) -> tuple[tuple[str, str], ...]:
    facts = [("test", row.test)]
    if row.bound is not None:
        level = f" ({number(row.level, 'share')})" if row.level is not None else ""
        facts.append(("bound" + level, number(row.bound, unit)))
    if row.threshold is not None:
        facts.append(("threshold", number(row.threshold, unit)))
    if row.n is not None:
        facts.append(("items", f"{row.n:,}"))
    if row.gained is not None and row.lost is not None:
        facts.append(("flips", f"{row.gained:,} gained, {row.lost:,} lost"))
    if row.p_value is not None:
        facts.append(("p", _p(row.p_value)))
    if row.adjusted_p is not None:
        facts.append(("p of a failure by Holm", _p(row.adjusted_p)))
    if row.minimum_detectable is not None:
        facts.append(("smallest detectable", number(row.minimum_detectable, "points" if unit == "share" else unit)))
    if looks:  # by today: the paragraph above says how many there were when it was decided
        facts.append(("held-out set used", "once" if looks == 1 else f"{looks:,} times by today"))
    return tuple(facts)


def _p(value: float) -> str:
    return "<0.0001" if value < 1e-4 else f"{value:.4f}"
