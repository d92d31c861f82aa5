"""One requirement against the evidence: the decision for all items, or one for every slice and their sum.

With ``each`` every slice has to hold, each at the level asked for: that claim needs no correction
(intersection-union), its price is power in the smallest slice. ``correct holm`` guards the other
direction: a slice then fails the gate only when its drop survives Holm's correction over all slices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from compiler.measure_params import Compared, MeasuredRequirement
from compiler.step_params import (
    BoundRequirement,
    EquivalentRequirement,
    FigureRequirement,
    GroupRequirement,
    NeverRequirement,
    NoRegressionRequirement,
    NoWorseRequirement,
    Requirement,
)
from runtime.gating import wording
from runtime.gating.axes import OF_AXES, decide_axis
from runtime.gating.blessed import BlessedRun
from runtime.gating.bound import decide_bound
from runtime.gating.compared import Against, Floats, decide_compared
from runtime.gating.corrected import with_correction
from runtime.gating.decision import Decision, Verdict, worst
from runtime.gating.equivalent import judge_equivalent
from runtime.gating.evidence import Evidence
from runtime.gating.lost import lost_items
from runtime.gating.never import decide_never
from runtime.gating.no_regression import judge_no_regression
from runtime.gating.no_worse import judge_no_worse
from runtime.gating.whole_pair import WholePair, undecided_whole
from runtime.gating.whole_set import decide_whole_bound, whole_set_of
from runtime.gating.worst import none_alone
from runtime.measuring.aggregates import SHOWN_LEVEL
from runtime.measuring.slice_names import SMALL
from runtime.measuring.slices import Part
from runtime.statistics import one_sided
from runtime.statistics.multiplicity import holm
from spec_lang.plain_text import one_line

_Compared = NoWorseRequirement | NoRegressionRequirement | EquivalentRequirement
_Sliced = BoundRequirement | _Compared


@dataclass(frozen=True)
class SliceDecision:
    slice: str
    value: str
    decision: Decision


@dataclass(frozen=True)
class RequirementDecision:
    """``whole`` is the requirement; with ``each`` its numbers are those of the weakest slice. ``input`` is the role of
    the measure step that decided it, None of a group and of a figure of no eval."""

    requirement: Requirement
    whole: Decision
    slices: tuple[SliceDecision, ...] = ()

    @property
    def input(self) -> str | None:
        return (
            None if isinstance(self.requirement, GroupRequirement | FigureRequirement) else input_of(self.requirement)
        )


def input_of(requirement: MeasuredRequirement | FigureRequirement) -> str:
    """The role of the step that a requirement reads."""
    own = isinstance(requirement, NeverRequirement | FigureRequirement)
    return requirement.input if own else requirement.metric.input


def decide(
    requirement: MeasuredRequirement, evidences: Mapping[str, Evidence], blessed: BlessedRun | None = None
) -> RequirementDecision:
    """Decide one requirement. ``evidences`` maps the role of a measure step to what it measured; ``blessed`` is the
    gate's baseline, which has to be there where the requirement is compared with one. Nothing passes on an eval that
    lost items, since which ones are lost is seldom chance, and nothing is decided between models that were asked or
    decoded differently."""
    evidence = evidences[input_of(requirement)]
    decided = _decided(requirement, evidence, blessed)
    lost, apart = list(lost_items(evidence)), list(_told_apart(requirement, evidence))
    if not lost and not apart:
        return decided
    open_to = (Verdict.PASS, Verdict.FAIL) if apart else (Verdict.PASS,)  # a drop of other prompts is no drop either
    verdict = Verdict.INCONCLUSIVE if decided.whole.verdict in open_to else decided.whole.verdict
    reason = " ".join([decided.whole.reason, *lost, *apart])
    return replace(decided, whole=replace(decided.whole, verdict=verdict, reason=reason))


def undecided(requirement: MeasuredRequirement | FigureRequirement, why: str) -> RequirementDecision:
    """A requirement on what was not measured, because a loop was stopped before it."""
    if isinstance(requirement, FigureRequirement):
        of: str = requirement.unit
    else:
        of = "plain" if isinstance(requirement, NeverRequirement) else requirement.metric.unit
    reason = f"Nothing was measured, because it was skipped: {why}."
    return RequirementDecision(requirement, Decision(Verdict.INCONCLUSIVE, reason, of, "none", 0.0))


def _told_apart(requirement: MeasuredRequirement, evidence: Evidence) -> Iterator[str]:
    """What else than the models differs between two that are compared."""
    if isinstance(requirement, Compared) and requirement.blessed is None:
        told = evidence.unlike(requirement.metric.model, requirement.baseline)
        if told:
            yield f"More than the models differs between the two: {'; '.join(told)}."


def _decided(requirement: MeasuredRequirement, evidence: Evidence, blessed: BlessedRun | None) -> RequirementDecision:
    if isinstance(requirement, NeverRequirement):
        return RequirementDecision(requirement, decide_never(requirement, evidence))
    if isinstance(requirement, OF_AXES):
        return RequirementDecision(requirement, decide_axis(requirement, evidence))
    everything = Part("", np.ones(len(evidence.row_ids), dtype=bool))
    decide_items = _decider(requirement, evidence, blessed)
    if requirement.each is None:
        whole = decide_items(everything)
        if isinstance(requirement, BoundRequirement):
            whole = with_correction(requirement, whole, evidence)
        return RequirementDecision(requirement, whole)
    return _each(requirement, requirement.each, evidence, decide_items, everything)


def _each(
    requirement: _Sliced, name: str, evidence: Evidence, decide_items: Callable[[Part], Decision], everything: Part
) -> RequirementDecision:
    parts = evidence.parts(name)
    decisions = [decide_items(part) for part in parts]
    if requirement.correct == "holm":
        decisions = _corrected(decisions, None if requirement.level is None else float(requirement.level))
    if isinstance(requirement, BoundRequirement):
        bound = requirement
        decisions = [
            with_correction(bound, decision, evidence, name, part.value)
            for part, decision in zip(parts, decisions, strict=True)
        ]
    slices = tuple(
        SliceDecision(name, part.value, _marked(part, decision))
        for part, decision in zip(parts, decisions, strict=True)
    )
    whole = _summed(name, parts, [item.decision for item in slices], decide_items(everything))
    return RequirementDecision(requirement, whole, slices)


def _decider(requirement: _Sliced, evidence: Evidence, blessed: BlessedRun | None) -> Callable[[Part], Decision]:
    """The requirement's rule as a function of a part of the answers."""
    metric = requirement.metric
    answers = evidence.answers(metric.metric, metric.model)
    of_set = whole_set_of(metric, evidence)
    if isinstance(requirement, BoundRequirement):
        bound = requirement
        if of_set is not None:
            return lambda part: decide_whole_bound(bound, of_set.of_part(part))
        votes = evidence.metrics[metric.metric].votes
        return lambda part: decide_bound(bound, part.of(answers), evidence.samples, votes)
    if of_set is not None and requirement.blessed is not None:
        return lambda part: undecided_whole(requirement)
    baseline, against = _other_side(requirement, evidence, blessed)
    of_other = whole_set_of(metric.model_copy(update={"model": requirement.baseline}), evidence)

    def decide_items(part: Part) -> Decision:
        sides, seed = (part.of(answers), part.of(baseline)), evidence.seed
        whole = None
        if of_set is not None and of_other is not None:
            pair = WholePair(of_set.of_part(part), of_other.of_part(part), *sides, metric.better == "lower")
            whole = partial(pair.compared, level=float(requirement.level))
        if isinstance(requirement, NoWorseRequirement):
            return decide_compared(requirement, judge_no_worse, *sides, seed, against, whole)
        if isinstance(requirement, EquivalentRequirement):
            return decide_compared(requirement, judge_equivalent, *sides, seed, against, whole)
        return decide_compared(requirement, judge_no_regression, *sides, seed, against, whole)

    return decide_items


def _other_side(requirement: _Compared, evidence: Evidence, blessed: BlessedRun | None) -> tuple[Floats, Against]:
    metric = requirement.metric
    if requirement.blessed is None:
        return evidence.answers(metric.metric, requirement.baseline), Against(f"`{requirement.baseline}`")
    assert blessed is not None
    return blessed.against(requirement.blessed, evidence, metric.eval, metric.metric)


def _corrected(decisions: Sequence[Decision], level: float | None) -> list[Decision]:
    """Take back a slice's fail when it does not survive Holm's correction over all slices."""
    alpha = one_sided(level or SHOWN_LEVEL)
    corrected = []
    for found, adjusted in zip(decisions, holm([item.worse_p for item in decisions]), strict=True):
        decision = replace(found, adjusted_p=adjusted)
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
    if all(part.is_pool for part in parts):  # that together they hold does not show that each does
        sentences.insert(0, none_alone(name))
        verdict = worst([verdict, Verdict.INCONCLUSIVE])
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
