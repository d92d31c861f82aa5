"""One requirement against the evidence: the decision for all items, or one for every slice and their sum.

With ``each`` every slice has to hold, each at the level asked for: that claim needs no correction
(intersection-union), its price is power in the smallest slice. ``correct holm`` guards the other
direction: a slice then fails the gate only when its drop survives Holm's correction over all slices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from compiler.step_params import BoundRequirement, NoWorseRequirement, Requirement, SpreadRequirement
from runtime.gating import wording
from runtime.gating.bound import decide_bound
from runtime.gating.decision import Decision, Verdict, worst
from runtime.gating.evidence import Evidence
from runtime.gating.no_worse import decide_no_worse
from runtime.gating.spread import decide_spread
from runtime.measuring.aggregates import SHOWN_LEVEL
from runtime.measuring.slices import SMALL, Mask, Part
from runtime.statistics import one_sided
from runtime.statistics.multiplicity import holm
from spec_lang.plain_text import one_line


@dataclass(frozen=True)
class SliceDecision:
    slice: str
    value: str
    decision: Decision


@dataclass(frozen=True)
class RequirementDecision:
    """``whole`` is the requirement; with ``each`` its numbers are those of the weakest slice."""

    requirement: Requirement
    evidence: Evidence
    whole: Decision
    slices: tuple[SliceDecision, ...] = ()


def decide(requirement: Requirement, evidences: Mapping[str, Evidence]) -> RequirementDecision:
    """Decide one requirement. ``evidences`` maps the role of a measure step to what it measured."""
    evidence = evidences[requirement.metric.input]
    decide_items = _decider(requirement, evidence)
    everything: Mask = np.ones(len(evidence.row_ids), dtype=bool)
    slice_name = None if isinstance(requirement, SpreadRequirement) else requirement.each
    if isinstance(requirement, SpreadRequirement) or slice_name is None:
        return RequirementDecision(requirement, evidence, decide_items(everything))
    parts = evidence.parts(slice_name)
    decisions = [decide_items(part.mask) for part in parts]
    if requirement.correct == "holm":
        decisions = _corrected(decisions, None if requirement.level is None else float(requirement.level))
    slices = tuple(
        SliceDecision(slice_name, part.value, _marked(part, decision))
        for part, decision in zip(parts, decisions, strict=True)
    )
    whole = _summed(slice_name, parts, [item.decision for item in slices], decide_items(everything))
    return RequirementDecision(requirement, evidence, whole, slices)


def _decider(requirement: Requirement, evidence: Evidence) -> Callable[[Mask], Decision]:
    """The requirement's rule as a function of a selection of items."""
    metric = requirement.metric
    answers = evidence.answers(metric.metric, metric.model)
    if isinstance(requirement, BoundRequirement):
        bound = requirement
        return lambda mask: decide_bound(bound, answers[mask])
    if isinstance(requirement, NoWorseRequirement):
        no_worse, baseline = requirement, evidence.answers(metric.metric, requirement.baseline)
        return lambda mask: decide_no_worse(no_worse, answers[mask], baseline[mask], evidence.seed)
    spread = requirement
    return lambda mask: decide_spread(spread, answers[mask], evidence.templates, evidence.seed)


def _corrected(decisions: Sequence[Decision], level: float | None) -> list[Decision]:
    """Take back a slice's fail when it does not survive Holm's correction over all slices."""
    alpha = one_sided(level or SHOWN_LEVEL)
    corrected = []
    for decision, adjusted in zip(decisions, holm([item.worse_p for item in decisions]), strict=True):
        if decision.verdict is Verdict.FAIL and adjusted > alpha:
            note = f"Holm's correction over {len(decisions)} slices leaves p = {adjusted:.3g}: no proven failure."
            decision = replace(decision, verdict=Verdict.INCONCLUSIVE, reason=f"{decision.reason} {note}")
        corrected.append(decision)
    return corrected


def _marked(part: Part, decision: Decision) -> Decision:
    """Say of a pool that it is small."""
    if not part.is_small:
        return decision
    note = f"This is a pool of small slices with {wording.count(int(part.mask.sum()), 'items')}, fewer than {SMALL}."
    return replace(decision, reason=f"{decision.reason} {note}")


def _summed(name: str, parts: Sequence[Part], decisions: Sequence[Decision], overall: Decision) -> Decision:
    """The requirement's own row: the worst verdict, the weakest slice's numbers, and which slices stand in the way."""
    if not parts:
        reason = f"There are no items in any slice of {name}, so nothing was measured."
        return replace(overall, verdict=Verdict.INCONCLUSIVE, reason=reason)
    large = [decision.verdict for part, decision in zip(parts, decisions, strict=True) if not part.is_small]
    small = [decision.verdict for part, decision in zip(parts, decisions, strict=True) if part.is_small]
    # Too few items to stop a release on their own; what they found still has to be looked at.
    eased = [Verdict.INCONCLUSIVE if verdict is Verdict.FAIL else verdict for verdict in small]
    verdict = worst([*large, *eased])
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    weakest = min(range(len(parts)), key=lambda i: (order.index(decisions[i].verdict), decisions[i].clearance))
    sentences = [_tally(name, parts, decisions)]
    if verdict is Verdict.INCONCLUSIVE and Verdict.FAIL in small and verdict not in large:
        sentences.append(f"Only the pool of small slices fails, and its fewer than {SMALL} items cannot fail the gate.")
    sentences.append(f"Weakest, {_shown(parts[weakest].value)}: {decisions[weakest].reason}")
    return replace(decisions[weakest], verdict=verdict, reason=" ".join(sentences))


def _tally(name: str, parts: Sequence[Part], decisions: Sequence[Decision]) -> str:
    counts = [
        f"{sum(decision.verdict is verdict for decision in decisions)} {verdict}"
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)
    ]
    text = f"Of {wording.count(len(parts), 'slices')} by {name}: {', '.join(counts)}"
    obstacles = [_shown(p.value) for p, d in zip(parts, decisions, strict=True) if d.verdict is not Verdict.PASS]
    if not obstacles:
        return f"{text}."
    named = obstacles[:5] if len(obstacles) <= 5 else [*obstacles[:4], f"{len(obstacles) - 4} more"]
    return f"{text}; not passed: {wording.listing(named)}."


def _shown(value: str) -> str:
    return f"`{one_line(value, 60)}`"
